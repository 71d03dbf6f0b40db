import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type actions from '../datasets/actions/dataset.js';
import type bank from '../datasets/bank/dataset.js';
import type shop from '../datasets/shop/dataset.js';
import type users from '../datasets/users/dataset.js';
import type { EventRow, ItemRow } from '../src/index.js';
import { loadDataset } from '../src/load.js';
import { removeTemporaryFolders, temporaryFolder } from './support/lake.js';
import { datasetsDir } from './support/pipeline.js';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

describe('a contract', () => {
  after(removeTemporaryFolders);

  async function changed(from: string, to: string): Promise<void> {
    const datasets = temporaryFolder();
    mkdirSync(join(datasets, 'actions'));
    const text = readFileSync(join(datasetsDir, 'actions', 'dataset.ts'), 'utf8');
    assert.ok(text.includes(from), from);
    writeFileSync(join(datasets, 'actions', 'dataset.ts'), text.replace(from, to));
    await loadDataset(datasets, 'actions');
  }

  it('without items, of nested keys and with names in any case is taken', async () => {
    await changed('SKU: text', 'sku_of_shop: text');
    const { strict, items, platform, time } = await loadDataset(datasetsDir, 'actions');
    assert.deepEqual([strict, items, platform?.required, time.column, 'format' in time && time.format], [true, undefined, false, 'event_datetime', 'iso']);
  });

  it('is refused where it contradicts itself, names being the same whatever their case', async () => {
    const wrong: readonly (readonly [from: string, to: string, message: RegExp])[] = [
      ['SKU: text', 'Event_Name: text', /the column Event_Name is there twice/],
      ['SKU: text', 'EVENT_DATETIME: text', /the column EVENT_DATETIME comes by itself/],
      ['SKU: text', 'Message_id: text', /the column Message_id comes by itself/],
      ['SKU: text', "'S K U': text", /event\.columns\.S K U.*|must be letters, digits and _/],
      ["column: 'event_datetime'", "column: 'issues'", /time\.column: issues is another column/],
      ["person: 'user_id'", "person: 'user'", /person: user is no text column/],
      ["'tv'", "'tv', 'WEB'", /platform\.values: WEB is there twice/],
      ["format: 'iso'", "format: 'rfc'", /time\.format/],
      ['strict: true', 'strikt: true', /strikt/],
      ["SKU: text({", "SKU: text({ formats: ['%d'],", /formats is no option of a text column/],
      ["event_name: text()", "event_name: { ...text(), type: 'date', formats: ['d/m/y'] }", /event\.columns\.event_name\.formats\.0: must have a %/],
      ["event_name: text()", "event_name: { ...text(), type: 'date', formats: ['%q'] }", /must be a pattern of strptime/],
      ["format: 'iso'", "format: { pattern: 'dd/mm/yy' }", /time\.format\.pattern: must have a %/],
      ["format: 'iso'", "format: 'iso', zone: 'Mars/Phobos'", /time\.zone: must be an offset/],
      ["format: 'iso'", "format: 'iso', zone: '+25:00'", /time\.zone: must be an offset/],
      ["key: 'timestamp', column: 'event_datetime', format: 'iso', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000", "load: true, notBefore: '2000-01-01'", /time: .*notBefore/],
    ];
    for (const [from, to, message] of wrong) await assert.rejects(changed(from, to), { code: 'DATASET_INVALID', message });
  });

  it('of a pattern, a clock and a zone, or of no event time and no platform, is taken', async () => {
    await changed("format: 'iso'", "format: { pattern: '%d/%m/%y', clock: '/at/clock' }, zone: 'America/Sao_Paulo'");
    await changed("format: 'iso'", "zone: '-03:00'");
    await changed("key: 'timestamp', column: 'event_datetime', format: 'iso', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000", "load: true, column: 'loaded_at'");
    await changed("platform: { key: '/user_identifiers/platform', values: ['web', 'mobile', 'ios', 'android', 'desktop', 'tablet', 'tv'], required: false },", '');
  });

  it('gives its rows their types', () => {
    const born: Same<EventRow<typeof bank>['customer_dob'], string | null> = true;
    const none: Same<EventRow<typeof bank>['platform'], string | null> = true;
    const updated: Same<EventRow<typeof users>['updated_at'], Date | null> = true;
    const debts: Same<ItemRow<typeof users>['score_hasDebts'], boolean | null> = true;
    const platform: Same<EventRow<typeof actions>['platform'], string | null> = true;
    const time: Same<EventRow<typeof actions>['event_datetime'], Date> = true;
    const sku: Same<EventRow<typeof actions>['SKU'], string | null> = true;
    const noCount: Same<'item_count' extends keyof EventRow<typeof actions> ? true : false, false> = true;
    const noItems: Same<ItemRow<typeof actions>, never> = true;
    const shopPlatform: Same<EventRow<typeof shop>['platform'], string> = true;
    const shopTime: Same<EventRow<typeof shop>['event_timestamp'], Date> = true;
    const shopName: Same<EventRow<typeof shop>['event_name'], 'view_item_list' | 'view_item' | 'begin_checkout' | 'purchase'> = true;
    const shopItem: Same<ItemRow<typeof shop>['quantity'], bigint | null> = true;
    assert.deepEqual(new Set<boolean>([born, none, updated, debts, platform, time, sku, noCount, noItems, shopPlatform, shopTime, shopName, shopItem]), new Set([true]));
  });
});
