import { date, defineDataset, money, text } from 'ingot';

/**
 * A bank's transactions, from CSV files: a row of `bank_transaction` each.
 *
 * - Time: TransactionDate (d/m/y) and TransactionTime (HHMMSS, a whole number). The file names no zone, so the times stand as they
 *   are written, as if they were UTC: `zone: 'Asia/Kolkata'` would make instants of them, and move transactions of the early hours to
 *   the date before.
 * - Rejected by bronze: a date or time that is missing or that can't be (31/2/16, 94), and records with other than the header's fields.
 * - Rejected by silver: no TransactionID, no CustomerID, no amount or one that is no number, a time before 2000 or in the future.
 * - Kept: an amount of 0, and one below 0, which is a reversal; a date of birth that can't be read (1/1/1800) is null and named in `issues`.
 *   `nan` and `NULL` are nulls, not issues. A two-digit year of birth is never after the transaction.
 * - Duplicates: rows that are equal in every column, as it is read. The same TransactionID with other values is another row.
 */
export default defineDataset({
  name: 'bank',
  version: 1,
  time: { key: 'TransactionDate', format: { pattern: '%d/%m/%y', clock: 'TransactionTime' }, column: 'transaction_at', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  nulls: ['', 'nan', 'NaN', 'NULL', 'null'],
  person: 'customer_id',
  event: {
    table: 'bank_transaction',
    columns: {
      transaction_id: text({ keys: ['TransactionID'], required: true }),
      customer_id: text({ keys: ['CustomerID'], required: true }),
      customer_dob: date({ keys: ['CustomerDOB'], formats: ['%d/%m/%y'], past: true }),
      customer_gender: text({ keys: ['CustGender'] }),
      customer_location: text({ keys: ['CustLocation'] }),
      account_balance: money({ keys: ['CustAccountBalance'] }),
      transaction_amount_inr: money({ keys: ['TransactionAmount (INR)'], required: true }),
    },
  },
});
