import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { Lake } from '../../src/lake/lake.js';
import { secondsOf, wallClock } from '../../src/serve/clock.js';
import { CtrService } from '../../src/serve/ctr.js';
import { compareText } from '../../src/serve/day.js';
import { ratioText } from '../../src/serve/ratio.js';
import { ctrServer } from '../../src/serve/server.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { runs } from '../support/thorough.js';
import { publishRows, type SecondRow } from './table.js';

const platforms = ['iOS', 'Android', 'MobileWeb'];

interface Served {
  readonly lake: Lake;
  readonly service: CtrService;
  readonly app: FastifyInstance;
  /** Moves the service's clock on, so that it looks for a newer version. */
  readonly wait: () => void;
}

/** A lake with these rows, and the service over it. @param heldBytes 0: every answer is read from the files */
async function served(rows: readonly SecondRow[] | null, work: (served: Served) => Promise<void>, heldBytes = 1e7): Promise<void> {
  const now = { ms: Date.parse('2026-03-10T12:00:00Z') };
  const clock = { nowMs: () => now.ms, sleep: () => new Promise<void>(() => undefined) };
  const lake = Lake.local(temporaryFolder(), { clock, memoryLimitBytes: 3e8, threads: 1 });
  if (rows !== null) await publishRows(lake, rows);
  const service = new CtrService(lake, { heldBytes, pageBytes: 1e6 });
  const app = ctrServer(service, { platforms, version: '1', failed: () => undefined });
  try {
    await work({ lake, service, app, wait: () => void (now.ms += 2_000) });
  } finally {
    await app.close();
    await lake.close();
  }
}

const at = (text: string): number => secondsOf(text) ?? NaN;
const row = (product: string, second: string, product_views: number, purchases = 0, platform = 'iOS'): SecondRow => ({ event_date: '2016-01-03', platform, product, second: at(second), product_views, purchases });

const day: readonly SecondRow[] = [
  row('p_1', '2016-01-03 13:55:00', 60, 1), row('p_1', '2016-01-03 14:04:59', 7), row('p_1', '2016-01-03 14:05:00', 3),
  row('p_2', '2016-01-03 13:54:59', 9), row('p_2', '2016-01-04 13:55:00', 9), row('p_2', '2016-01-04 13:54:59', 0, 2), row('p_3', '2016-01-03 20:00:00', 0, 0),
  row('p_1', '2016-01-03 13:56:00', 2, 1, 'MobileWeb'), row('p_1', '2016-01-03 14:00:00', 1, 0, 'Android'),
  { ...row('p_1', '2016-01-03 13:55:01', 1), event_date: '2016-01-01' },
];

const example = { startTimestamp: '2016-01-03 13:55:00', endTimestamp: '2016-01-04 13:55:00', aggregation: 10 };
const query = (parameters: Readonly<Record<string, string | number>>): string => `/ctr?${new URLSearchParams(Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]))).toString()}`;

describe('the CTR service', () => {
  after(removeTemporaryFolders);

  it('answers the example by GET and by POST alike: by platform, product and time, four digits, half-open, nothing empty', () => served(day, async ({ app }) => {
    const got = await app.inject(query(example));
    const expected = [
      '{"startTimestamp":"2016-01-03 13:55:00","platform":"Android","product":"p_1","ctr":0.0000,"purchases":0,"productViews":1}',
      '{"startTimestamp":"2016-01-03 13:55:00","platform":"MobileWeb","product":"p_1","ctr":0.5000,"purchases":1,"productViews":2}',
      '{"startTimestamp":"2016-01-03 13:55:00","platform":"iOS","product":"p_1","ctr":0.0147,"purchases":1,"productViews":68}',
      '{"startTimestamp":"2016-01-03 14:05:00","platform":"iOS","product":"p_1","ctr":0.0000,"purchases":0,"productViews":3}',
      '{"startTimestamp":"2016-01-04 13:45:00","platform":"iOS","product":"p_2","ctr":null,"purchases":2,"productViews":0}',
    ];
    assert.equal(got.body, `[\n${expected.join(',\n')}\n]`);
    assert.equal((await app.inject({ method: 'POST', url: '/ctr', payload: example })).body, got.body);
    assert.equal((await app.inject(query({ ...example, platform: 'mobileWEB', product: 'p_1' }))).body, `[\n${expected[1] ?? ''}\n]`);
    assert.equal((await app.inject(query({ ...example, product: 'none' }))).body, '[]');
  }));

  it('names what is wrong with a request, each parameter once', () => served(day, async ({ app }) => {
    const wrong: readonly (readonly [Readonly<Record<string, string | number | null | undefined>>, string, RegExp])[] = [
      [{ startTimestamp: undefined }, 'startTimestamp', /is missing/], [{ endTimestamp: null }, 'endTimestamp', /is missing/], [{ aggregation: undefined }, 'aggregation', /is missing/],
      [{ startTimestamp: '2016-02-30 00:00:00' }, 'startTimestamp', /no time/], [{ endTimestamp: '2016-01-04T13:55:00' }, 'endTimestamp', /no time/], [{ endTimestamp: '2016-01-04 24:00:00' }, 'endTimestamp', /no time/],
      [{ endTimestamp: '2016-01-03 13:54:59' }, 'endTimestamp', /is not after/], [{ endTimestamp: '2016-01-03 13:55:00' }, 'endTimestamp', /is not after/],
      [{ aggregation: 0 }, 'aggregation', /whole number/], [{ aggregation: 1.5 }, 'aggregation', /whole number/], [{ aggregation: -1 }, 'aggregation', /whole number/],
      [{ platform: 'Windows' }, 'platform', /none of iOS, Android, MobileWeb/], [{ product: '' }, 'product', /no text/], [{ product: 'x'.repeat(201) }, 'product', /no text/],
      [{ endTimestamp: '2018-01-03 13:55:00', aggregation: 1 }, 'endTimestamp', /more than 1000000 times/], [{ agregation: 1 }, 'agregation', /no parameter/], [{ cursor: 'x' }, 'cursor', /none that this/], [{ limit: 0 }, 'limit', /whole number/],
    ];
    for (const [change, parameter, detail] of wrong) {
      const changed: Record<string, string | number | null | undefined> = { ...example, ...change };
      const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
      const inQuery = Object.fromEntries(Object.entries(changed).flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, value] as const])));
      for (const answer of [await app.inject({ method: 'POST', url: '/ctr', payload: given }), await app.inject(query(inQuery))]) {
        assert.equal(answer.statusCode, 400, JSON.stringify(given));
        assert.match(answer.headers['content-type'] as string, /^application\/problem\+json/);
        const said = answer.json<{ parameter: string; errors: { parameter: string; detail: string }[] }>();
        assert.deepEqual([said.parameter, said.errors.length], [parameter, 1]);
        assert.match(said.errors[0]?.detail ?? '', detail);
      }
    }
    for (const payload of [{ ...example, aggregation: '10' }, { ...example, platform: 7 }, { ...example, startTimestamp: 1 }]) assert.equal((await app.inject({ method: 'POST', url: '/ctr', payload })).statusCode, 400);
    assert.match((await app.inject(`${query(example)}&aggregation=20`)).body, /aggregation is given twice/);
    const sent = (payload: string, type = 'application/json', url = '/ctr'): Promise<number> => app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } }).then(({ statusCode }) => statusCode);
    assert.deepEqual([await sent('{'), await sent('[1]'), await sent(''), await sent('x'.repeat(20_000)), await sent('{}', 'text/plain'), await sent(JSON.stringify(example), 'application/json; charset=utf-8', '/ctr?limit=3')], [400, 400, 400, 413, 415, 400]);
  }));

  it('answers other addresses and methods with problems', () => served(day, async ({ app }) => {
    for (const [method, url, status, allow] of [['GET', '/', 404, undefined], ['DELETE', '/ctr', 405, 'GET, HEAD, POST'], ['POST', '/health', 405, 'GET, HEAD'], ['GET', '/ctr/', 404, undefined], ['TRACE', '/ctr', 405, 'GET, HEAD, POST']] as const) {
      const answer = await app.inject({ method: method as 'GET', url });
      assert.deepEqual([answer.statusCode, answer.headers['allow'], answer.json<{ status: number }>().status], [status, allow, status], `${method} ${url}`);
    }
    const head = await app.inject({ method: 'HEAD', url: query(example) });
    assert.deepEqual([head.statusCode, head.body], [200, '']);
  }));

  it('pages large answers by a Link that goes on where the page ends, also behind a POST', () => served(day, async ({ app }) => {
    const whole = (await app.inject(query(example))).json<unknown[]>();
    const pages: unknown[][] = [];
    let next: string | undefined;
    do {
      const answer = next === undefined ? await app.inject({ method: 'POST', url: '/ctr', payload: { ...example, limit: 2 } }) : await app.inject(next);
      pages.push(answer.json<unknown[]>());
      next = /^<([^>]+)>; rel="next"$/.exec((answer.headers['link'] as string | undefined) ?? '')?.[1];
    } while (next !== undefined);
    assert.deepEqual(pages.map((page) => page.length), [2, 2, 1]);
    assert.deepEqual(pages.flat(), whole);
  }));

  it('has an ETag by snapshot and request, and goes on with pages of the snapshot that they began with', () => served(day, async ({ app, lake, wait }) => {
    const first = await app.inject(query({ ...example, limit: 2 }));
    const etag = first.headers['etag'] as string;
    assert.equal((await app.inject({ url: query({ ...example, limit: 2 }), headers: { 'if-none-match': `"x", ${etag}` } })).statusCode, 304);
    assert.notEqual((await app.inject(query(example))).headers['etag'], etag);
    const link = /^<([^>]+)>/.exec(first.headers['link'] as string)?.[1] ?? '';
    await app.inject(query(example));
    await publishRows(lake, [row('p_0', '2016-01-03 13:55:00', 1)]);
    wait();
    const fresh = await app.inject({ url: query({ ...example, limit: 2 }), headers: { 'if-none-match': etag } });
    assert.deepEqual([fresh.statusCode, fresh.json<{ product: string }[]>()[0]?.product], [200, 'p_0']);
    const rest = await app.inject(link);
    assert.ok(rest.statusCode === 200 ? rest.json<{ platform: string }[]>()[0]?.platform === 'iOS' : rest.statusCode === 410, rest.body);
    assert.equal((await app.inject(link.replace(/cursor=.*/, `cursor=${Buffer.from('[99,"x","iOS","p",0]').toString('base64url')}`))).statusCode, 410);
  }));

  it('packs what is worth it for those who take gzip', () => served(Array.from({ length: 300 }, (_each, index) => row(`p_${index}`, '2016-01-03 14:00:00', index + 1)), async ({ app }) => {
    const plain = await app.inject(query(example));
    const asked = async (accept: string): Promise<unknown> => (await app.inject({ url: query(example), headers: { 'accept-encoding': accept } })).headers['content-encoding'];
    assert.deepEqual([await asked('gzip'), await asked('br, gzip;q=0.5'), await asked('*'), await asked('gzip;q=0'), await asked('br')], ['gzip', 'gzip', 'gzip', undefined, undefined]);
    const packed = await app.inject({ url: query(example), headers: { 'accept-encoding': 'gzip' } });
    assert.equal(gunzipSync(packed.rawPayload).toString('utf8'), plain.body);
    assert.equal(packed.headers['vary'], 'Accept-Encoding');
  }));

  it('says that there is nothing yet, and answers as soon as there is', () => served(null, async ({ app, lake, wait }) => {
    assert.deepEqual([(await app.inject(query(example))).statusCode, (await app.inject('/health')).json<{ snapshot: unknown }>().snapshot], [503, null]);
    await publishRows(lake, day);
    wait();
    assert.equal((await app.inject(query(example))).json<unknown[]>().length, 5);
    assert.match((await app.inject('/metrics')).body, /ingot_http_requests_total\{route="\/ctr",method="GET",status="503"\} 1/);
    assert.equal((await app.inject('/openapi.json')).json<{ openapi: string }>().openapi, '3.1.0');
  }));

  it('gives the same from memory and from files, page by page, as the rows added up one by one', async () => {
    const products = ['p_1', 'p_10', 'p_2', 'é', '\u{1f600}', '\uffee', 'a"b\\'];
    const rowArbitrary = fc.record({
      event_date: fc.constantFrom('2016-01-03', '2016-01-04', '2016-01-05'), platform: fc.constantFrom(...platforms), product: fc.constantFrom(...products),
      second: fc.integer({ min: 0, max: 7_200 }).map((offset) => at('2016-01-03 20:00:00') + offset), product_views: fc.constantFrom(0, 1, 1, 2, 300, 70_000), purchases: fc.constantFrom(0, 0, 1, 3),
    });
    const requestArbitrary = fc.record({ from: fc.integer({ min: -600, max: 7_000 }), length: fc.integer({ min: 1, max: 8_000 }), minutes: fc.constantFrom(1, 7, 60, 1440), limit: fc.constantFrom(1, 3, 1_000), platform: fc.option(fc.constantFrom(...platforms)), product: fc.option(fc.constantFrom(...products)) });
    await fc.assert(fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 60 }), fc.array(requestArbitrary, { minLength: 1, maxLength: 4 }), async (rows, requests) => {
      for (const heldBytes of [1e7, 0]) {
        await served(rows, async ({ app }) => {
          for (const { from, length, minutes, limit, platform, product } of requests) {
            const start = at('2016-01-03 20:00:00') + from;
            const found: string[] = [];
            let next: string | undefined = query({ startTimestamp: wallClock(start), endTimestamp: wallClock(start + length), aggregation: minutes, limit, ...(platform === null ? {} : { platform }), ...(product === null ? {} : { product }) });
            while (next !== undefined) {
              const answer: Awaited<ReturnType<typeof app.inject>> = await app.inject(next);
              const page = answer.body.split('\n').slice(1, -1).map((line) => line.replace(/,$/, ''));
              assert.ok(page.length <= limit);
              found.push(...page);
              next = /^<([^>]+)>/.exec((answer.headers['link'] as string | undefined) ?? '')?.[1];
            }
            assert.deepEqual(found, naive(rows, { start, end: start + length, step: minutes * 60, platform, product }));
          }
        }, heldBytes);
      }
    }), { numRuns: runs(6, 60), seed: 11 });
  });

  it('rounds half up, from whole numbers, and knows only times that exist', () => {
    assert.deepEqual([ratioText(3, 200), ratioText(1, 3), ratioText(2, 3), ratioText(1, 20_000), ratioText(1, 20_001), ratioText(3, 2), ratioText(0, 5), ratioText(5, 0), ratioText(9_007_199_254_740_991, 9_007_199_254_740_990)], ['0.0150', '0.3333', '0.6667', '0.0001', '0.0000', '1.5000', '0.0000', 'null', '1.0000']);
    assert.deepEqual(['2016-01-03 13:55:00', '2016-02-29 23:59:59', '2015-02-29 00:00:00', '2016-13-01 00:00:00', '2016-01-01 23:59:60', '2016-1-1 00:00:00'].map(secondsOf), [1_451_840_100, 1_456_801_199, null, null, null, null]);
    const texts = ['b', 'a', '\u{1f600}', '\uffee', 'é', 'ab', ''];
    assert.deepEqual([...texts].sort(compareText), [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });
});

interface Asked {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly platform: string | null;
  readonly product: string | null;
}

/** Row by row, in the plainest way. */
function naive(rows: readonly SecondRow[], { start, end, step, platform, product }: Asked): string[] {
  const sums = new Map<string, { key: readonly [string, string, number]; views: number; bought: number }>();
  for (const each of rows) {
    if (each.second < start || each.second >= end || (platform !== null && each.platform !== platform) || (product !== null && each.product !== product)) continue;
    const key = [each.platform, each.product, Math.floor((each.second - start) / step)] as const;
    const sum = sums.get(JSON.stringify(key)) ?? { key, views: 0, bought: 0 };
    sums.set(JSON.stringify(key), { key, views: sum.views + each.product_views, bought: sum.bought + each.purchases });
  }
  const bytes = (text: string): Buffer => Buffer.from(text);
  return [...sums.values()].filter(({ views, bought }) => views + bought > 0)
    .sort((a, b) => Buffer.compare(bytes(a.key[0]), bytes(b.key[0])) || Buffer.compare(bytes(a.key[1]), bytes(b.key[1])) || a.key[2] - b.key[2])
    .map(({ key: [of, named, bucket], views, bought }) => {
      const ctr = views === 0 ? 'null' : (Math.floor((bought / views) * 10_000 + 0.5) / 10_000).toFixed(4);
      return `{"startTimestamp":"${new Date((start + bucket * step - 10_800) * 1000).toISOString().slice(0, 19).replace('T', ' ')}","platform":${JSON.stringify(of)},"product":${JSON.stringify(named)},"ctr":${ctr},"purchases":${bought},"productViews":${views}}`;
    });
}
