import { generateShopWithTruth } from '../../src/generate/shop.js';

/** Messages of one seed, each event with an id of its own that comes through to bronze's body. */
export interface EventSet {
  readonly name: string;
  readonly lines: readonly string[];
  /** Ids of the events that are to be in silver, once each. */
  readonly ids: readonly number[];
  readonly duplicates: number;
  readonly broken: number;
  readonly since: string;
  readonly until: string;
}

const since = '2026-01-01';
const dayMs = 86_400_000;

export function eventSet(events: number, days: number, seed: number): EventSet {
  const lines = [...generateShopWithTruth({ events, days, seed, form: 'mixed', since })];
  const ofKind = (kind: string): number => lines.filter((line) => line.kind === kind).length;
  return {
    name: `${events}-${days}-${seed}`,
    lines: lines.map((line) => (line.kind === 'broken' ? line.text : line.text.replace('{', `{"fault_id":${line.event},`))),
    ids: lines.filter((line) => line.kind === 'event').map((line) => line.event).sort((a, b) => a - b),
    duplicates: ofKind('duplicate'),
    broken: ofKind('broken'),
    since,
    until: new Date(Date.parse(since) + (days - 1) * dayMs).toISOString().slice(0, 10),
  };
}

/** In SQL: the id of an event, out of bronze's body. */
export const idExpression = `CAST(regexp_extract(body, '"fault_id":([0-9]+)', 1) AS BIGINT)`;
