import { join, relative, resolve } from 'node:path';
import type { Config } from '../config.js';
import { propose } from '../infer/propose.js';
import { checkName, exampleOf, modelsOf, sampleName, writeScaffold, type Scaffold } from '../infer/scaffold.js';
import { typescriptOf } from '../infer/typescript.js';
import { findings } from '../infer/walk.js';
import type { Context } from './context.js';
import { shownName } from './infer.js';
import { readingOptions } from './profile.js';

/** Makes the folder of a new dataset, and says what to run next. */
export async function run(context: Context): Promise<number> {
  const { config } = context;
  const name = checkName(context.args[0] ?? '');
  const folder = join(config.datasets, name);
  const files = config.from === undefined ? exampleOf(name) : await inferred(context, name, config.from);
  await writeScaffold(folder, files);
  const shown = shownPath(folder);
  const next = [
    `npx ingot run ${name} --from ${shellWord(config.from ?? join(shown, sampleName))}${settings(config)}`,
    `npx ingot query --file ${shellWord(join(shown, 'analyses/busiest_days.sql'))}${lakeSetting(config)}`,
    `npx ingot audit ${name}${settings(config)}`,
  ];
  const paths = Object.keys(files).sort().map((path) => join(shown, path));
  context.result({ dataset: name, folder, files: paths, next }, [...paths, '', 'Run next:', ...next.map((command) => `  ${command}`)]);
  return 0;
}

async function inferred(context: Context, name: string, from: string): Promise<Scaffold> {
  const proposal = propose(await findings(from, readingOptions(context)), name);
  return { 'dataset.ts': typescriptOf(proposal, shownName(from)), ...modelsOf(name, proposal.table, proposal.person) };
}

/** From where the command runs, when that is shorter. */
function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

function settings(config: Config): string {
  return `${config.datasets === resolve('datasets') ? '' : ` --datasets ${shellWord(config.datasets)}`}${lakeSetting(config)}`;
}

function lakeSetting({ lake }: Config): string {
  return lake === resolve('lake') ? '' : ` --lake ${shellWord(lake)}`;
}

function shellWord(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
