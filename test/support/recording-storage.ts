import type { Move, Staged, Storage, Walk } from '../../src/lake/storage.js';

/** One call of a storage that is done whole or not at all. */
export interface Step {
  readonly op: 'read' | 'list' | 'size' | 'putIfAbsent' | 'put' | 'stage' | 'adopt' | 'unstage' | 'staged' | 'remove' | 'removeFolder' | 'walk' | 'removeEmpty';
  readonly path: string;
}

export function isEffect(step: Step): boolean {
  return !noEffects.has(step.op);
}

/** `unstage` is none for readers and for who recovers: it removes what nobody names. */
const noEffects: ReadonlySet<Step['op']> = new Set(['read', 'list', 'size', 'walk', 'staged', 'unstage']);

/** A storage that takes every call apart into steps and asks before and after each. */
export class SteppedStorage implements Storage {
  constructor(
    private readonly inner: Storage,
    private readonly before: (step: Step) => Promise<void>,
    private readonly after: (step: Step) => Promise<void> = () => Promise.resolve(),
  ) {}

  get root(): string {
    return this.inner.root;
  }

  get remote(): Storage['remote'] {
    return this.inner.remote;
  }

  stagedPath(located: string): string {
    return this.inner.stagedPath(located);
  }

  engineStaging(staging: string): string {
    return this.inner.engineStaging(staging);
  }

  locate(path: string): string {
    return this.inner.locate(path);
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  read(path: string): Promise<Buffer | null> {
    return this.step({ op: 'read', path }, () => this.inner.read(path));
  }

  list(folder: string): Promise<string[]> {
    return this.step({ op: 'list', path: folder }, () => this.inner.list(folder));
  }

  size(path: string): Promise<number | null> {
    return this.step({ op: 'size', path }, () => this.inner.size(path));
  }

  putIfAbsent(path: string, content: string | Buffer): Promise<boolean> {
    return this.step({ op: 'putIfAbsent', path }, () => this.inner.putIfAbsent(path, content));
  }

  put(path: string, content: string | Buffer): Promise<void> {
    return this.step({ op: 'put', path }, () => this.inner.put(path, content));
  }

  async stage(staging: string, moves: readonly Move[]): Promise<void> {
    for (const move of moves) await this.step({ op: 'stage', path: move.from }, () => this.inner.stage(staging, [move]));
  }

  unstage(staging: string, abandoned: readonly Move[]): Promise<void> {
    return this.step({ op: 'unstage', path: staging }, () => this.inner.unstage(staging, abandoned));
  }

  staged(): Promise<readonly Staged[]> {
    return this.step({ op: 'staged', path: '' }, () => this.inner.staged());
  }

  async adopt(moves: readonly Move[]): Promise<void> {
    for (const move of moves) await this.step({ op: 'adopt', path: move.to }, () => this.inner.adopt([move]));
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.step({ op: 'remove', path }, () => this.inner.remove([path]));
  }

  removeFolder(folder: string): Promise<void> {
    return this.step({ op: 'removeFolder', path: folder }, () => this.inner.removeFolder(folder));
  }

  walk(folder: string): Promise<Walk> {
    return this.step({ op: 'walk', path: folder }, () => this.inner.walk(folder));
  }

  async removeEmpty(folders: readonly string[]): Promise<void> {
    for (const folder of folders) await this.step({ op: 'removeEmpty', path: folder }, () => this.inner.removeEmpty([folder]));
  }

  private async step<T>(step: Step, work: () => Promise<T>): Promise<T> {
    await this.before(step);
    const result = await work();
    await this.after(step);
    return result;
  }
}

/** What a dead process's calls end with. */
export class Crash extends Error {}

/** The process dies before or after its n-th effect, counted from 0; from then on every call of it fails. */
export interface CrashPoint {
  readonly effect: number;
  readonly when: 'before' | 'after';
}

/** Records the effects on a storage in their order, ids as `#1`, `#2`, … by first sight, and can crash at one of them. */
export class RecordingStorage extends SteppedStorage {
  readonly effects: string[];

  constructor(inner: Storage, crash: CrashPoint | null = null) {
    const effects: string[] = [];
    const name = idNames();
    let dead = false;
    const dieIf = (die: boolean): Promise<void> => {
      dead ||= die;
      return dead ? Promise.reject(new Crash('the process is dead')) : Promise.resolve();
    };
    super(
      inner,
      (step) => dieIf(crash?.when === 'before' && isEffect(step) && effects.length === crash.effect),
      (step) => {
        if (isEffect(step)) effects.push(`${step.op} ${name(step.path)}`);
        return dieIf(crash?.when === 'after' && isEffect(step) && effects.length === crash.effect + 1);
      },
    );
    this.effects = effects;
  }
}

/** Staging folders and UUIDs are named by number, so that two runs' logs are equal. */
function idNames(): (path: string) => string {
  const known = new Map<string, string>();
  return (path) =>
    path.replace(/(?<=^_ingot\/staging\/[^/]+\/)[^/]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
      const found = known.get(id) ?? `#${known.size + 1}`;
      known.set(id, found);
      return found;
    });
}
