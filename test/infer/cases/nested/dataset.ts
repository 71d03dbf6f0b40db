import { boolean, date, defineDataset, integer, money, number, text, textMap, timestamp } from 'ingot';

/**
 * Proposed from 5 rows of in.ndjson. Read it and put right what it can't know: what is required, who is a person, which texts mean null.
 *
 * - Unique in every row, so they could be keys: order_id.
 * - Other times: /sent/$date (timestamp in 1 of 5), /customer/birthDate (date in 2 of 5).
 * - Rejected, as they are arrays: 1.
 * - Rejected, as they are no JSON: 1.
 * - customer: an object in 3; the plain values in 1 are read by no column.
 * - state: an object in 1, whose values no column reads.
 */
export default defineDataset({
  name: 'nested',
  version: 1,
  // timestamp in 5 of 5
  time: { key: 'created_at', column: 'created_at', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  // "web" 3, "ios" 1; missing in 1
  platform: { key: 'platform', values: ['web', 'ios'], required: false },
  // '' 1 times
  nulls: [''],
  person: 'customer_id',
  event: {
    table: 'nested',
    columns: {
      order_id: text({ required: true }), // integer in 5 of 5; kept as text; unique
      customer_id: text({ keys: ['/customer/id'] }), // text in 3 of 5, missing in 2
      customer_vip: boolean({ keys: ['/customer/vip'] }), // boolean in 3 of 5, missing in 2
      customer_birthDate: date({ keys: ['/customer/birthDate'] }), // date in 2 of 5, missing in 3
      total: money({ required: true }),
      state: text(), // text in 3 of 5, missing in 1, an object in 1
      gone: text(), // never a value in 5
      sent: timestamp({ keys: ['/sent/$date'] }), // timestamp in 1 of 5, missing in 4
      visits: integer({ keys: ['/visits/$numberLong'] }), // integer in 1 of 5, missing in 4
      ratio: number(), // number in 1 of 5, missing in 4
      params: textMap(), // in 1 of 5
    },
  },
  items: {
    // 4 elements in 5 of 5 rows
    table: 'nested_lines',
    key: 'lines',
    columns: {
      sku: text(),
      price: money(),
      qty: text(), // text in 4 of 4, numbers among them: 3
    },
  },
  arrays: [
    {
      // elements: 2, arrays: 1
      table: 'nested_lines_tags',
      key: '/lines/*/tags',
      columns: {
        value: text(),
      },
    },
    {
      // elements: 1, arrays: 1
      table: 'nested_notes',
      key: '/notes',
      columns: {
        value: text(),
      },
    },
  ],
});
