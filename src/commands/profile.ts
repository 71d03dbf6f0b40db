import { existsSync } from 'node:fs';
import { LakeError } from '../errors.js';
import { profileFiles, profileLines, profileTable, type Profile } from '../infer/profile.js';
import type { ReadingOptions } from '../infer/source.js';
import type { Context } from './context.js';

const tableName = /^(bronze|silver|gold)\.([A-Za-z0-9_]+)$/;

/** Prints what is in a file or in a table of the lake. */
export async function run(context: Context): Promise<number> {
  const profile = await profileOf(context);
  const { stdout } = process;
  context.result(profile, profileLines(profile, stdout.isTTY ? stdout.columns : null));
  return 0;
}

async function profileOf(context: Context): Promise<Profile> {
  const from = fileOf(context);
  const [, layer, table] = tableName.exec(from) ?? [];
  if (layer === undefined || table === undefined || existsSync(from)) return profileFiles(from, readingOptions(context));
  return profileTable(context.lake, layer, table, context.signal);
}

/** The command's file. @throws LakeError USAGE when there is none */
export function fileOf({ args }: Context): string {
  const [file] = args;
  if (file === undefined || file === '') throw new LakeError('the file is missing', { code: 'USAGE', op: 'options', hint: 'Give a file, a folder, a glob in quotes, or - for stdin.' });
  return file;
}

/** How files are read, by the command's settings. */
export function readingOptions({ clock, signal, config }: Context): ReadingOptions {
  return { clock, signal, memoryLimitBytes: config.memoryLimit, threads: config.threads, scratch: config.scratch ?? null, stdin: process.stdin };
}
