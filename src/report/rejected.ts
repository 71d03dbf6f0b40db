import { beginningOf } from '../bronze/beginning.js';
import { readAgain } from '../bronze/gone.js';
import type { Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import type { Session } from '../lake/duckdb.js';
import type { Lake } from '../lake/lake.js';
import { identifier, sqlFile } from '../lake/sql.js';
import { recordsOf } from '../lake/statistics.js';
import { createView, readTables, type Reading } from '../lake/views.js';

const rowSelect = sqlFile(import.meta.url, './rejected-row.sql');
const reasonsSelect = sqlFile(import.meta.url, './rejected-reasons.sql');
const detailsSelect = sqlFile(import.meta.url, './rejected-details.sql');
const samplesSelect = sqlFile(import.meta.url, './rejected-samples.sql');

export interface RejectedSample {
  readonly message_id: string;
  readonly received_at: string;
  /** What silver found wrong; null for bronze. */
  readonly detail: string | null;
  /** At most 200 characters on one line, controls escaped. */
  readonly body: string;
}

export interface RejectedReason {
  readonly layer: 'bronze' | 'silver';
  readonly reason: string;
  readonly rows: number;
  /** Of all rows that the layer was given: 0.05 is 5 %. */
  readonly share: number;
  /** ISO 8601, UTC. */
  readonly first_received_at: string;
  readonly last_received_at: string;
  /** What most of the rows have wrong. */
  readonly details: readonly { readonly detail: string; readonly rows: number }[];
  /** The newest. */
  readonly samples: readonly RejectedSample[];
}

export interface RejectedLayer {
  readonly layer: 'bronze' | 'silver';
  readonly rejected: number;
  /** Rows that the layer was given, with those that it rejected. */
  readonly rows: number;
}

export interface RejectedSummary {
  readonly layers: readonly RejectedLayer[];
  /** Bronze's before silver's; those with most rows first. */
  readonly reasons: readonly RejectedReason[];
}

/**
 * What bronze and silver have rejected, by reason.
 * @param samples how many details and bodies of each reason
 * @throws LakeError TABLE_NOT_FOUND when the lake has nothing of the dataset
 */
export async function rejectedSummary(lake: Lake, dataset: Dataset, samples: number): Promise<RejectedSummary> {
  return readAgain(async () => {
    const readings = await readRejected(lake, dataset);
    const layers = layersOf(dataset, readings);
    if (layers.every(({ rejected }) => rejected === 0)) return { layers, reasons: [] };
    const session = await lake.session();
    await createRejectedViews(session, lake, dataset, readings);
    const parameters = { samples };
    const reasons = await session.rows(reasonsSelect);
    const details = samples === 0 ? [] : await session.rows(detailsSelect, parameters);
    const bodies = samples === 0 ? [] : await session.rows(samplesSelect, parameters);
    return { layers, reasons: reasons.map((row) => reasonOf(row, layers, details, bodies, samples)) };
  });
}

/** Rejected rows by reason, as they are now. */
export async function rejectedCounts(lake: Lake, dataset: Dataset): Promise<{ readonly bronze: Readonly<Record<string, number>>; readonly silver: Readonly<Record<string, number>> }> {
  const { reasons } = await rejectedSummary(lake, dataset, 0);
  const of = (layer: 'bronze' | 'silver'): Record<string, number> => Object.fromEntries(reasons.filter((each) => each.layer === layer).map(({ reason, rows }) => [reason, rows]));
  return { bronze: of('bronze'), silver: of('silver') };
}

async function readRejected(lake: Lake, dataset: Dataset): Promise<Reading[]> {
  const tables = [...tablesOf(dataset, 'bronze'), ...tablesOf(dataset, 'silver')];
  const readings = await readTables(lake, tables);
  if (readings.length > 0) return readings;
  throw new LakeError(`there is nothing of ${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'rejected', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE), or land events first.' });
}

/** The tables that together have every row that a layer was given. */
function tablesOf(dataset: Dataset, layer: 'bronze' | 'silver'): { readonly layer: string; readonly table: string }[] {
  const rejected = `${dataset.name}_rejected`;
  const tables = layer === 'bronze' ? [dataset.name, rejected] : [dataset.event.table, rejected, `${dataset.name}_duplicates`];
  return tables.map((table) => ({ layer, table }));
}

function layersOf(dataset: Dataset, readings: readonly Reading[]): RejectedLayer[] {
  return (['bronze', 'silver'] as const).map((layer) => {
    const own = readings.filter((reading) => reading.layer === layer);
    return { layer, rejected: rowsOf(own.filter(({ table }) => table === `${dataset.name}_rejected`)), rows: rowsOf(own) };
  });
}

function rowsOf(readings: readonly Reading[]): number {
  return readings.flatMap(({ snapshot }) => [...snapshot.files.values()]).reduce((total, file) => total + (recordsOf(file.stats) ?? 0), 0);
}

const noBronze = 'SELECT CAST(NULL AS BLOB) AS body, CAST(NULL AS VARCHAR) AS message_id, CAST(NULL AS TIMESTAMPTZ) AS received_at, CAST(NULL AS VARCHAR) AS reason WHERE false';
const noSilver = 'SELECT CAST(NULL AS VARCHAR) AS body, CAST(NULL AS VARCHAR) AS message_id, CAST(NULL AS TIMESTAMPTZ) AS received_at, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS detail WHERE false';

async function createRejectedViews(session: Session, lake: Lake, dataset: Dataset, readings: readonly Reading[]): Promise<void> {
  const table = `${dataset.name}_rejected`;
  for (const [layer, none] of [['bronze', noBronze], ['silver', noSilver]] as const) {
    const reading = readings.find((each) => each.layer === layer && each.table === table);
    if (reading !== undefined) await createView(session, lake, reading);
    await session.run(`CREATE OR REPLACE VIEW rejected_in_${layer} AS ${reading === undefined ? none : `SELECT * FROM ${layer}.${identifier(table)}`}`);
  }
  await session.run(`CREATE OR REPLACE VIEW rejected_row AS ${rowSelect}`);
}

type Row = Readonly<Record<string, unknown>>;

function reasonOf(row: Row, layers: readonly RejectedLayer[], details: readonly Row[], bodies: readonly Row[], samples: number): RejectedReason {
  const layer = row['layer'] === 'silver' ? 'silver' : 'bronze';
  const own = (each: Row): boolean => each['layer'] === row['layer'] && each['reason'] === row['reason'];
  const rows = Number(row['rows']);
  return {
    layer,
    reason: String(row['reason']),
    rows,
    share: rows / Math.max(1, layers.find((each) => each.layer === layer)?.rows ?? 0),
    first_received_at: instant(row['first_received_at']),
    last_received_at: instant(row['last_received_at']),
    details: details.filter(own).map((each) => ({ detail: String(each['detail']), rows: Number(each['rows']) })),
    samples: bodies.filter(own).slice(0, samples).map((each) => ({
      message_id: String(each['message_id']),
      received_at: instant(each['received_at']),
      detail: typeof each['detail'] === 'string' ? each['detail'] : null,
      body: beginningOf(each['body']),
    })),
  };
}

/** `2026-03-10 12:00:00.5+00` → `2026-03-10T12:00:00.500Z`; empty for none. */
function instant(value: unknown): string {
  if (typeof value !== 'string') return '';
  return new Date(`${value.replace(' ', 'T').replace(/\+00$/, '')}Z`).toISOString();
}
