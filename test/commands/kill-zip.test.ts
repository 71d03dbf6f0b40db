import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, withPipeline } from '../support/pipeline.js';
import { writeZip } from '../support/zip.js';
import { startIngot } from './ingot.js';

/** The first member is so large that it is many batches, and the kill falls within it. */
const rowsOfMembers = [1_500, 40, 40];
const rowBytes = 20_000;
const pollMs = 2;

describe('the landing of an archive', () => {
  after(removeTemporaryFolders);

  it('that is killed goes on where it was: each row is there once, and nothing that was unpacked is left', async () => {
    const [folder, lake] = [temporaryFolder(), temporaryFolder()];
    const zip = join(folder, 'views.zip');
    const bodies = (member: number, count: number): string => Array.from({ length: count }, (_none, row) => `${eventBody({ user_id: `u${member}-${row}`, padding: 'x'.repeat(rowBytes) })}\n`).join('');
    await writeZip(zip, Object.fromEntries(rowsOfMembers.map((count, member) => [`day/${member}.ndjson`, bodies(member, count)])));
    const rows = rowsOfMembers.reduce((sum, count) => sum + count, 0);
    const running = startIngot(['bronze', 'shop', '--lake', lake, '--from', zip, '--window-rows', '20']);
    while (!existsSync(join(lake, 'bronze/shop/_delta_log/00000000000000000001.json')) && running.child.exitCode === null) await delay(pollMs);
    running.child.kill('SIGKILL');
    assert.equal((await running.ended).signal, 'SIGKILL', 'it ended before it could be killed');
    await withPipeline(async (pipeline) => {
      const landed = await pipeline.count('bronze.shop');
      assert.ok(landed > 0 && landed < (rowsOfMembers[0] ?? 0), `${landed} rows: the kill was to fall within the first member`);
      const { summary, failures } = await pipeline.land(zip);
      assert.deepEqual([summary.landed, failures], [rows - landed, []]);
      assert.deepEqual(await pipeline.rows('SELECT count(*) AS n, count(DISTINCT message_id) AS ids, count(DISTINCT body) AS bodies FROM bronze.shop'), [{ n: String(rows), ids: String(rows), bodies: String(rows) }]);
      assert.equal((await pipeline.land(zip)).summary.received, 0);
      assert.deepEqual(readdirSync(join(lake, '_ingot/staging/bronze.shop')), []);
    }, { root: lake });
  });
});
