import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects, asyncBufferFromFile } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { run as forget } from '../../src/commands/forget.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, standingClock, withPipeline, type Pipeline } from '../support/pipeline.js';
import { Crash, RecordingStorage } from '../support/recording-storage.js';
import { LocalStorage } from '../../src/lake/local.js';
import { runs } from '../support/thorough.js';

const person = 'grace-hopper-1906';
const item = { item_id: 'p1', item_list_id: 'L1', price: 2 };
const at = (date: string, time = '10:00:00'): number => Date.parse(`${date}T${time}Z`);
const own = [
  eventBody({ user_id: person, event_timestamp: at('2026-01-01'), event_name: 'view_item_list', items: [item] }),
  eventBody({ user_id: person, event_timestamp: at('2026-01-01'), event_name: 'view_item_list', items: [item] }),
  eventBody({ user_id: person, event_timestamp: at('2026-01-03'), event_name: 'nonsense' }),
  `{"user_id": "${person}", "event_timestamp":`,
];
const others = [
  eventBody({ user_id: 'alan', event_timestamp: at('2026-01-01', '11:00:00'), items: [item] }),
  eventBody({ user_id: `${person}2`, event_timestamp: at('2026-01-02') }),
];
const naming = eventBody({ user_id: 'alan', event_timestamp: at('2026-01-02', '12:00:00'), items: [{ ...item, item_params: [{ key: 'referrer', value: { string_value: person } }] }] });

/** Files below a folder that hold a text as a word, once they are decompressed by a reader that is not DuckDB. */
async function filesNaming(root: string, word: string): Promise<string[]> {
  const found: string[] = [];
  const pattern = new RegExp(`(^|[^0-9A-Za-z_])${word}($|[^0-9A-Za-z_])`);
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join(root, name);
    if (!statSync(path).isFile()) continue;
    const raw = readFileSync(path).toString('latin1');
    const values = name.endsWith('.parquet') && !name.includes('_delta_log')
      ? JSON.stringify(await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors, utf8: true }), (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value))
      : raw;
    if (pattern.test(values) || pattern.test(raw)) found.push(name);
  }
  return found;
}

interface Receipt {
  readonly idHash: string;
  readonly again: boolean;
  readonly bronze: Readonly<Record<string, { readonly files: number; readonly removed: number; readonly redacted: number }>>;
  readonly silver: { readonly partitions: readonly string[]; readonly rebuilt: number; readonly files: number; readonly rows: number; readonly commits: number };
  readonly gold: { readonly dates: readonly string[] };
  readonly verified: { readonly files: number; readonly found: readonly string[] };
}

async function forgetIn(pipeline: Pipeline, userId = person, options: Readonly<Record<string, unknown>> = {}): Promise<{ readonly receipt: Receipt; readonly status: number; readonly lines: readonly string[] }> {
  const said: { summary: object; lines: readonly string[] }[] = [];
  const status = await forget({ ...pipeline.context({ userId, ...options }), result: (summary, lines) => void said.push({ summary, lines }) });
  const { summary, lines } = said[0] ?? { summary: {}, lines: [] };
  return { receipt: summary as Receipt, status, lines };
}

describe('forgetting a person', () => {
  after(removeTemporaryFolders);

  async function built(pipeline: Pipeline): Promise<void> {
    await pipeline.land(linesFile([...own, ...others]));
    await pipeline.land(linesFile([naming], 'naming.ndjson'));
    await pipeline.build();
  }

  it('leaves the rows that would be there had the person never come, and the name nowhere', async () => {
    const expected = await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([...others, naming.replace(person, 'forgotten')]));
      await pipeline.build();
      return pipeline.contract();
    });
    await withPipeline(async (pipeline) => {
      await built(pipeline);
      assert.ok((await filesNaming(pipeline.root, person)).length > 6);
      const { receipt, status } = await forgetIn(pipeline);
      assert.equal(status, 0);
      assert.deepEqual(await filesNaming(pipeline.root, person), []);
      assert.deepEqual(await pipeline.contract(), expected);
      assert.deepEqual(receipt.bronze, { shop_rejected: { files: 1, removed: 1, redacted: 0, commits: 1 }, shop: { files: 3, removed: 3, redacted: 1, commits: 2 } });
      assert.deepEqual(receipt.verified.found, []);
      assert.ok(receipt.verified.files > 10);
      assert.match(receipt.idHash, /^[0-9a-f]{64}$/);
      const { balanced, received, landed, rejected, forgotten } = await pipeline.audit();
      assert.deepEqual({ balanced, received, landed, rejected, forgotten }, { balanced: true, received: 7, landed: 3, rejected: 0, forgotten: 4 });
    });
  });

  it('touches only the files that hold the person', async () => {
    await withPipeline(async (pipeline) => {
      await built(pipeline);
      const before = [...((await pipeline.lake.table('bronze', 'shop').snapshot())?.files.keys() ?? [])];
      await forgetIn(pipeline);
      const after = (await pipeline.lake.table('bronze', 'shop').snapshot())?.files;
      const stayed = before.filter((path) => after?.has(path));
      assert.deepEqual(stayed.map((path) => path.split('/')[0]), ['event_date=2026-01-02']);
    });
  });

  it('takes the person out of silver file by file, and builds anew only where others\' rows have changed', async () => {
    await withPipeline(async (pipeline) => {
      for (const [index, body] of [others[0] ?? '', own[0] ?? '', eventBody({ user_id: 'ada', event_timestamp: at('2026-01-01', '12:00:00') }), own[2] ?? '', naming].entries()) {
        await pipeline.land(linesFile([body], `${index}.ndjson`));
        await pipeline.build();
      }
      const event = pipeline.lake.table('silver', 'event');
      const before = [...((await event.snapshot())?.files.keys() ?? [])];
      const { receipt } = await forgetIn(pipeline);
      const after = (await event.snapshot())?.files;
      const gone = before.filter((path) => after?.has(path) !== true);
      assert.deepEqual(gone.map((path) => path.split('/')[0]), ['event_date=2026-01-01', 'event_date=2026-01-02']);
      assert.deepEqual(receipt.silver, { partitions: ['event_date=2026-01-01/platform=IOS', 'event_date=2026-01-02/platform=IOS', 'event_date=2026-01-03/platform=IOS'], rebuilt: 1, files: 3, rows: 3, commits: 1 });
      assert.deepEqual((await pipeline.silver()).partitions, []);
      assert.equal((await pipeline.audit()).balanced, true);
    });
  });

  it('balances when rows have landed that silver had not been built from', async () => {
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([own[0] ?? '', others[0] ?? ''], 'first.ndjson'));
      await pipeline.build();
      await pipeline.land(linesFile(['ada', 'eve'].map((user_id) => eventBody({ user_id, event_timestamp: at('2026-01-01', '12:00:00') })), 'second.ndjson'));
      await forgetIn(pipeline);
      const { balanced, landed, pending, differences } = await pipeline.audit();
      assert.deepEqual({ balanced, landed, pending, differences }, { balanced: true, landed: 3, pending: 0, differences: [] });
    });
  });

  it('lets a message that repeated the person\'s event be the event when it is not the person\'s itself', async () => {
    const datasets = temporaryFolder();
    mkdirSync(join(datasets, 'shop'));
    writeFileSync(join(datasets, 'shop', 'dataset.ts'), readFileSync(join(datasetsDir, 'shop', 'dataset.ts'), 'utf8').replace('user_id: text({ required: true })', 'user_id: text({ required: true, keys: [\'user_id\', \'former_id\'] })'));
    cpSync(join(datasetsDir, 'shop', 'gold'), join(datasets, 'shop', 'gold'), { recursive: true });
    const event = { user_id: 'alan', event_timestamp: at('2026-01-01'), items: [item] };
    await withPipeline(async (pipeline) => {
      await pipeline.land(linesFile([eventBody({ ...event, former_id: person })], 'first.ndjson'));
      await pipeline.land(linesFile([eventBody(event)], 'second.ndjson'));
      await pipeline.build();
      const { receipt } = await forgetIn(pipeline);
      assert.deepEqual([receipt.silver.rebuilt, receipt.silver.files], [1, 0]);
      const { balanced, landed, forgotten } = await pipeline.audit();
      assert.deepEqual([balanced, landed, forgotten], [true, 1, 1]);
    }, { datasets });
  });

  it('keeps the person out when the events come again, and counts them', async () => {
    await withPipeline(async (pipeline) => {
      await built(pipeline);
      await forgetIn(pipeline);
      const contract = await pipeline.contract();
      const { summary } = await pipeline.land(linesFile([...own, eventBody({ user_id: 'new', event_timestamp: at('2026-01-01') })], 'again.ndjson'));
      assert.deepEqual([summary.received, summary.landed, summary.rejected, summary.forgotten], [5, 1, 0, 4]);
      await pipeline.build();
      assert.deepEqual(await filesNaming(pipeline.root, person), []);
      assert.notDeepEqual(await pipeline.contract(), contract);
      const { balanced, forgotten } = await pipeline.audit();
      assert.deepEqual([balanced, forgotten], [true, 8]);
    });
  });

  it('does nothing more the second time, and changes nothing in a dry run', async () => {
    await withPipeline(async (pipeline) => {
      await built(pipeline);
      const versions = await pipeline.versions();
      const dry = await forgetIn(pipeline, person, { dryRun: true });
      assert.deepEqual(await pipeline.versions(), versions);
      assert.match(dry.lines.join('\n'), /bronze\.shop: 3 rows of the person in 3 files, 1 row of others that named the person/);
      const first = await forgetIn(pipeline);
      const after = await pipeline.versions();
      const second = await forgetIn(pipeline);
      assert.deepEqual([first.receipt.again, second.receipt.again, second.receipt.idHash], [false, true, first.receipt.idHash]);
      assert.deepEqual([second.receipt.bronze['shop']?.removed, second.receipt.silver.partitions, second.receipt.gold.dates], [0, [], []]);
      assert.deepEqual(await pipeline.versions(), after);
    });
  });

  it('removes files that were kept for readers as well', async () => {
    const root = temporaryFolder();
    await withPipeline((pipeline) => built(pipeline), { root });
    await withPipeline(async (pipeline) => {
      const { lake } = pipeline;
      Object.assign(lake.options, { retainMs: 3_600_000 });
      await pipeline.silver({ since: '2026-01-01', until: '2026-01-03' });
      assert.ok((await lake.storage.list('_ingot/discard/silver.shop')).length > 0);
      await forgetIn(pipeline);
      assert.deepEqual(await filesNaming(root, person), []);
      assert.deepEqual(await lake.storage.list('_ingot/discard/silver.shop'), []);
    }, { root });
  });

  it('is finished by the next run of the command, whichever effect it died before', async () => {
    let dies = 0;
    for (let died = true; died; dies += runs(22, 11)) {
      const root = temporaryFolder();
      await withPipeline((pipeline) => built(pipeline), { root });
      const storage = new RecordingStorage(new LocalStorage(root), { effect: dies, when: 'before' });
      died = await withPipeline((pipeline) => forgetIn(pipeline), { root, storage }).then(() => false, (error: unknown) => {
        assert.ok(error instanceof Crash, String(error));
        return true;
      });
      await withPipeline(async (pipeline) => {
        await forgetIn(pipeline);
        assert.deepEqual(await filesNaming(root, person), [], `died before effect ${dies}`);
        assert.equal((await pipeline.audit()).balanced, true);
      }, { root, clock: standingClock('2026-03-10T13:00:00Z') });
    }
    assert.ok(dies > 40);
  });

  it('is refused where the contract names no person, and where there is no lake', async () => {
    await withPipeline(async (pipeline) => {
      await assert.rejects(forgetIn(pipeline), { code: 'TABLE_NOT_FOUND' });
    }, { datasets: datasetsDir });
  });
});
