import { publishBuild } from '../lake/build.js';
import { partitionKey } from '../lake/changes.js';
import type { Scope, TableWrite } from '../lake/publication.js';
import { specOf } from '../lake/schema.js';
import { rowsOf, type StagedFile } from '../lake/staged.js';
import type { Reading } from '../lake/views.js';
import { mergeFiles } from './merge.js';
import { planMerges, type Merge, type MergeRule } from './plan.js';

/** What one publication takes: bounds its staging and its intent. */
const runBytes = 1e9;
const runFiles = 10_000;

export interface CompactedTable {
  readonly partitions: number;
  /** The files that were merged, and what they became. */
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly bytesBefore: number;
  /** Null when it was only planned. */
  readonly bytesAfter: number | null;
  readonly rows: number;
}

export interface CompactSummary {
  /** By `layer.table`; only tables that there was something to do in. */
  readonly tables: Readonly<Record<string, CompactedTable>>;
  /** Publications. */
  readonly runs: number;
  /** It was stopped before all was done: the next one goes on. */
  readonly stopped: boolean;
}

export interface CompactOptions {
  readonly rule: MergeRule;
  /** Ends it after what is being merged. */
  readonly signal?: AbortSignal;
  /** Bytes that one publication merges. Default 1 GB. */
  readonly runBytes?: number;
}

export interface CompactEvents {
  /** Files merged so far, of those that are planned. */
  merged?(files: number, of: number): void;
}

interface TableMerges {
  readonly reading: Reading;
  readonly merges: readonly Merge[];
}

interface Part {
  readonly run: number;
  readonly tables: readonly TableMerges[];
  /** Nothing is left when it is done. */
  readonly last: boolean;
  readonly of: number;
}

/**
 * Merges small files of some tables of a scope, in one publication or, of much, in several: the same rows in fewer
 * files, so nobody has to build anything for it. Tables that are absent or that another scope publishes are left alone.
 * @param tables names in the anchor's layer
 * @throws LakeError LAKE_CORRUPT when files hold other rows than the log says
 */
export async function compactScope(scope: Scope, tables: readonly string[], options: CompactOptions, events: CompactEvents = {}): Promise<CompactSummary> {
  let summary: CompactSummary = { tables: {}, runs: 0, stopped: false };
  for (let done = 0; ; ) {
    const part = await publishBuild(scope, {
      onTop: 'any run',
      plan: async (run) => (isStopped(options) ? null : partOf(run, await planScope(scope, tables, options.rule), options.runBytes ?? runBytes)),
      build: (planned, staging) => buildPart(scope, planned, staging, options, (files) => events.merged?.(done + files, done + planned.of)),
    });
    if (part === null) return { ...summary, stopped: isStopped(options) };
    done += Object.values(part.tables).reduce((total, table) => total + table.filesBefore, 0);
    summary = { tables: together(summary.tables, part.tables), runs: summary.runs + 1, stopped: part.stopped };
    if (part.last) return summary;
  }
}

function isStopped({ signal }: CompactOptions): boolean {
  return signal?.aborted === true;
}

/** What `compactScope` would do. */
export async function previewCompact(scope: Scope, tables: readonly string[], rule: MergeRule): Promise<CompactSummary> {
  const planned = await planScope(scope, tables, rule);
  return { tables: Object.fromEntries(planned.map(({ reading, merges }) => [nameOf(reading), mergedTable(merges, null)])), runs: 0, stopped: false };
}

async function planScope({ lake, anchor }: Scope, tables: readonly string[], rule: MergeRule): Promise<TableMerges[]> {
  if ((await anchor.snapshot()) === null) return [];
  const layer = anchor.folder.split('/')[0] ?? '';
  const planned: TableMerges[] = [];
  for (const table of tables) {
    const snapshot = await lake.table(layer, table).snapshot();
    if (snapshot?.anchor !== anchor.folder) continue;
    const merges = planMerges(snapshot, specOf(layer, table, snapshot.metaData), rule);
    if (merges.length > 0) planned.push({ reading: { layer, table, snapshot }, merges });
  }
  return planned;
}

/** As much of a plan as one run takes; null: there is nothing. */
function partOf(run: number, planned: readonly TableMerges[], maxBytes: number): Part | null {
  const all = planned.flatMap(({ merges }) => merges);
  if (all.length === 0) return null;
  const taken = new Set<Merge>();
  let bytes = 0;
  let files = 0;
  for (const merge of all) {
    if (taken.size > 0 && (bytes + merge.bytes > maxBytes || files + merge.paths.length > runFiles)) break;
    taken.add(merge);
    bytes += merge.bytes;
    files += merge.paths.length;
  }
  const tables = planned.map(({ reading, merges }) => ({ reading, merges: merges.filter((merge) => taken.has(merge)) })).filter(({ merges }) => merges.length > 0);
  return { run, tables, last: taken.size === all.length, of: all.reduce((total, merge) => total + merge.paths.length, 0) };
}

interface BuiltPart {
  readonly tables: Readonly<Record<string, CompactedTable>>;
  readonly last: boolean;
  readonly stopped: boolean;
}

async function buildPart(scope: Scope, part: Part, staging: string, options: CompactOptions, merged: (files: number) => void): Promise<{ writes: TableWrite[]; result: BuiltPart }> {
  const writes: TableWrite[] = [];
  const tables: Record<string, CompactedTable> = {};
  const waiting = part.tables.flatMap(({ reading, merges }) => merges.map((merge) => ({ reading, merge })));
  const built = new Map<Reading, { files: StagedFile[]; merges: Merge[] }>();
  let done = 0;
  let stopped = false;
  for (const [index, { reading, merge }] of waiting.entries()) {
    if (index > 0 && isStopped(options)) {
      stopped = true;
      break;
    }
    const own = built.get(reading) ?? { files: [], merges: [] };
    built.set(reading, own);
    own.files.push(await mergeFiles(scope.lake, reading, merge, `${staging}/${index}.parquet`));
    own.merges.push(merge);
    done += merge.paths.length;
    merged(done);
  }
  for (const [reading, { files, merges }] of built) {
    const removes = merges.flatMap((merge) => merge.paths);
    writes.push({ ...rowlessWrite(reading), rewrites: { removes, files }, metrics: { rows: rowsOf(files), files: removes.length, merged: files.length } });
    tables[nameOf(reading)] = mergedTable(merges, files);
  }
  return { writes: await withAnchor(scope, writes), result: { tables, last: part.last || stopped, stopped: stopped || (!part.last && isStopped(options)) } };
}

/** A run ends with its anchor, whether something is to be done in it or not. */
async function withAnchor({ lake, anchor }: Scope, writes: readonly TableWrite[]): Promise<TableWrite[]> {
  const [layer = '', table = ''] = anchor.folder.split('/');
  const isAnchor = ({ spec }: TableWrite): boolean => spec.layer === layer && spec.table === table;
  const last = writes.find(isAnchor);
  if (last !== undefined) return [...writes.filter((write) => write !== last), last];
  const snapshot = await lake.table(layer, table).snapshot();
  return snapshot === null ? [...writes] : [...writes, rowlessWrite({ layer, table, snapshot })];
}

function rowlessWrite({ layer, table, snapshot }: Reading): TableWrite {
  return { spec: specOf(layer, table, snapshot.metaData), files: [], replaces: null, txns: {}, metrics: {} };
}

function nameOf({ layer, table }: Reading): string {
  return `${layer}.${table}`;
}

function mergedTable(merges: readonly Merge[], files: readonly StagedFile[] | null): CompactedTable {
  const sum = (of: (merge: Merge) => number): number => merges.reduce((total, merge) => total + of(merge), 0);
  return {
    partitions: new Set(merges.map((merge) => partitionKey(merge.partition))).size,
    filesBefore: sum((merge) => merge.paths.length),
    filesAfter: files?.length ?? merges.length,
    bytesBefore: sum((merge) => merge.bytes),
    bytesAfter: files?.reduce((total, file) => total + file.bytes, 0) ?? null,
    rows: sum((merge) => merge.rows),
  };
}

/** A partition whose files two runs have merged counts twice. */
function together(before: Readonly<Record<string, CompactedTable>>, after: Readonly<Record<string, CompactedTable>>): Record<string, CompactedTable> {
  const tables: Record<string, CompactedTable> = { ...before };
  for (const [name, table] of Object.entries(after)) {
    const known = tables[name];
    tables[name] = known === undefined ? table : {
      partitions: known.partitions + table.partitions,
      filesBefore: known.filesBefore + table.filesBefore,
      filesAfter: known.filesAfter + table.filesAfter,
      bytesBefore: known.bytesBefore + table.bytesBefore,
      bytesAfter: known.bytesAfter === null || table.bytesAfter === null ? null : known.bytesAfter + table.bytesAfter,
      rows: known.rows + table.rows,
    };
  }
  return tables;
}
