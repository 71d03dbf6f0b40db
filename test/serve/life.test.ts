import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { Lake } from '../../src/lake/lake.js';
import { CtrService } from '../../src/serve/ctr.js';
import type { CtrRequest } from '../../src/serve/request.js';
import { ctrServer } from '../../src/serve/server.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { publishSeconds } from './table.js';

const days = 40;
const startSeconds = Date.UTC(2016, 0, 3) / 1000;
const daySeconds = 86_400;
/** More than the server takes at once. */
const leaving = 520;
const rows = `
  SELECT CAST(second AS DATE) AS event_date, 'iOS' AS platform, 'p_1' AS product, second, CAST(1 AS BIGINT) AS product_views, CAST(0 AS BIGINT) AS purchases
  FROM (SELECT TIMESTAMPTZ '2016-01-03 00:00:00+00' + range * INTERVAL 1 HOUR AS second FROM range(${days * 24}))`;

function requestOf(day: number): CtrRequest {
  return { startSeconds: startSeconds + day * daySeconds, endSeconds: startSeconds + (day + 1) * daySeconds, stepSeconds: 3_600, product: null, platform: null, limit: 1_000, cursor: null };
}

async function serviced(work: (service: CtrService, lake: Lake) => Promise<void>): Promise<void> {
  const lake = Lake.local(temporaryFolder(), { memoryLimitBytes: 3e8, threads: 1 });
  try {
    await publishSeconds(lake, rows);
    await work(new CtrService(lake, { heldBytes: 1e7, pageBytes: 1e6 }), lake);
  } finally {
    await lake.close();
  }
}

describe('the CTR service\'s life', () => {
  after(removeTemporaryFolders);

  it('answers on when more clients than it takes at once have gone before their answers', () => serviced(async (service) => {
    const gate = { open: (): void => undefined, asked: 0, all: (): void => undefined };
    const opened = new Promise<void>((resolve) => (gate.open = resolve));
    const answer = service.answer.bind(service);
    service.answer = async (request) => {
      gate.asked++;
      gate.all();
      await opened;
      return answer(request);
    };
    const app = ctrServer(service, { platforms: ['iOS'], version: '1', failed: (text) => assert.fail(text) });
    const path = '/ctr?startTimestamp=2016-01-03+00:00:00&endTimestamp=2016-01-04+00:00:00&aggregation=60';
    try {
      await app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = app.server.address() as AddressInfo;
      const closed: Promise<unknown>[] = [];
      app.server.on('connection', (socket) => closed.push(once(socket, 'close')));
      // Fewer at a time than are taken at once: each is counted, and then goes.
      for (let left = 0; left < leaving; left += 130) {
        const asked = new Promise<void>((resolve) => (gate.all = () => (gate.asked === left + 130 ? resolve() : undefined)));
        const clients = Array.from({ length: 130 }, () => connect(port, '127.0.0.1'));
        for (const client of clients) client.write(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
        await asked;
        for (const client of clients) client.destroy();
        await Promise.all(closed);
      }
      gate.open();
      const got = await fetch(`http://127.0.0.1:${port}${path}`);
      assert.deepEqual([gate.asked, got.status, ((await got.json()) as unknown[]).length], [leaving + 1, 200, 24]);
    } finally {
      await app.close();
    }
  }));

  it('ends while files are read for clients that have gone: what waits is turned away, and nothing fails', () => serviced(async (service, lake) => {
    const asked = Array.from({ length: days }, (_each, day) => service.answer(requestOf(day)));
    const outcomes = Promise.allSettled(asked);
    await asked[0];
    await service.close();
    await lake.close();
    const statuses = (await outcomes).map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason) : 'status' in outcome.value ? outcome.value.status : 200));
    assert.deepEqual([statuses[0], statuses.at(-1), statuses.filter((status) => status !== 200 && status !== 503)], [200, 503, []]);
  }));

  it('makes one page for equal requests at once', () => serviced(async (service) => {
    const pages = await Promise.all(Array.from({ length: 20 }, () => service.answer(requestOf(1))));
    assert.equal(new Set(pages).size, 1);
    assert.ok('body' in pages[0]!);
  }));
});
