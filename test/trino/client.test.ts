import assert from 'node:assert/strict';
import { parseDurationMs } from '../../src/config.js';
import { TrinoClient, type StatementProgress } from '../../src/engines/trino/client.js';
import { trinoTarget } from '../../src/engines/trino/target.js';
import { Coordinator, type Reply } from '../support/coordinator.js';

const page = (n: number, more: object = {}): Reply => ({ status: 200, body: { id: 'q1', nextUri: `ORIGIN/v1/statement/executing/q1/${n}`, stats: { state: 'RUNNING', progressPercentage: n * 10, processedRows: n, processedBytes: n }, ...more } });
const last = (more: object = {}): Reply => ({ status: 200, body: { id: 'q1', stats: { state: 'FINISHED' }, ...more } });

describe('a statement of the engine', () => {
  let coordinator: Coordinator | null = null;
  let sleptMs: number[] = [];

  afterEach(async () => {
    await coordinator?.stop();
    coordinator = null;
    sleptMs = [];
  });

  async function client(replies: readonly Reply[], settings = ''): Promise<TrinoClient> {
    coordinator = await Coordinator.start(replies);
    const target = trinoTarget(`${coordinator.origin.replace('http:', 'trino:').replace('//', '//me@')}/hive${settings}`, {}, parseDurationMs);
    return new TrinoClient(target, { nowMs: () => 0, sleep: (ms) => {
      sleptMs.push(ms);
      return Promise.resolve();
    } }, { 'hive.timestamp_precision': 'MICROSECONDS' });
  }

  it('is followed page by page, with rows, types and progress', async () => {
    const told: StatementProgress[] = [];
    const asking = await client([page(1), page(2, { columns: [{ name: 'a', type: 'bigint' }], data: [[1]] }), page(3, { data: [[2]] }), last()]);
    const result = await asking.run('SELECT a', { told: (progress) => told.push(progress) });
    assert.deepEqual([result.columns, result.rows, result.queryId], [[{ name: 'a', type: 'bigint' }], [[1], [2]], 'q1']);
    assert.deepEqual(told.map(({ percent }) => percent), [10, 20, 30, null]);
    assert.deepEqual(coordinator?.asked, ['POST /v1/statement', 'GET /v1/statement/executing/q1/1', 'GET /v1/statement/executing/q1/2', 'GET /v1/statement/executing/q1/3']);
    const [first] = coordinator.headers;
    assert.deepEqual([first?.['x-trino-user'], first?.['x-trino-time-zone'], first?.['x-trino-session'], first?.authorization], ['me', 'UTC', 'hive.timestamp_precision=MICROSECONDS', undefined]);
  });

  it('keeps every digit of a whole number, and leaves texts and other numbers alone', async () => {
    const body = '{"id":"q1","columns":[],"data":[[9223372036854775807,"12345678901234567890 \\"1234567890123456789",0.12345678901234567,1e300,-1234567890123456789,12]]}';
    const { rows } = await (await client([{ status: 200, text: body }])).run('SELECT 1');
    assert.deepEqual(rows, [['9223372036854775807', '12345678901234567890 "1234567890123456789', Number('0.12345678901234567'), 1e300, '-1234567890123456789', 12]]);
  });

  it('is begun again only where nothing of it can run, and a page is asked for again whatever happened', async () => {
    const asking = await client([{ status: 503 }, page(1), 'cut', { status: 502 }, { status: 429 }, page(2), last({ data: [[1]] })]);
    assert.deepEqual((await asking.run('SELECT 1')).rows, [[1]]);
    assert.equal(coordinator?.asked.filter((each) => each.startsWith('POST')).length, 2);
    assert.equal(coordinator.asked.filter((each) => each.endsWith('/q1/1')).length, 4);
    assert.deepEqual(sleptMs, [100, 100, 200, 400]);
  });

  it('that was cut off while it began is not begun again: it may run', async () => {
    await assert.rejects((await client(['cut', last()])).run('INSERT'), { code: 'ENGINE_UNREACHABLE' });
    assert.equal(coordinator?.asked.length, 1);
  });

  it('is given up after eight tries, and cancelled', async () => {
    await assert.rejects((await client([page(1), ...Array.from({ length: 8 }, (): Reply => ({ status: 503 }))])).run('SELECT 1'), { code: 'ENGINE_UNREACHABLE' });
    assert.equal(coordinator?.asked.filter((each) => each.startsWith('GET')).length, 8);
    assert.equal(coordinator.asked.at(-1), 'DELETE /v1/statement/executing/q1/1');
  });

  it('is cancelled in the engine when a signal ends it, or when a reader of its rows fails', async () => {
    const stop = new AbortController();
    await assert.rejects((await client([page(1), page(2)])).run('SELECT 1', { signal: stop.signal, told: ({ percent }) => {
      if (percent === 20) stop.abort();
    } }), { code: 'STOPPED' });
    assert.equal(coordinator?.asked.at(-1), 'DELETE /v1/statement/executing/q1/2');
    await coordinator.stop();
    await assert.rejects((await client([page(1, { data: [[1]] })])).run('SELECT 1', { page: () => Promise.reject(new Error('no room')) }), /no room/);
    assert.equal(coordinator.asked.at(-1), 'DELETE /v1/statement/executing/q1/1');
  });

  it('that takes longer than its time is cancelled', async () => {
    coordinator = await Coordinator.start([page(1), page(2), last()]);
    const target = trinoTarget(`${coordinator.origin.replace('http:', 'trino:')}/hive?timeout=5s`, {}, parseDurationMs);
    let nowMs = 0;
    await assert.rejects(new TrinoClient(target, { nowMs: () => (nowMs += 3_000), sleep: () => Promise.resolve() }).run('SELECT 1'), { code: 'ENGINE_FAILED', message: /took longer than 5 s/ });
    assert.equal(coordinator.asked.at(-1), 'DELETE /v1/statement/executing/q1/2');
  });

  it('tells a wrong password, a failed query, a failed engine and an ended one apart', async () => {
    await assert.rejects((await client([{ status: 401, text: 'Access Denied: Invalid credentials' }])).run('SELECT 1'), { code: 'ENGINE_DENIED', message: /does not let me in: Access Denied/ });
    for (const [error, code, message] of [
      [{ message: 'line 1:8: Column \'x\' cannot be resolved', errorName: 'COLUMN_NOT_FOUND', errorType: 'USER_ERROR' }, 'QUERY_FAILED', /^Trino: line 1:8: Column 'x'/],
      [{ message: 'Catalog \'hove\' not found', errorName: 'CATALOG_NOT_FOUND', errorType: 'USER_ERROR' }, 'ENGINE_FAILED', /hove/],
      [{ message: 'gone', errorName: 'REMOTE_HOST_GONE', errorType: 'INTERNAL_ERROR' }, 'ENGINE_FAILED', /gone/],
      [{ message: 'Query killed. Message: too dear', errorName: 'ADMINISTRATIVELY_KILLED', errorType: 'INSUFFICIENT_RESOURCES' }, 'ENGINE_FAILED', /too dear/],
      [{ message: 'Access Denied: Cannot create table', errorName: 'PERMISSION_DENIED', errorType: 'USER_ERROR' }, 'ENGINE_DENIED', /Cannot create/],
    ] as const) {
      await coordinator?.stop();
      await assert.rejects((await client([page(1), last({ error })])).run('SELECT 1'), (thrown: unknown) => {
        assert.deepEqual([(thrown as { code: string }).code, message.test((thrown as Error).message), ((thrown as { hint?: string }).hint ?? '') !== ''], [code, true, true]);
        return true;
      });
    }
  });

  it('sends credentials to the server that they are for, whatever a page names', async () => {
    const other = await Coordinator.start([last()]);
    try {
      const asking = await client([{ status: 200, body: { id: 'q1', nextUri: `${other.origin}/v1/statement/executing/q1/1` } }, last()]);
      await asking.run('SELECT 1');
      assert.deepEqual([other.asked.length, coordinator?.asked.length], [0, 2]);
    } finally {
      await other.stop();
    }
  });
});
