import assert from 'node:assert/strict';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../src/commands/audit.js';
import type { Action } from '../../src/lake/actions.js';
import type { AuditSummary } from '../../src/report/audit.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { eventBody, linesFile, withPipeline } from '../support/pipeline.js';

const item = { item_id: 'a', item_list_id: 'L1', price: 2 };
const bodies = ['2026-01-01', '2026-01-02'].flatMap((day) => {
  const event_timestamp = Date.parse(`${day}T12:00:00Z`);
  return [eventBody({ event_timestamp, items: [item] }), eventBody({ event_timestamp, items: [item] }), eventBody({ event_timestamp, user_id: 'u2' }), eventBody({ event_timestamp, event_name: 'refund' })];
});

describe('the audit', () => {
  let good: string;

  before(async () => {
    good = temporaryFolder();
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([...bodies, 'no json']));
      await pipeline.build();
    }, { root: good });
  });

  after(removeTemporaryFolders);

  /** Audits a copy of the good lake after it was damaged: the exit status, the summary, what is printed. */
  async function audited(damage: (root: string) => void): Promise<{ readonly status: number; readonly summary: AuditSummary; readonly lines: readonly string[] }> {
    const root = temporaryFolder();
    cpSync(good, root, { recursive: true });
    damage(root);
    return withPipeline(async (pipeline) => {
      const results: [AuditSummary, readonly string[]][] = [];
      const status = await run({ ...pipeline.context(), result: (summary, lines) => void results.push([summary as AuditSummary, lines]) });
      assert.equal(results.length, 1);
      const [summary, lines] = results[0]!;
      return { status, summary, lines };
    }, { root });
  }

  /** The one data file of a table's date, relative to the root. */
  function fileOf(root: string, table: string, date = '2026-01-02'): string {
    const folder = table.endsWith('bronze/shop_rejected') ? join(root, table) : join(root, table, `event_date=${date}`, 'platform=IOS');
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
    assert.equal(names.length, 1);
    return join(folder, names[0]!).slice(root.length + 1);
  }

  function commits(root: string, table: string): string[] {
    return readdirSync(join(root, table, '_delta_log')).filter((name) => /^\d{20}\.json$/.test(name)).sort();
  }

  /** Commits by hand what the change makes of the `add` of a file. */
  function commitByHand(root: string, table: string, change: (add: NonNullable<Action['add']>) => object): void {
    const folder = join(root, table, '_delta_log');
    const names = commits(root, table);
    const path = fileOf(root, table).slice(table.length + 1);
    const actions = names.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n')).map((line) => JSON.parse(line) as Action);
    const add = actions.flatMap((action) => (action.add !== undefined && decodeURIComponent(action.add.path) === path ? [action.add] : []))[0];
    assert.ok(add !== undefined, `no add of ${path}`);
    writeFileSync(join(folder, `${String(names.length).padStart(20, '0')}.json`), `${JSON.stringify(change(add))}\n`);
  }

  /** A second file of the same rows. */
  function addTwice(root: string, table: string): void {
    const path = fileOf(root, table);
    commitByHand(root, table, (add) => ({ add: { ...add, path: `${dirname(add.path)}/extra.parquet` } }));
    copyFileSync(join(root, path), join(root, dirname(path), 'extra.parquet'));
  }

  it('balances a lake with rejected messages of both layers and duplicates, with every count', async () => {
    const { status, summary, lines } = await audited(() => undefined);
    assert.equal(status, 0);
    assert.deepEqual(summary, {
      balanced: true, differences: [], received: 9, landed: 8, rejected: 1, redelivered: 0,
      forgotten: 0, pending: 0,
      dates: ['2026-01-01', '2026-01-02'].map((event_date) => ({ event_date, bronze: 4, silver: 2, rejected: 1, duplicates: 1 })),
    });
    assert.deepEqual(lines, [
      '9 received = 8 landed + 1 rejected + 0 redelivered',
      '8 in bronze = 4 in silver + 2 rejected + 2 duplicates, over 2 event dates',
      'balanced',
    ]);
  });

  for (const table of ['bronze/shop', 'bronze/shop_rejected', 'silver/event', 'silver/item_event', 'silver/shop_rejected', 'silver/shop_duplicates', 'gold/funnel_daily']) {
    it(`names a file of ${table} that was removed, and one that was cut short`, async () => {
      const damages: readonly (readonly [(path: string) => void, RegExp])[] = [
        [(path) => rmSync(path), / is gone$/],
        [(path) => truncateSync(path, statSync(path).size - 1), / has \d+ bytes, not \d+$/],
      ];
      for (const [damage, message] of damages) {
        let path = '';
        const { status, summary, lines } = await audited((root) => {
          path = fileOf(root, table);
          damage(join(root, path));
        });
        assert.deepEqual([status, summary.balanced, summary.differences.length], [1, false, 1]);
        assert.deepEqual([summary.differences[0]?.kind, summary.differences[0]?.what], ['file', path]);
        assert.match(summary.differences[0]?.message ?? '', message);
        assert.ok(lines.some((line) => line.startsWith(`difference: ${path}`)));
      }
    });
  }

  it('names a file whose bytes are no Parquet any more though their number is right', async () => {
    let path = '';
    const { status, summary } = await audited((root) => {
      path = fileOf(root, 'bronze/shop');
      writeFileSync(join(root, path), Buffer.alloc(statSync(join(root, path)).size));
    });
    assert.deepEqual([status, summary.differences.map(({ kind, what }) => [kind, what])], [1, [['file', path]]]);
  });

  it('finds rows too many in bronze, by its commits and by the date', async () => {
    const { status, summary } = await audited((root) => addTwice(root, 'bronze/shop'));
    assert.equal(status, 1);
    assert.deepEqual(summary.differences.map(({ kind, what, expected, found }) => [kind, what, expected, found]), [['commits', 'bronze.shop', 8, 12]]);
  });

  for (const [table, kinds] of [['event', ['event_date', 'items']], ['shop_rejected', ['event_date']], ['shop_duplicates', ['event_date']], ['item_event', ['items']]] as const) {
    it(`finds rows too many and rows that are missing in silver.${table}, and names the date`, async () => {
      const more = await audited((root) => addTwice(root, `silver/${table}`));
      assert.deepEqual([more.status, more.summary.differences.map(({ kind, what }) => [kind, what])], [1, kinds.map((kind) => [kind, '2026-01-02'])]);
      const fewer = await audited((root) => commitByHand(root, `silver/${table}`, ({ path, partitionValues, size }) => ({ remove: { path, partitionValues, size, deletionTimestamp: 0, dataChange: true, extendedFileMetadata: true } })));
      assert.deepEqual([fewer.status, fewer.summary.differences.map(({ kind, what }) => [kind, what])], [1, kinds.map((kind) => [kind, '2026-01-02'])]);
      assert.ok(fewer.lines.some((line) => line.startsWith('difference: event_date 2026-01-02')));
    });
  }

  it('says by how many rows a file and the log differ', async () => {
    let path = '';
    const { status, summary } = await audited((root) => {
      path = fileOf(root, 'silver/event');
      commitByHand(root, 'silver/event', (add) => ({ add: { ...add, stats: JSON.stringify({ ...(JSON.parse(add.stats ?? '{}') as object), numRecords: 7 }) } }));
    });
    assert.equal(status, 1);
    assert.deepEqual(summary.differences.map(({ kind, what, expected, found }) => [kind, what, expected, found]), [['file', path, 7, 2]]);
  });

  it('tells rows of bronze that silver has not been built from, without calling them a difference', async () => {
    const root = temporaryFolder();
    cpSync(good, root, { recursive: true });
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody({ user_id: 'new' })]));
      const summary = await pipeline.audit();
      assert.deepEqual([summary.balanced, summary.pending, summary.received], [true, 1, 10]);
    }, { root });
  });

  it('finds a data file that no version names, and says that a glob counts it', async () => {
    let stray = '';
    const { status, summary } = await audited((root) => {
      const path = fileOf(root, 'silver/event');
      stray = join(dirname(path), 'copy.parquet');
      copyFileSync(join(root, path), join(root, stray));
    });
    assert.deepEqual([status, summary.differences.map(({ kind, what }) => [kind, what])], [1, [['file', stray]]]);
  });

  it('finds that bronze is gone under silver', async () => {
    const { status, summary } = await audited((root) => rmSync(join(root, 'bronze'), { recursive: true }));
    assert.equal(status, 1);
    assert.match(summary.differences.map((difference) => difference.message).join('\n'), /bronze\.shop is gone/);
  });

  it('refuses a lake that is not there', async () => {
    await withPipeline(async (pipeline) => {
      await assert.rejects(run(pipeline.context()), { code: 'TABLE_NOT_FOUND' });
    }, { root: join(temporaryFolder(), 'absent') });
  });
});
