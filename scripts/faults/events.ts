import { generateShopWithTruth, type GeneratedLine } from '../../src/generate/shop.js';

/** Messages of one seed, each event with an id of its own that comes through to bronze's body. */
export interface EventSet {
  readonly name: string;
  /** All that are sent. */
  readonly lines: readonly string[];
  /** Those that bronze is to have in the end: all but the forgotten person's. */
  readonly expected: readonly string[];
  /** Ids of the events that are to be in silver, once each. */
  readonly ids: readonly number[];
  /** Of the expected messages, those that are no events. */
  readonly broken: number;
  readonly person: Person | null;
  readonly since: string;
  readonly until: string;
}

/** Somebody who is forgotten. */
export interface Person {
  readonly id: string;
  /** How many of the messages name the person, in whatever form. */
  readonly named: number;
  /** Those of them that are events: they can come once more. */
  readonly events: readonly string[];
}

interface Message extends GeneratedLine {
  readonly body: string;
}

const since = '2026-01-01';
const dayMs = 86_400_000;
/** Fewer would hardly be in several windows. */
const leastNamed = 5;
/** Persons of one set that are chosen among: few, so that few clean lakes are built. */
const persons = 3;

/** @param person chooses who is forgotten, of any size; null for nobody */
export function eventSet(events: number, days: number, seed: number, person: number | null = null): EventSet {
  const messages = [...generateShopWithTruth({ events, days, seed, form: 'mixed', since })].map((line) => ({ ...line, body: bodyOf(line) }));
  const forgotten = person === null ? null : personOf(messages, person);
  const kept = forgotten === null ? messages : messages.filter(({ body }) => !names(body, forgotten.id));
  return {
    name: `${events}-${days}-${seed}${forgotten === null ? '' : `-without-${forgotten.id}`}`,
    lines: messages.map(({ body }) => body),
    expected: kept.map(({ body }) => body),
    ids: kept.filter(({ kind }) => kind === 'event').map(({ event }) => event).sort((a, b) => a - b),
    broken: kept.filter(({ kind }) => kind === 'broken').length,
    person: forgotten,
    since,
    until: new Date(Date.parse(since) + (days - 1) * dayMs).toISOString().slice(0, 10),
  };
}

/** In SQL: the id of an event, out of bronze's body. */
export const idExpression = `CAST(regexp_extract(body, '"fault_id":([0-9]+)', 1) AS BIGINT)`;

/** Whether a text has an id as a word of its own. */
export function names(text: string, id: string): boolean {
  return new RegExp(`(^|[^0-9A-Za-z_])${id}($|[^0-9A-Za-z_])`).test(text);
}

/** Two of three events have their time under a second key as well, the only one that the narrow contract knows. */
function bodyOf({ kind, text, event }: GeneratedLine): string {
  if (kind === 'broken') return text;
  const time = /"event_timestamp":\s?([^,}]+)/.exec(text)?.[1] ?? 'null';
  return text.replace('{', `{"fault_id":${event},${event % 3 === 0 ? '' : `"event_time":${time},`}`);
}

/** One of the persons whom most kinds of messages name; of those alike, who has most. No other's event names that person. */
function personOf(messages: readonly Message[], number: number): Person {
  const byId = new Map<string, Message[]>();
  for (const message of messages) {
    const id = /"user_id":\s?"([^"\\]+)"/.exec(message.body)?.[1];
    if (id !== undefined && /^[\w-]{6,}$/.test(id)) byId.set(id, [...(byId.get(id) ?? []), message]);
  }
  const kinds = (own: readonly Message[]): number => new Set(own.map(({ kind }) => kind)).size;
  const all = [...byId].filter(([, own]) => own.length >= leastNamed).sort(([, a], [, b]) => kinds(b) - kinds(a) || b.length - a.length);
  const [id, own] = all[number % Math.min(persons, all.length)] ?? [];
  if (id === undefined || own === undefined) throw new Error(`nobody of these events has ${leastNamed} messages`);
  const naming = messages.filter(({ body }) => names(body, id));
  const strange = naming.find((message) => message.kind !== 'broken' && !own.includes(message));
  if (strange !== undefined) throw new Error(`another's event names ${id}: ${strange.body}`);
  return { id, named: naming.length, events: own.filter(({ kind }) => kind !== 'broken').map(({ body }) => body) };
}
