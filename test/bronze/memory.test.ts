import assert from 'node:assert/strict';
import { Bronze } from '../../src/bronze/bronze.js';
import { consume } from '../../src/bronze/consume.js';
import { write } from '../../src/engines/duckdb.js';
import { loadDataset } from '../../src/load.js';
import { removeTemporaryFolders, temporaryFolder, testLake } from '../support/lake.js';
import { datasetsDir, eventBody } from '../support/pipeline.js';
import { MessageQueue } from './message-source.js';

/** Less than one of the buffers that DuckDB would take for messages of the greatest size. */
const littleMemoryBytes = 128e6;

describe('bronze with little memory', () => {
  after(removeTemporaryFolders);

  async function landed(memoryLimitBytes: number, bodies: readonly string[]): Promise<number[]> {
    const lake = testLake(temporaryFolder(), { memoryLimitBytes });
    const bronze = new Bronze(lake, await loadDataset(datasetsDir, 'shop'));
    await bronze.open();
    const queue = new MessageQueue(new Map(bodies.map((body, index) => [`m${index}`, body])));
    const counts: number[] = [];
    await consume(bronze, queue.open(5), { bytes: 1e9, rows: 5, ageMs: 60_000 }, lake.clock, new AbortController().signal, { committed: (window) => void counts.push(window.landed, window.rejected) });
    await lake.close();
    return counts;
  }

  it('lands messages of a queue', async () => {
    assert.deepEqual(await landed(littleMemoryBytes, [eventBody({ user_id: 'u1' }), eventBody({ user_id: 'u2' })]), [2, 0]);
  });

  it('lands a message whose line in the spool is longer than the usual buffer', async () => {
    assert.deepEqual(await landed(1e9, [eventBody({ user_id: '\u0001'.repeat(3 * 2 ** 20) }), eventBody({ user_id: 'u' })]), [2, 0]);
  });

  it('writes a thousand partitions at once, a file each', async () => {
    const lake = testLake(temporaryFolder(), { memoryLimitBytes: littleMemoryBytes });
    const session = await lake.session();
    const rows = 'SELECT range AS n, range::VARCHAR AS a, range::VARCHAR AS b, range::VARCHAR AS c, range::VARCHAR AS d, range % 1000 AS p FROM range(3000)';
    const files = await write(session, rows, { partitionBy: ['p'], stagingDir: lake.storage.locate('_ingot/staging/test/rows') });
    assert.deepEqual([files.length, new Set(files.map(({ partition }) => partition['p'])).size], [1_000, 1_000]);
    assert.equal(files.reduce((total, file) => total + file.rows, 0), 3_000);
    const [setting] = await session.rows("SELECT current_setting('partitioned_write_flush_threshold') AS rows");
    assert.equal(Number(setting?.['rows']), 524_288);
    await lake.close();
  });
});
