import { basename } from 'node:path';
import { snakeCase } from '../infer/path.js';
import { propose } from '../infer/propose.js';
import { checkName } from '../infer/scaffold.js';
import { typescriptOf } from '../infer/typescript.js';
import { findings } from '../infer/walk.js';
import type { Context } from './context.js';
import { fileOf, readingOptions } from './profile.js';

/** Prints a contract that fits a file. */
export async function run(context: Context): Promise<number> {
  const from = fileOf(context);
  const name = context.config.name === undefined ? nameOfFile(from) : checkName(context.config.name);
  const proposal = propose(await findings(from, readingOptions(context)), name);
  const text = typescriptOf(proposal, shownName(from));
  context.result({ ...proposal, typescript: text }, [text.trimEnd()]);
  return 0;
}

/** `data/Orders 2026.csv.gz` → `orders_2026`. */
function nameOfFile(from: string): string {
  if (from === '-') return 'events';
  return checkName(snakeCase(basename(from).replace(/(?:\.(?:ndjson|jsonl|json|csv|tsv|gz))+$/i, '').replaceAll(/[*?[\]{}]/g, '')).slice(0, 40));
}

/** A file as a contract's comment names it. */
export function shownName(from: string): string {
  return from === '-' ? 'stdin' : basename(from);
}
