import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { startMetrics, type MetricsServer } from '../../src/commands/metrics.js';
import type { ProcessCounts } from '../../src/report/exposition.js';
import { status, type StatusSummary } from '../../src/report/status.js';
import { probeDepth } from '../../src/sources/depth.js';
import { removeTemporaryFolders, TestClock } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, standingClock, withPipeline } from '../support/pipeline.js';

const counts: ProcessCounts = { received: 10, landed: 7, rejected: 1, redelivered: 1, forgotten: 1, commits: 2, refreshes: 3, refreshMs: 1_250 };
const noShares = { rejected: 0, rows: 0, share: null, newestDay: null };
const bare: StatusSummary = {
  dataset: 'shop', at: '2026-03-10T12:00:00.000Z', tables: [], silver: { stale: [], contracts: [] }, gold: { stale: null, reason: null, whole: null },
  rejected: { bronze: noShares, silver: noShares }, source: null, errors: ['a', 'b'],
};

interface Family {
  help: string;
  type: string;
  /** By the labels, sorted, as `a=b,c=d`. */
  readonly samples: Map<string, number>;
}

/** Reads Prometheus text; every line must be one that the format has, and every sample follow its family's TYPE. */
function parse(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'));
  const families = new Map<string, Family>();
  let open = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', value = ''] = comment;
      if (kind === 'HELP') {
        assert.ok(!families.has(name), `${name} comes twice`);
        families.set(name, { help: value, type: '', samples: new Map() });
        open = name;
      } else families.get(name)!.type = value;
      assert.equal(name, open);
      continue;
    }
    const sample = /^([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+)\} (-?[\d.e+]+)$/.exec(line);
    assert.ok(sample !== null, `no line of the format: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    const family = families.get(name);
    assert.ok(name === open && family !== undefined && family.type !== '', `${name} has no TYPE before it`);
    const key = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', each = '']) => `${label}=${each}`).sort().join(',');
    assert.ok(!family.samples.has(key), `${line} comes twice`);
    family.samples.set(key, Number(value));
  }
  return families;
}

describe('the metrics of a process', () => {
  const servers: MetricsServer[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  after(removeTemporaryFolders);

  async function serve(collect: () => Promise<StatusSummary>, clock: Clock = new TestClock(), counted: () => ProcessCounts = () => counts): Promise<string> {
    const server = await startMetrics(0, { collect, counts: counted }, clock);
    servers.push(server);
    return `http://127.0.0.1:${server.port}`;
  }

  async function scrape(url: string): Promise<Map<string, Family>> {
    const response = await fetch(`${url}/metrics`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    return parse(text);
  }

  it('are a lake\'s status in base units, and the process\'s counts', async () => {
    let nowMs = Date.parse('2026-03-10T12:00:00Z');
    const clock: Clock = { ...standingClock(), nowMs: () => nowMs };
    await withPipeline(async (pipeline) => {
      const item = { item_id: 'a' };
      await pipeline.land(linesFile([eventBody({ items: [item] }), eventBody({ user_id: 'u2' }), eventBody({ event_name: 'refund' }), 'no json']));
      await pipeline.build();
      await pipeline.land(linesFile([eventBody({ user_id: 'u3' })], 'late.ndjson'));
      nowMs += 2_500;
      const waiting = linesFile(['{}'], 'waiting.ndjson');
      const url = await serve(async () => (await status(pipeline.lake, pipeline.dataset, join(datasetsDir, 'shop', 'gold'), probeDepth(waiting))).summary, clock);
      const families = await scrape(url);
      const value = (name: string, labels = ''): number | undefined => families.get(`ingot_${name}`)?.samples.get(labels === '' ? 'dataset=shop' : `dataset=shop,${labels}`);
      const event = Date.parse('2026-01-02T10:00:00Z') / 1000;
      assert.deepEqual([value('table_rows', 'table=bronze.shop'), value('table_files', 'table=bronze.shop'), value('table_small_files', 'table=bronze.shop'), value('table_version', 'table=bronze.shop'), value('table_partitions', 'table=bronze.shop')], [4, 2, 2, 1, 1]);
      assert.deepEqual([value('table_rows', 'table=silver.event'), value('table_rows', 'table=silver.item_event'), value('table_version', 'table=silver.event')], [2, 1, 0]);
      assert.ok((value('table_bytes', 'table=bronze.shop') ?? 0) > 1_000);
      assert.deepEqual([value('table_newest_event_timestamp_seconds', 'table=silver.event'), value('table_newest_event_timestamp_seconds', 'table=gold.session')], [event, Date.parse('2026-01-02') / 1000]);
      assert.deepEqual([value('table_freshness_seconds', 'table=bronze.shop'), value('table_freshness_seconds', 'table=gold.session')], [2.5, 2.5]);
      assert.equal(value('table_committed_timestamp_seconds', 'table=bronze.shop'), Date.parse('2026-03-10T12:00:00Z') / 1000);
      assert.equal(families.get('ingot_table_newest_event_timestamp_seconds')?.samples.has('dataset=shop,table=bronze.shop_rejected'), false);
      assert.deepEqual([value('stale_partitions', 'layer=silver'), value('stale_partitions', 'layer=gold')], [1, 0]);
      assert.deepEqual([value('rejected_ratio', 'layer=bronze'), value('rejected_ratio', 'layer=silver'), value('rejected_newest_day_ratio', 'layer=bronze')], [0.2, 1 / 3, 0.2]);
      assert.deepEqual([value('source_waiting_files'), value('source_waiting_bytes'), value('status_errors')], [1, 3, 0]);
      assert.deepEqual(['received', 'landed', 'rejected', 'redelivered', 'forgotten', 'commits', 'refreshes'].map((name) => [families.get(`ingot_${name}_total`)?.type, value(`${name}_total`)]), [10, 7, 1, 1, 1, 2, 3].map((count) => ['counter', count]));
      assert.deepEqual([families.get('ingot_refresh_seconds')?.type, value('refresh_seconds')], ['gauge', 1.25]);
      for (const [name, { type, help, samples }] of families) assert.ok(type === (name.endsWith('_total') ? 'counter' : 'gauge') && help.endsWith('.') && samples.size > 0, name);
    }, { clock });
  });

  it('have a queue\'s messages by state, and no sample for what can\'t be told', async () => {
    const source = { kind: 'queue', uri: 'sqs://q', visible: 7, inFlight: 5, delayed: 1, lagMessages: 13 } as const;
    const families = await scrape(await serve(() => Promise.resolve({ ...bare, source }), undefined, () => ({ ...counts, refreshMs: null })));
    assert.deepEqual([...(families.get('ingot_source_messages')?.samples ?? [])], [['dataset=shop,state=visible', 7], ['dataset=shop,state=in_flight', 5], ['dataset=shop,state=delayed', 1]]);
    assert.deepEqual([...(families.get('ingot_stale_partitions')?.samples ?? [])], [['dataset=shop,layer=silver', 0]]);
    assert.deepEqual([...(families.get('ingot_status_errors')?.samples ?? [])], [['dataset=shop', 2]]);
    for (const name of ['table_rows', 'rejected_ratio', 'refresh_seconds', 'source_waiting_files']) assert.equal(families.has(`ingot_${name}`), false, name);
  });

  it('are told once for scrapes at once and for those within a few seconds, with the counts of each scrape', async () => {
    const clock = new TestClock();
    let collected = 0;
    let received = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const url = await serve(async () => {
      collected++;
      await held;
      return bare;
    }, clock, () => ({ ...counts, received: ++received }));
    const first = [scrape(url), scrape(url), scrape(url)];
    assert.equal(await (await fetch(`${url}/health`)).text(), 'ok\n');
    release();
    await Promise.all(first);
    assert.equal(collected, 1);
    clock.advance(4_999);
    assert.equal((await scrape(url)).get('ingot_received_total')?.samples.get('dataset=shop'), 4);
    assert.equal(collected, 1);
    clock.advance(1);
    await scrape(url);
    assert.equal(collected, 2);
  });

  it('are a 503 with the reason while the status can\'t be told, and come back', async () => {
    const clock = new TestClock();
    let collected = 0;
    const url = await serve(() => {
      collected++;
      if (collected === 1) throw new Error('the log is torn');
      return Promise.resolve(bare);
    }, clock);
    for (let n = 0; n < 2; n++) {
      const response = await fetch(`${url}/metrics`);
      assert.deepEqual([response.status, await response.text()], [503, 'the status can\'t be told: the log is torn\n']);
    }
    assert.equal(collected, 1);
    clock.advance(5_000);
    assert.ok((await scrape(url)).size > 0);
  });

  it('are a 500 when the process\'s counts can\'t be had, and the server stays', async () => {
    const url = await serve(() => Promise.resolve(bare), undefined, () => {
      throw new Error('no counts');
    });
    assert.equal((await fetch(`${url}/metrics`)).status, 500);
    assert.equal((await fetch(`${url}/health`)).status, 200);
  });

  it('stand at /metrics only, for GET and HEAD', async () => {
    const url = await serve(() => Promise.resolve(bare));
    for (const path of ['/', '/metrics/', '/metric', '/health/x', '/..%2fmetrics']) assert.equal((await fetch(`${url}${path}`)).status, 404, path);
    assert.equal((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status, 404);
    assert.equal((await fetch(`${url}/metrics?name=x`)).status, 200);
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });

  it('refuse a port that is in use, and leave their own when closed', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => other.listen(0, '127.0.0.1', () => resolve((other.address() as AddressInfo).port)));
    const sources = { collect: () => Promise.resolve(bare), counts: () => counts };
    await assert.rejects(startMetrics(port, sources, new TestClock()), { code: 'USAGE', path: '--metrics-port', message: `port ${port} of 127.0.0.1 is in use` });
    await new Promise((resolve) => other.close(resolve));
    const server = await startMetrics(port, sources, new TestClock());
    await scrape(`http://127.0.0.1:${port}`);
    await server.close();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/health`));
  });

  it('wait, when they are closed, for the status that is being told', async () => {
    let told = false;
    let release = (): void => undefined;
    let begun = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await startMetrics(0, {
      collect: async () => {
        begun();
        await held;
        told = true;
        return bare;
      },
      counts: () => counts,
    }, new TestClock());
    const cut = fetch(`http://127.0.0.1:${server.port}/metrics`).then(() => false, () => true);
    await asked;
    const closed = server.close();
    assert.equal(await cut, true);
    assert.equal(told, false);
    release();
    await closed;
    assert.equal(told, true);
  });
});
