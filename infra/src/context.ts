import { readFileSync } from 'node:fs';

/** The settings and CDK's flags of cdk.json, which the CDK's command line gives an app by itself. */
export function defaultContext(): Record<string, unknown> {
  return (JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as { readonly context: Record<string, unknown> }).context;
}
