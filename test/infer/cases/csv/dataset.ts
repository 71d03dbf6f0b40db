import { boolean, date, defineDataset, integer, number, text } from 'ingot';

/**
 * Proposed from 4 rows of in.csv. Read it and put right what it can't know: what is required, who is a person, which texts mean null.
 *
 * - Unique in every row, so they could be keys: Order_No.
 * - Other times: Shipped (date in 3 of 4), Born (date as %d/%m/%y in 4 of 4).
 * - Rejected, as they are arrays: 1.
 */
export default defineDataset({
  name: 'csv',
  version: 1,
  // date as %d/%m/%Y in 4 of 4
  time: { key: 'Order Date', format: { pattern: '%d/%m/%Y', clock: 'Order Time' }, column: 'Order_Date', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  // '' 2 times, 'NULL' 1 times
  nulls: ['', 'NULL'],
  person: 'Customer_ID',
  event: {
    table: 'csv',
    columns: {
      Order_No: text({ keys: ['Order No'], required: true }), // unique
      Customer_ID: text({ keys: ['Customer ID'], required: true }),
      Weight_kg: number({ keys: ['Weight (kg)'] }), // number in 3 of 4, missing in 1
      Born: date({ required: true, formats: ['%d/%m/%y'], past: true }), // %m/%d/%y reads as many
      Count: integer(), // integer in 3 of 4, missing in 1
      Paid: boolean({ required: true }),
      Shipped: date(), // date in 3 of 4, missing in 1
    },
  },
});
