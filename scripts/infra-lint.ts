import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, run } from './engines/cache.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const requirements = join(root, 'infra', 'lint-requirements.txt');

/** A Python with cfn-lint and hadolint in it, made once and kept outside the repository. Gives the folder of its programs. */
async function fetchLinters(): Promise<string> {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = await cached(`infra-lint-${version}`, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(join(target, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--requirement', requirements]);
  });
  return join(folder, 'bin');
}

/** `npx tsx scripts/infra-lint.ts FOLDER`: lints the Dockerfile, and the templates that `synth` has put into the folder. */
async function main(synthesized: string): Promise<void> {
  const templates = readdirSync(synthesized).filter((name) => name.endsWith('.template.json')).map((name) => join(synthesized, name));
  if (templates.length === 0) throw new Error(`no template is in ${synthesized}`);
  const programs = await fetchLinters();
  await run(join(programs, 'hadolint'), ['--failure-threshold', 'style', join(root, 'Dockerfile')]);
  await run(join(programs, 'cfn-lint'), ['--template', ...templates], join(root, 'infra'));
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('give the folder of the templates');
await main(folder);
