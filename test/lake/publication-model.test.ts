import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LakeError } from '../../src/errors.js';
import { readTables } from '../../src/lake/views.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { lakeOver, rowsByGlob, rowsOf, scopeOver, siblings, stagedWrite, type Change } from '../support/publications.js';
import { Crash, SteppedStorage } from '../support/recording-storage.js';

/** What one publication does; `null` leaves a table alone. `window`: it publishes only if nobody has moved the offset. */
interface Plan {
  readonly itemEvent: { platform: string | null; replace: boolean } | null;
  readonly event: { platform: string | null; replace: boolean } | null;
  readonly window: boolean;
}

interface Publisher {
  readonly plans: readonly Plan[];
  /** It dies at this step; null: it lives. */
  readonly diesAt: number | null;
}

interface Outcome {
  readonly returned: Map<string, number>;
  readonly refused: Set<string>;
}

const change = fc.option(fc.record({ platform: fc.constantFrom('IOS', 'a b%ñ', null), replace: fc.boolean() }), { freq: 4 });
const plan = fc.record({ itemEvent: change, event: change, window: fc.boolean() });
const publisher = fc.record({ plans: fc.array(plan, { minLength: 1, maxLength: 4 }), diesAt: fc.option(fc.nat(60), { freq: 2 }) });
const schedule = fc.array(fc.nat(1000), { minLength: 1, maxLength: 200 });

describe('publications of several processes at once', () => {
  it('leave every run in all its tables exactly once or in none, whatever the order of steps and the crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(publisher, { minLength: 2, maxLength: 4 }), schedule, async (publishers, order) => {
        const storage = new MemoryStorage();
        const plans = new Map<string, Plan>();
        const outcome = await interleave(storage, publishers, order, plans);
        await scopeOver(storage).recover();
        await checkAll(storage, plans, outcome);
        await scopeOver(storage).recover();
        await checkAll(storage, plans, outcome);
      }),
      { seed: 20260310, numRuns: 150 },
    );
  });

  it('number the next run after the last when only some processes live on', async () => {
    const storage = new MemoryStorage();
    const plans = new Map<string, Plan>();
    const event = { platform: 'IOS', replace: true };
    const publishers = Array.from({ length: 3 }, (_value, index) => ({ plans: Array.from({ length: 8 }, () => ({ itemEvent: event, event, window: false })), diesAt: index === 2 ? null : 40 * (index + 1) }));
    const outcome = await interleave(storage, publishers, [5, 3, 8, 1, 7, 2], plans);
    await scopeOver(storage).recover();
    assert.ok(outcome.returned.size >= 8);
    await checkAll(storage, plans, outcome);
  });
});

/** Runs the publishers, one storage call of one of them at a time, as `order` picks them. */
async function interleave(storage: MemoryStorage, publishers: readonly Publisher[], order: readonly number[], plans: Map<string, Plan>): Promise<Outcome> {
  const outcome: Outcome = { returned: new Map(), refused: new Set() };
  const gates: { publisher: number; open: () => void }[] = [];
  const work = publishers.map(async ({ plans: own, diesAt }, publisher) => {
    let steps = 0;
    const gated = new SteppedStorage(storage, async () => {
      await new Promise<void>((open) => gates.push({ publisher, open }));
      if (diesAt !== null && steps >= diesAt) throw new Crash('the process is dead');
      steps++;
    });
    try {
      for (const [index, each] of own.entries()) await publish(storage, gated, `${publisher}.${index}`, each, plans, outcome);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  });
  const state = { finished: false };
  const all = Promise.all(work).finally(() => (state.finished = true));
  for (let step = 0; ; step++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (state.finished) break;
    assert.ok(gates.length > 0, 'somebody can go on');
    assert.ok(step < 20_000, 'the publishers come to an end');
    gates.sort((a, b) => a.publisher - b.publisher);
    const [gate] = gates.splice((order[step % order.length] ?? 0) % gates.length, 1);
    if (step % 7 === 0) await checkReader(storage, plans);
    gate?.open();
  }
  await all;
  return outcome;
}

async function publish(storage: MemoryStorage, gated: SteppedStorage, name: string, plan: Plan, plans: Map<string, Plan>, outcome: Outcome): Promise<void> {
  const scope = scopeOver(gated);
  const staging = scope.newStaging();
  plans.set(name, plan);
  const key = [...plans.keys()].indexOf(name);
  const offset = (await scope.anchor.snapshot())?.txn('offset', 0) ?? 0;
  const first = await stagedWrite(storage, staging, 'item_event', changeOf(name, plan.itemEvent));
  const last = await stagedWrite(storage, staging, 'event', changeOf(name, plan.event), { plan: key });
  const writes = [first, plan.window ? { ...last, txns: { offset: offset + 1 } } : last];
  try {
    const run = await scope.publish(staging, writes, [], async () => {
      if (!plan.window || ((await scope.anchor.snapshot())?.txn('offset', 0) ?? 0) === offset) return;
      throw new LakeError('the window has moved', { code: 'COMMIT_CONFLICT', op: 'test' });
    });
    outcome.returned.set(name, run);
  } catch (error) {
    if (!(error instanceof LakeError && error.code === 'COMMIT_CONFLICT')) throw error;
    outcome.refused.add(name);
  }
}

function changeOf(name: string, change: Plan['event']): Change | null {
  return change === null ? null : { ...change, rows: [`${name}/1`, `${name}/2`] };
}

/** The plans that the anchor's log names, in the order of their runs; the numbers must have no gap. */
async function history(storage: MemoryStorage, plans: Map<string, Plan>): Promise<string[]> {
  const names: string[] = [];
  const log = lakeOver(storage).table('silver', 'event').log;
  for (let version = 0; ; version++) {
    const commit = await log.commit(version);
    if (commit === null) return names;
    const run = commit.actions.find((action) => action.txn?.appId === 'ingot.run')?.txn?.version;
    assert.equal(run, names.length + 1);
    const plan = Number(commit.actions.find((action) => action.commitInfo)?.commitInfo?.operationMetrics['plan']);
    names.push([...plans.keys()][plan] ?? '');
  }
}

function expected(names: readonly string[], plans: Map<string, Plan>, table: 'itemEvent' | 'event'): string[] {
  const partitions = new Map<string | null, string[]>();
  for (const name of names) {
    const change = plans.get(name)?.[table] ?? null;
    if (change === null) continue;
    const before = change.replace ? [] : (partitions.get(change.platform) ?? []);
    partitions.set(change.platform, [...before, `${name}/1`, `${name}/2`]);
  }
  return [...partitions.values()].flat().sort();
}

/** A reader sees both tables as after one and the same run. */
async function checkReader(storage: MemoryStorage, plans: Map<string, Plan>): Promise<void> {
  const done = await history(storage, plans);
  const readings = await readTables(lakeOver(storage), siblings.map((table) => ({ layer: 'silver', table })));
  for (const { table, snapshot } of readings) {
    const want = expected(done, plans, table === 'event' ? 'event' : 'itemEvent');
    assert.deepEqual(await rowsOf(storage, `silver/${table}`, snapshot), want, `${table} after run ${done.length}`);
  }
}

async function checkAll(storage: MemoryStorage, plans: Map<string, Plan>, outcome: Outcome): Promise<void> {
  const done = await history(storage, plans);
  assert.equal(new Set(done).size, done.length, 'no plan is published twice');
  for (const [name, run] of outcome.returned) assert.equal(done[run - 1], name, `run ${run} is that of the plan that got it`);
  for (const name of outcome.refused) assert.ok(!done.includes(name), 'a refused plan is not published');
  const windows = done.filter((name) => plans.get(name)?.window === true).length;
  const anchor = await lakeOver(storage).table('silver', 'event').snapshot();
  assert.equal(anchor?.txn('offset', 0) ?? 0, windows, 'each window began where the one before it ended');
  for (const table of siblings) {
    const want = expected(done, plans, table === 'event' ? 'event' : 'itemEvent');
    const snapshot = await lakeOver(storage).table('silver', table).snapshot();
    assert.deepEqual(snapshot === null ? [] : await rowsOf(storage, `silver/${table}`, snapshot), want);
    assert.deepEqual(await rowsByGlob(storage, `silver/${table}`), want, 'the plain glob is the snapshot');
  }
}
