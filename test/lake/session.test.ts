import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Session } from '../../src/lake/duckdb.js';
import { LakeError } from '../../src/errors.js';
import { temporaryFolder } from '../support/lake.js';

describe('a session', () => {
  let session: Session;
  let folder: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    session = await Session.open({ memoryLimitBytes: 128e6, threads: 1, spillDir: join(folder, 'spill') });
  });
  afterEach(() => session.close());

  it('does not keep the files of a local lake that it has read', async () => {
    const path = join(folder, 'rows.parquet');
    await session.run(`COPY (SELECT range AS n, hash(range)::VARCHAR AS text FROM range(200000)) TO $path (FORMAT parquet)`, { path });
    await session.rows('SELECT max(length(text)) AS longest, sum(n) AS total FROM read_parquet($path)', { path });
    assert.deepEqual(await session.rows("SELECT tag FROM duckdb_memory() WHERE tag = 'EXTERNAL_FILE_CACHE' AND memory_usage_bytes > 0"), []);
  });

  it('says what to do when memory is not enough', async () => {
    await assert.rejects(session.rows("SELECT list(repeat('x', 1000)) AS texts FROM range(1000000)"), (error) => error instanceof LakeError && error.code === 'OUT_OF_MEMORY' && /--memory/.test(error.hint ?? ''));
  });
});
