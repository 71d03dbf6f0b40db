import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { analystAccess, consumerAccess, keeperAccess, objectsOf, transformerAccess, type LakeAccess } from '../../infra/src/access/lake-access.js';
import { datasetTables, type DatasetTables } from '../../infra/src/contract.js';
import { jsonOf, startIngot, type Ended } from '../commands/ingot.js';
import { GuardedS3, type Asked } from '../support/guarded-s3.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { shopLines } from '../support/pipeline.js';
import { S3Bench } from '../support/s3.js';

const lake = 's3://guarded-lake';
const windows = 102;

/** The roles of `infra/`, held against what the commands really ask of S3: each gets what it needs, and is refused the rest. */
describe('the cloud\'s roles', () => {
  let bench: S3Bench;
  let guard: GuardedS3;
  let tables: DatasetTables;

  before(async () => {
    bench = await S3Bench.start();
    await bench.server.makeBucket('guarded-lake');
    guard = await GuardedS3.start(bench.server.endpoint);
    tables = await datasetTables('shop');
  });

  after(async () => {
    await guard.stop();
    await bench.stop();
    removeTemporaryFolders();
  });

  /** Runs a command with a role's rights alone, on a machine of its own. */
  async function as(role: (tables: DatasetTables) => LakeAccess, ...words: string[]): Promise<Ended & { readonly asked: readonly Asked[]; readonly refused: readonly Asked[] }> {
    const access = role(tables);
    guard.may = ({ right, path }) => right === 'list' || isOf(access.writes, path) || (right === 'read' && isOf(access.reads, path));
    guard.allowed.length = 0;
    guard.refused.length = 0;
    const extension = process.env['INGOT_HTTPFS_EXTENSION'];
    const ended = await startIngot([...words, '--lake', lake, '--json'], '', {
      ...bench.environment,
      AWS_ENDPOINT_URL_S3: guard.endpoint,
      INGOT_SCRATCH: temporaryFolder(),
      ...(extension === undefined ? {} : { INGOT_DUCKDB_EXTENSIONS: extension }),
    }).ended;
    return { ...ended, asked: [...guard.allowed], refused: [...guard.refused] };
  }

  /** Every prefix that the role may write, but for those named, was really written. */
  function assertUsed(access: LakeAccess, asked: readonly Asked[], unused: readonly string[]): void {
    const written = asked.filter(({ right }) => right === 'write').map(({ path }) => path);
    assert.deepEqual(access.writes.filter((prefix) => !written.some((path) => isOf([prefix], path))).sort(), [...unused].sort());
  }

  const seen: Asked[] = [];

  it('a consumer lands a hundred windows and their checkpoint with its own rights, and needs each of them', async () => {
    const folder = temporaryFolder();
    const lines = ['no JSON', ...shopLines(2 * windows).map(({ text }) => text)];
    for (let index = 0; index < windows; index++) writeFileSync(join(folder, `${index}.ndjson`), lines.slice(2 * index, 2 * index + 2).join('\n'));
    const run = await as(consumerAccess, 'bronze', 'shop', '--from', folder, '--window-rows', '1');
    assert.deepEqual([run.status, run.refused], [0, []], run.stderr);
    assert.equal((jsonOf(run) as { readonly commits: number }).commits, windows);
    // Nothing of bronze is replaced by landing; silver's rejected rows come back by `replay`.
    assertUsed(consumerAccess(tables), run.asked, ['_ingot/discard/bronze.shop']);
  });

  it('a transformer builds silver and gold, and rebuilds a date, with its own rights', async () => {
    for (const words of [['silver', 'shop'], ['gold', 'shop'], ['backfill', 'shop', '--since', '2026-01-01', '--until', '2026-01-31']]) {
      const run = await as(transformerAccess, ...words);
      assert.deepEqual([run.status, run.refused], [0, []], `${words[0] ?? ''}: ${run.stderr}`);
      seen.push(...run.asked);
    }
    assert.deepEqual(seen.filter(({ right, path }) => right === 'write' && path.startsWith('bronze/')), []);
    // An engine writes there, and checkpoints come after a hundred commits.
    assertUsed(transformerAccess(tables), seen, ['_ingot/engine', '_ingot/uploads/checkpoint']);
  });

  it('a keeper merges files and removes what nobody needs, with its own rights', async () => {
    for (const words of [['compact', 'shop', '--older-than', '0'], ['vacuum', 'shop', '--older-than', '0']]) {
      const run = await as(keeperAccess, ...words);
      assert.deepEqual([run.status, run.refused], [0, []], `${words[0] ?? ''}: ${run.stderr}`);
    }
  });

  it('an analyst reads typed rows and metrics', async () => {
    for (const table of ['silver.event', 'silver.item_event', 'gold.session']) {
      const run = await as(analystAccess, 'query', `SELECT count(*) AS n FROM ${table}`);
      assert.deepEqual([run.status, run.refused], [0, []], `${table}: ${run.stderr}`);
    }
  });

  for (const [who, role, words] of [
    ['a consumer may not read gold', consumerAccess, ['query', 'SELECT count(*) FROM gold.session']],
    ['a consumer may not read silver', consumerAccess, ['query', 'SELECT count(*) FROM silver.event']],
    ['a consumer may not land another dataset', consumerAccess, ['bronze', 'bank', '--from', 'README.md']],
    ['a transformer may not land', transformerAccess, ['bronze', 'shop', '--from', 'README.md']],
    ['an analyst may not read bronze', analystAccess, ['query', 'SELECT count(*) FROM bronze.shop']],
    ['an analyst may not read rejected bodies', analystAccess, ['query', 'SELECT count(*) FROM silver.shop_rejected']],
    ['an analyst may not build', analystAccess, ['gold', 'shop']],
  ] as const) {
    it(`${who}: the command fails, naming what it was refused, and changes nothing`, async () => {
      const run = await as(role, ...words);
      assert.equal(run.status, 1, run.stdout);
      assert.ok(run.refused.length > 0);
      assert.match(run.stderr, /refused|denied/i);
      assert.deepEqual(run.asked.filter(({ right, path }) => right === 'write' && !path.startsWith('_ingot/probe-')), []);
    });
  }
});

function isOf(prefixes: readonly string[], path: string): boolean {
  return prefixes.map(objectsOf).some((pattern) => path.startsWith(pattern.slice(0, -1)));
}
