import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Lake } from '../../src/lake/lake.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { systemClock } from '../../src/clock.js';
import { CtrService } from '../../src/serve/ctr.js';
import { ctrServer } from '../../src/serve/server.js';
import { publishSeconds } from '../serve/table.js';

/** That an end is after a start, and what a cursor is, no schema says: such requests are rightly refused. */
const beyondSchemas = 'positive_data_acceptance';

const platforms = ['iOS', 'Android', 'MobileWeb'];
/** Rows of two days; `views` each. */
const rows = (views: number): string => `
  SELECT CAST(second AS DATE) AS event_date, ['iOS', 'Android', 'MobileWeb'][1 + n % 3] AS platform, '2000' || (n % 50) || '_' || (n % 7) AS product, second, CAST(${views} AS BIGINT) AS product_views, CAST(n % 5 = 0 AS BIGINT) AS purchases
  FROM (SELECT range AS n, TIMESTAMPTZ '2016-01-03 00:00:00+00' + range * INTERVAL 17 SECOND AS second FROM range(10000))`;

async function served(work: (url: string, lake: Lake) => Promise<void>): Promise<void> {
  const folder = temporaryFolder();
  const [lake, own] = [Lake.local(folder, { retainMs: 60_000 }), Lake.local(folder)];
  await publishSeconds(lake, rows(1));
  const failures: string[] = [];
  const app = ctrServer(new CtrService(own, { heldBytes: 1e7, pageBytes: 1e6 }), { platforms, version: '1', failed: (text) => failures.push(text) });
  try {
    await work(await app.listen({ host: '127.0.0.1', port: 0 }), lake);
    assert.deepEqual(failures, []);
  } finally {
    await app.close();
    await own.close();
    await lake.close();
  }
}

describe('the CTR service beside others', function () {
  this.timeout(600_000);
  after(removeTemporaryFolders);

  it('is found in order by schemathesis, which asks what its description allows and what it does not', () => served(async (url) => {
    const program = process.env['INGOT_SCHEMATHESIS'];
    if (program === undefined) throw new Error('INGOT_SCHEMATHESIS is not set: run `npm run test:engines`');
    const child = spawn(program, ['run', `${url}/openapi.json`, '--checks', 'all', '--exclude-checks', beyondSchemas, '--max-examples', '200', '--seed', '1', '--suppress-health-check', 'all', '--no-color'], { cwd: temporaryFolder(), stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    assert.equal(code, 0, said.join('').slice(-6_000));
  }));

  it('answers fifty clients each from one snapshot while another is published', () => served(async (url, lake) => {
    const asked = `${url}/ctr?startTimestamp=2016-01-02+00%3A00%3A00&endTimestamp=2016-01-06+00%3A00%3A00&aggregation=1440&limit=10000`;
    const totals = new Set<number>();
    const end = { at: Infinity };
    const client = async (): Promise<void> => {
      while (systemClock.nowMs() < end.at) {
        const answer = await fetch(asked);
        assert.equal(answer.status, 200);
        totals.add(((await answer.json()) as { productViews: number }[]).reduce((total, row) => total + row.productViews, 0));
        if (totals.has(30_000)) end.at = Math.min(end.at, systemClock.nowMs());
      }
    };
    const clients = Array.from({ length: 50 }, client);
    await publishSeconds(lake, rows(3));
    await Promise.all(clients);
    assert.deepEqual([...totals].sort((a, b) => a - b).filter((total) => total !== 10_000), [30_000]);
  }));
});
