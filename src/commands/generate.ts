import { LakeError } from '../errors.js';
import { generateShop } from '../generate/shop.js';
import { writeLines, writeLinesTo } from '../generate/write.js';
import { sendLines } from '../sources/sqs-send.js';
import { parseSourceUri } from '../sources/uri.js';
import type { Context } from './context.js';
import { count, size } from './output.js';

export async function run(context: Context): Promise<number> {
  const { config, progress } = context;
  const dataset = context.args[0] ?? '';
  if (dataset !== 'shop') throw new LakeError(`there is no generator of ${dataset}`, { code: 'USAGE', op: 'options', hint: 'There is one of shop.' });
  const events = config.events ?? 20_000;
  const lines = watched(
    generateShop({ events, days: config.days ?? 7, seed: config.seed ?? 1, form: config.form ?? 'mixed', since: config.since ?? '2026-01-01' }),
    (made) => progress.update(`generated ${count(made)} of ${count(events)}`),
  );
  if (config.to === undefined) {
    await writeLinesTo(lines, process.stdout);
    return 0;
  }
  const target = parseSourceUri(config.to);
  if (target.kind === 'sqs') {
    const sent = await sendLines(target, lines);
    context.result({ events: sent, to: config.to }, [`${count(sent)} events sent to ${config.to}`]);
    return 0;
  }
  const written = await writeLines(lines, target.pattern);
  context.result({ events: written.lines, bytes: written.bytes, to: target.pattern }, [`${count(written.lines)} events, ${size(written.bytes)} in ${target.pattern}`]);
  return 0;
}

function* watched(lines: Iterable<string>, made: (count: number) => void): Generator<string> {
  let total = 0;
  for (const line of lines) {
    yield line;
    if (++total % 1000 === 0) made(total);
  }
}
