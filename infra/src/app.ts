import { App } from 'aws-cdk-lib';
import { build } from './build.js';
import { defaultContext } from './context.js';

/** Without the CDK's command line the context is cdk.json's, so that `npm run synth` needs nothing else. */
const context = process.env['CDK_CONTEXT_JSON'] === undefined ? defaultContext() : {};
const outdir = process.argv[2];
const app = new App({ context, analyticsReporting: false, ...(outdir === undefined ? {} : { outdir }) });
try {
  await build(app);
  app.synth();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
