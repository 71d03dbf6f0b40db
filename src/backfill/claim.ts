import { LakeError } from '../errors.js';
import type { Lake } from '../lake/lake.js';
import { isGone, thisProcess, type Owner } from '../lake/staging.js';

/** One backfill of a dataset at a time. */
export interface Claim {
  release(): Promise<void>;
}

interface Note extends Owner {
  /** What the owner does, for whoever finds the claim taken. */
  readonly what: string;
  readonly released: boolean;
}

/** `_ingot/backfill/shop`: claims are numbered, the newest counts. */
const folderOf = (dataset: string): string => `_ingot/backfill/${dataset}`;
const pathOf = (dataset: string, number: number): string => `${folderOf(dataset)}/${String(number).padStart(20, '0')}.json`;

/**
 * Claims a dataset's backfill for this process. A claim that was given back, or whose process is dead, is taken over.
 * @param what the range, as people are told it
 * @throws LakeError COMMIT_CONFLICT at once, saying who has it
 */
export async function claimBackfill(lake: Lake, dataset: string, what: string): Promise<Claim> {
  const { storage, clock } = lake;
  for (;;) {
    const known = await newest(lake, dataset);
    if (known !== null && !isFree(known.note, clock.nowMs())) throw taken(lake, dataset, known);
    const number = (known?.number ?? 0) + 1;
    const note: Note = { ...thisProcess(clock.nowMs()), what, released: false };
    if (!(await storage.putIfAbsent(pathOf(dataset, number), JSON.stringify(note)))) continue;
    if ((await newest(lake, dataset))?.number === number) {
      if (known !== null) await storage.remove([pathOf(dataset, known.number)]);
      return { release: () => storage.put(pathOf(dataset, number), JSON.stringify({ ...note, released: true })) };
    }
    // The number had been used and removed: that is done after the next one is put, so a newer claim is there.
    await storage.remove([pathOf(dataset, number)]);
  }
}

interface Known {
  readonly number: number;
  /** Null for one that says nothing: somebody has edited it. */
  readonly note: Note | null;
}

function isFree(note: Note | null, nowMs: number): boolean {
  return note === null || note.released || isGone(note, nowMs);
}

async function newest({ storage }: Lake, dataset: string): Promise<Known | null> {
  const names = await storage.list(folderOf(dataset));
  const numbers = names.flatMap((name) => (/^\d{20}\.json$/.test(name) ? [Number(name.slice(0, 20))] : []));
  if (numbers.length === 0) return null;
  const number = Math.max(...numbers);
  const content = await storage.read(pathOf(dataset, number));
  return { number, note: content === null ? null : noteOf(content.toString('utf8')) };
}

function noteOf(text: string): Note | null {
  try {
    return JSON.parse(text) as Note;
  } catch {
    return null;
  }
}

function taken(lake: Lake, dataset: string, { number, note }: Known): LakeError {
  const path = lake.storage.locate(pathOf(dataset, number));
  const who = note === null ? 'another process' : `process ${note.pid} on ${note.name.replace(/-[0-9a-f]{8}$/, '')}, since ${new Date(note.sinceMs).toISOString()}: ${note.what}`;
  return new LakeError(`a backfill of ${dataset} is going on already (${who})`, {
    code: 'COMMIT_CONFLICT',
    op: 'backfill',
    path,
    hint: `Wait until it is done, or stop it${note === null ? '' : ` (kill -INT ${note.pid}: it ends after its open run)`}; the same command goes on where it stopped. If there is no such process any more, remove the file.`,
  });
}
