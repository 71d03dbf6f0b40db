import { setTimeout as delay } from 'node:timers/promises';
import { LakeError } from '../../src/errors.js';
import { openLake } from '../../src/library.js';
import type { Person } from './events.js';
import type { FaultLake } from './lakes.js';

const pauseMs = 150;

export interface Watched {
  readonly queries: number;
  /** What no reader may ever see. */
  readonly complaints: readonly string[];
}

interface Counts {
  readonly bronze: number;
  readonly events: number;
  readonly items: number;
  readonly expected: number;
}

/**
 * Queries a lake again and again while others write: counts never go down, and no run is seen by half.
 * @param person whose messages are not counted, as they go meanwhile
 */
export async function watch(lake: FaultLake, person: Person | null, signal: AbortSignal): Promise<Watched> {
  const complaints = new Set<string>();
  let queries = 0;
  let last: Counts = { bronze: 0, events: 0, items: 0, expected: 0 };
  while (!signal.aborted) {
    try {
      const seen = await look(lake, person?.id ?? '(nobody)');
      queries++;
      if (seen.bronze < last.bronze) complaints.add(`bronze had ${last.bronze} rows, and then ${seen.bronze}`);
      if (seen.events < last.events) complaints.add(`silver had ${last.events} events, and then ${seen.events}`);
      if (seen.items !== seen.expected) complaints.add(`silver's events had ${seen.expected} items, its item rows were ${seen.items}`);
      last = seen;
    } catch (error) {
      if (!(error instanceof LakeError && error.code === 'TABLE_NOT_FOUND')) complaints.add(`a reader failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    await delay(pauseMs);
  }
  return { queries, complaints: [...complaints] };
}

async function look(place: FaultLake, person: string): Promise<Counts> {
  const lake = await openLake(place.place, { ...place.options, threads: 1, memoryLimitBytes: 256e6 });
  try {
    const tables = new Set(await lake.tables());
    const bronze = tables.has('bronze.shop') ? Number((await lake.query<{ n: bigint }>('SELECT count(*) AS n FROM bronze.shop WHERE NOT contains(body, $person)', { person }))[0]?.n) : 0;
    if (!tables.has('silver.event') || !tables.has('silver.item_event')) return { bronze, events: 0, items: 0, expected: 0 };
    const [row] = await lake.query<{ events: bigint; expected: string | bigint | null; items: bigint }>(
      'SELECT count(*) FILTER (WHERE user_id <> $person) AS events, sum(item_count) AS expected, (SELECT count(*) FROM silver.item_event) AS items FROM silver.event',
      { person },
    );
    return { bronze, events: Number(row?.events), items: Number(row?.items), expected: Number(row?.expected ?? 0) };
  } finally {
    await lake.close();
  }
}
