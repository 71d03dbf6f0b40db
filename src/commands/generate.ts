import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LakeError } from '../errors.js';
import { generators, isGenerated } from '../generate/generators.js';
import type { GeneratedFile } from '../generate/options.js';
import { writeLines, writeLinesTo } from '../generate/write.js';
import { sendLines } from '../sources/sqs-send.js';
import { parseSourceUri } from '../sources/uri.js';
import type { Context } from './context.js';
import { count, size } from './output.js';

export async function run(context: Context): Promise<number> {
  const { config, progress } = context;
  const dataset = context.args[0] ?? '';
  if (!isGenerated(dataset)) throw new LakeError(`there is no generator of ${dataset}`, { code: 'USAGE', op: 'options', hint: `There is one of ${Object.keys(generators).join(', one of ')}.` });
  const generator = generators[dataset];
  const events = config.events ?? 20_000;
  const options = { events, days: config.days ?? 7, seed: config.seed ?? 1, since: config.since ?? '2026-01-01' };
  if (generator.kind === 'folder') return writeFolder(context, generator.files(options));
  const lines = watched(
    generator.lines({ ...options, ...(config.form === undefined ? {} : { form: config.form }) }),
    (made) => progress.update(`generated ${count(made)} of ${count(events)}`),
  );
  if (config.to === undefined) {
    await writeLinesTo(lines, process.stdout);
    return 0;
  }
  const target = parseSourceUri(config.to);
  if (generator.kind === 'csv' && target.kind !== 'files') throw new LakeError('--to: a CSV file has no messages to send', { code: 'USAGE', op: 'options', path: '--to', hint: `Give a file: ${dataset}.csv, or ${dataset}.csv.gz.` });
  if (target.kind === 'sqs') {
    const sent = await sendLines(target, lines);
    context.result({ events: sent, to: config.to }, [`${count(sent)} events sent to ${config.to}`]);
    return 0;
  }
  if (target.kind !== 'files') throw new LakeError('--to: events can be sent to a queue or into a file, not to a topic, a bucket or a database', { code: 'USAGE', op: 'options', path: '--to', hint: 'Write them into a file, and send or copy that.' });
  const written = await writeLines(lines, target.pattern);
  context.result({ events, bytes: written.bytes, to: target.pattern }, [`${count(events)} events, ${size(written.bytes)} in ${target.pattern}`]);
  return 0;
}

/** Several files, in a folder that is made. */
async function writeFolder({ config, args, result }: Context, files: readonly GeneratedFile[]): Promise<number> {
  const folder = config.to;
  if (folder === undefined || parseSourceUri(folder).kind !== 'files') throw new LakeError(`--to: ${args[0] ?? ''} is several files`, { code: 'USAGE', op: 'options', path: '--to', hint: `Give a folder for them, such as --to made: ${files.map(({ path }) => path).join(', ')}.` });
  const lines: string[] = [];
  const written: Record<string, { readonly lines: number; readonly bytes: number }> = {};
  for (const { path, lines: made } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    written[path] = await writeLines(made, file);
    lines.push(`${count(written[path].lines)} lines, ${size(written[path].bytes)} in ${file}`);
  }
  result({ to: folder, files: written }, lines);
  return 0;
}

function* watched(lines: Iterable<string>, made: (count: number) => void): Generator<string> {
  let total = 0;
  for (const line of lines) {
    yield line;
    if (++total % 1000 === 0) made(total);
  }
}
