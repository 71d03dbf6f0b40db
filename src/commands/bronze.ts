import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { History } from '../bronze/absent.js';
import { Bronze, type WindowCounts } from '../bronze/bronze.js';
import { consume, type WindowLimits } from '../bronze/consume.js';
import { BronzeRows } from '../bronze/landed.js';
import { familyOf, type Dataset } from '../dataset.js';
import { LakeError, messageOf } from '../errors.js';
import { loadFamily } from '../load.js';
import { platformOfPath } from '../place.js';
import { gapError, Gaps } from '../sources/kafka-gap.js';
import type { RowsSource } from '../sources/landed.js';
import { openSource } from '../sources/open.js';
import type { OffsetGap } from '../sources/source.js';
import { parseSourceUri } from '../sources/uri.js';
import type { Context } from './context.js';
import { FilesOfParts } from './files-of-parts.js';
import { count, plural, printError, size } from './output.js';
import { sourceParts, tellParts } from './parts.js';

const maxReopenings = 20;

const defaultLookbackMs = 30 * 86_400_000;

/** Two windows at once must stay below what a queue lets be in flight. */
const mostQueueRows = 50_000;

/** A window holds the ids of all its rows, to look whether bronze has them. */
const mostDatabaseRows = 20_000;

/** While a drain makes sure that its queue is empty, its last window is committed. */
const drainIdleMs = 200;

export interface BronzeSummary {
  received: number;
  landed: number;
  rejected: number;
  redelivered: number;
  /** Of persons who were forgotten: not landed. */
  forgotten: number;
  commits: number;
  files: number;
  bytes: number;
  partitions: string[];
  /** Messages that the source would not let go: they come again and are then counted as redelivered. */
  notAcked: number;
  errors: string[];
  /** Offsets of a topic that retention removed before they were read. */
  gaps?: OffsetGap[];
  /** A signal ended it before the source was drained. */
  stopped: boolean;
}

export async function run(context: Context): Promise<number> {
  const { config } = context;
  const { asked } = await loadFamily(config.datasets, context.args[0] ?? '');
  const parts = await landParts(context, sourceParts(asked, sourceOf(config)));
  tellParts(context, parts.map(({ dataset, summary, tookMs }) => ({ dataset, summary, lines: bronzeLines(dataset, summary, tookMs) })));
  const failures = parts.flatMap((part) => part.failures);
  for (const failure of failures) printError(failure, process.stderr);
  return failures.length === 0 ? 0 : 1;
}

export interface LandedPart {
  readonly dataset: Dataset;
  readonly summary: BronzeSummary;
  readonly failures: readonly LakeError[];
  readonly tookMs: number;
}

/** Lands each kind of rows that a source has, one after the other; files that are of none of them are failures of the last. */
export async function landParts(context: Context, parts: readonly Dataset[]): Promise<LandedPart[]> {
  const { clock } = context;
  const files = new FilesOfParts(parts);
  const landed: LandedPart[] = [];
  for (const dataset of parts) {
    const startedAtMs = clock.nowMs();
    const { summary, failures } = await land(context, dataset, undefined, null, files.takes(dataset));
    const left = dataset === parts.at(-1) && !context.signal.aborted ? files.failures() : [];
    summary.errors.push(...left.map(({ message }) => message));
    landed.push({ dataset, summary, failures: [...failures, ...left], tookMs: clock.nowMs() - startedAtMs });
  }
  return landed;
}

/** Lands from `--from` until the source is drained or the signal aborts. */
export async function land(
  context: Context,
  dataset: Dataset,
  afterCommit: (counts: WindowCounts) => Promise<void> = () => Promise.resolve(),
  history: History | null = null,
  takes?: (path: string) => boolean,
): Promise<{ readonly summary: BronzeSummary; readonly failures: readonly LakeError[] }> {
  const { config, clock, lake, progress, signal } = context;
  const from = sourceOf(config);
  await lake.storage.prepare();
  const summary: BronzeSummary = { received: 0, landed: 0, rejected: 0, redelivered: 0, forgotten: 0, commits: 0, files: 0, bytes: 0, partitions: [], notAcked: 0, errors: [], stopped: false };
  const limits = limitsOf(config, from);
  const gaps = new Gaps();
  for (let reopened = 0; ; reopened++) {
    const bronze = new Bronze(lake, dataset, { maxRejected: config.maxRejected, history });
    const taken = await bronze.open();
    const source = await openSource(from, {
      follow: config.follow,
      clock,
      offsets: () => bronze.offsets(),
      taken: history === null ? taken.marks : history.taken,
      spoolDir: lake.storage.locate(bronze.scope.newStaging()),
      stdin: process.stdin,
      signal,
      environment: process.env,
      log: (text) => progress.note(text),
      takes,
      placeOf: placeOf(dataset),
      rows: await rowsOf(context, dataset),
    }).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (source === null) return { summary: { ...summary, stopped: !config.follow }, failures: [] };
    try {
      await consume(bronze, source, limits, clock, signal, {
        received: (rows) => progress.update(`bronze: ${count(summary.received + rows)} received, ${count(summary.landed)} landed in ${plural(summary.commits, 'commit')}`),
        committed: async (counts, notAcked) => {
          addCounts(summary, counts, notAcked);
          // A window without messages only moves a topic's offset.
          if (counts.received > 0) await afterCommit(counts);
        },
      });
      summary.stopped = signal.aborted && !config.follow;
      gaps.add(source.gaps ?? []);
      if (gaps.list.length > 0) summary.gaps = gaps.list;
      const failures = [...gaps.list.map((gap) => gapError(gap, source.uri)), ...source.failures];
      summary.errors = failures.map((failure) => failure.message);
      return { summary, failures };
    } catch (error) {
      gaps.add(source.gaps ?? []);
      if (!isConflict(error) || reopened === maxReopenings) throw error;
      if (from === '-') throw stdinConflict(error);
      progress.note('another process landed at the same time: reading again what it left');
    } finally {
      await source.close();
    }
  }
}

/** Where `--from` points. @throws LakeError USAGE when it is missing */
export function sourceOf({ from }: Context['config']): string {
  if (from !== undefined) return from;
  throw new LakeError('--from is missing', { code: 'USAGE', op: 'options', path: '--from', hint: 'Say where events come from: --from sqs://queue, kafka://host:9092/topic, a file, a folder, a glob, a ZIP, s3://bucket/prefix, postgres://user@host/database, pglite://folder, or - for stdin.' });
}

/** What the path of a file says of its rows, by the contract. */
function placeOf({ platform }: Dataset): ((path: string) => string) | undefined {
  return platform?.path === true ? (path) => platformOfPath(platform.values, path) : undefined;
}

/** How rows of a database are compared, by the contract. */
async function rowsOf({ config, lake }: Context, dataset: Dataset): Promise<RowsSource | undefined> {
  if (dataset.database === undefined) return undefined;
  const path = join(config.datasets, familyOf(dataset).name, dataset.database.query);
  const query = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new LakeError(`the database query can't be read: ${messageOf(error)}`, { code: 'DATASET_INVALID', op: 'load dataset', path, hint: '`database.query` in dataset.ts names a file in the dataset\'s folder.', cause: error });
  });
  return { query: query.trim().replace(/;$/, ''), path, landed: new BronzeRows(lake, dataset), lookbackMs: config.full ? null : (config.lookback ?? defaultLookbackMs) };
}

function isConflict(error: unknown): error is LakeError {
  return error instanceof LakeError && error.code === 'COMMIT_CONFLICT';
}

/** Stdin has been read and can't be read again. */
function stdinConflict(cause: LakeError): LakeError {
  return new LakeError(cause.message, { code: 'COMMIT_CONFLICT', op: 'commit', path: '-', hint: 'Pipe it in again: what has landed of it is left out then.', cause });
}

function limitsOf({ windowBytes, windowRows, windowAge, follow }: Context['config'], from: string): WindowLimits {
  const { kind } = parseSourceUri(from);
  const limits = { bytes: windowBytes, rows: windowRows ?? 200_000, ageMs: windowAge ?? 60_000 };
  if (kind === 'sql') return { ...limits, rows: Math.min(limits.rows, mostDatabaseRows) };
  if (kind !== 'sqs') return limits;
  return { ...limits, rows: Math.min(limits.rows, mostQueueRows), ...(follow ? {} : { idleMs: drainIdleMs }) };
}

function addCounts(summary: BronzeSummary, counts: WindowCounts, notAcked: number): void {
  summary.received += counts.received;
  summary.landed += counts.landed;
  summary.rejected += counts.rejected;
  summary.redelivered += counts.redelivered;
  summary.forgotten += counts.forgotten;
  summary.commits++;
  summary.files += counts.files;
  summary.bytes += counts.bytes;
  summary.notAcked += notAcked;
  summary.partitions = [...new Set([...summary.partitions, ...counts.partitions])].sort();
}

export function bronzeLines(dataset: Dataset, summary: BronzeSummary, tookMs: number): string[] {
  const perSecond = tookMs > 0 ? Math.round((summary.received * 1000) / tookMs) : 0;
  const lines = [
    `bronze  ${count(summary.received)} received: ${count(summary.landed)} landed, ${count(summary.rejected)} rejected, ${count(summary.redelivered)} redelivered${summary.forgotten === 0 ? '' : `, ${count(summary.forgotten)} of forgotten persons`}`,
    `        ${plural(summary.commits, 'commit')}, ${plural(summary.files, 'file')} in ${plural(summary.partitions.length, 'partition')}; ${size(summary.bytes)} in ${(tookMs / 1000).toFixed(1)} s, ${count(perSecond)} a second`,
  ];
  if (summary.received === 0) return [`bronze  ${summary.stopped ? 'stopped by a signal before anything came' : 'nothing new'}`];
  if (summary.rejected > 0) lines.push(`        rejected messages and why: ingot rejected ${dataset.name}`);
  if (summary.stopped) lines.push('        stopped by a signal: what is not landed is still in the source');
  if (summary.notAcked > 0) lines.push(`        ${plural(summary.notAcked, 'message')} could not be deleted from the queue: they will come again and be counted as redelivered`);
  return lines;
}
