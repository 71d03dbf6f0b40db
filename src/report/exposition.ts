import { Counter, Gauge, Registry } from 'prom-client';
import type { Depth } from '../sources/depth.js';
import type { PartitionDepth } from '../sources/kafka-depth.js';
import type { RejectedShares } from './rejected-share.js';
import type { StatusSummary } from './status.js';

/** What this process has done since it started. */
export interface ProcessCounts {
  readonly received: number;
  readonly landed: number;
  readonly rejected: number;
  readonly redelivered: number;
  /** Messages of persons who were forgotten. */
  readonly forgotten: number;
  /** Windows committed to bronze. */
  readonly commits: number;
  /** Times that silver and gold were brought up to date. */
  readonly refreshes: number;
  /** How long the last of these took; null before the first. */
  readonly refreshMs: number | null;
}

type Labels = Readonly<Record<string, string>>;
/** A value of null is left out. */
type Sample = readonly [labels: Labels, value: number | null];

/** The MIME type of the text that `exposition` gives. */
export const expositionType = Registry.PROMETHEUS_CONTENT_TYPE;

/** A status and a process's counts as Prometheus text, format 0.0.4. What can't be told has no sample. */
export async function exposition(summary: StatusSummary, counts: ProcessCounts): Promise<string> {
  const registry = new Registry();
  registry.setDefaultLabels({ dataset: summary.dataset });
  const gauge = (name: string, help: string, samples: readonly Sample[]): void => {
    const told = samples.filter((sample): sample is [Labels, number] => sample[1] !== null);
    if (told[0] === undefined) return;
    const metric = new Gauge({ name: `ingot_${name}`, help, labelNames: Object.keys(told[0][0]), registers: [registry] });
    for (const [labels, value] of told) metric.set(labels, value);
  };
  const counter = (name: string, help: string, value: number): void => {
    new Counter({ name: `ingot_${name}_total`, help, registers: [registry] }).inc(value);
  };
  tableGauges(summary, gauge);
  layerGauges(summary, gauge);
  sourceGauges(summary.source, gauge);
  gauge('status_errors', 'Parts of the status that could not be told.', [[{}, summary.errors.length]]);
  counter('received', 'Messages received by this process.', counts.received);
  counter('landed', 'Messages landed in bronze by this process.', counts.landed);
  counter('rejected', 'Messages rejected by bronze in this process.', counts.rejected);
  counter('redelivered', 'Messages received again that were landed before.', counts.redelivered);
  counter('forgotten', 'Messages of forgotten persons, that were not landed.', counts.forgotten);
  counter('commits', 'Windows committed to bronze by this process.', counts.commits);
  counter('refreshes', 'Times this process brought silver and gold up to date.', counts.refreshes);
  if (counts.refreshMs !== null) gauge('refresh_seconds', 'How long the last refresh of silver and gold took.', [[{}, counts.refreshMs / 1000]]);
  return registry.metrics();
}

type AddGauge = (name: string, help: string, samples: readonly Sample[]) => void;

function tableGauges({ tables }: StatusSummary, gauge: AddGauge): void {
  const perTable = (name: string, help: string, valueOf: (table: StatusSummary['tables'][number]) => number | null): void => {
    gauge(`table_${name}`, help, tables.map((table) => [{ table: `${table.layer}.${table.table}` }, valueOf(table)]));
  };
  perTable('version', 'Version of the Delta table.', ({ version }) => version);
  perTable('rows', 'Rows of the table.', ({ rows }) => rows);
  perTable('files', 'Data files of the table.', ({ files }) => files);
  perTable('bytes', 'Bytes of the data files.', ({ bytes }) => bytes);
  perTable('small_files', 'Files below 32 MB in partitions with two or more of them.', ({ smallFiles }) => smallFiles);
  perTable('partitions', 'Partitions that have files.', ({ partitions }) => partitions);
  perTable('newest_event_timestamp_seconds', 'Greatest event time of the table; of a table without one, the start of its newest date.', ({ newestEventAt, newestEventDate }) => secondsOf(newestEventAt ?? newestEventDate));
  perTable('freshness_seconds', 'Time since the newest message behind the table was received.', ({ freshnessMs }) => (freshnessMs === null ? null : freshnessMs / 1000));
  perTable('committed_timestamp_seconds', 'When the newest version was committed.', ({ committedAt }) => secondsOf(committedAt));
}

function layerGauges({ silver, gold, rejected }: StatusSummary, gauge: AddGauge): void {
  gauge('stale_partitions', 'Partitions of silver and dates of gold that are to be built again.', [
    [{ layer: 'silver' }, silver.stale?.length ?? null],
    [{ layer: 'gold' }, gold.stale?.length ?? null],
  ]);
  gauge('stale_whole_tables', 'Tables of gold all of whose rows are to be built again.', [[{ layer: 'gold' }, gold.stale === null ? null : (gold.whole?.tables.length ?? 0)]]);
  const ratios = (valueOf: (shares: RejectedShares) => number | null): Sample[] => [[{ layer: 'bronze' }, valueOf(rejected.bronze)], [{ layer: 'silver' }, valueOf(rejected.silver)]];
  gauge('rejected_ratio', 'Rejected rows among all that the layer was given.', ratios(({ share }) => share));
  gauge('rejected_newest_day_ratio', 'The same of the newest day: of receipt for bronze, of event for silver.', ratios(({ newestDay }) => newestDay?.share ?? null));
}

function sourceGauges(source: Depth | null, gauge: AddGauge): void {
  if (source === null) return;
  if (source.kind === 'queue') {
    gauge('source_messages', 'Messages in the queue, approximately.', [
      [{ state: 'visible' }, source.visible],
      [{ state: 'in_flight' }, source.inFlight],
      [{ state: 'delayed' }, source.delayed],
    ]);
    return;
  }
  if (source.kind === 'topic') {
    const { partitions } = source;
    const perPartition = (valueOf: (partition: PartitionDepth) => number): Sample[] => partitions.map((each) => [{ partition: String(each.partition) }, valueOf(each)]);
    gauge('source_lag_messages', 'Offsets of the topic that are not landed, by partition.', perPartition(({ lag }) => lag));
    gauge('source_lost_messages', 'Offsets of the topic that retention removed before they were landed.', perPartition(({ lost }) => lost));
    return;
  }
  gauge('source_waiting_files', 'Files with content that is not landed.', [[{}, source.waitingFiles]]);
  gauge('source_waiting_bytes', 'Bytes of these that are not landed.', [[{}, source.lagBytes]]);
}

function secondsOf(time: string | null): number | null {
  return time === null ? null : Date.parse(time) / 1000;
}
