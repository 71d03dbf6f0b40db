import { record } from './csv-record.js';

/** The ways in which a transaction's record can be wrong beyond repair. */
export const brokenTransactionKinds = [
  'customer_missing', 'id_missing', 'date_missing', 'date_impossible', 'time_missing', 'time_impossible', 'amount_missing', 'amount_text', 'field_missing', 'field_added', 'date_early',
] as const;
export type BrokenTransactionKind = (typeof brokenTransactionKinds)[number];

/** The header of a bank's file. */
export const transactionColumns = ['TransactionID', 'CustomerID', 'CustomerDOB', 'CustGender', 'CustLocation', 'CustAccountBalance', 'TransactionDate', 'TransactionTime', 'TransactionAmount (INR)'] as const;

/** A record's texts. */
export interface Transaction {
  readonly timeMs: number;
  readonly id: string;
  readonly customer: string;
  /** `10/1/94`, or what stands for none. */
  readonly birth: string;
  readonly gender: string;
  readonly location: string;
  /** Hundredths of a rupee; null is written as `nan`. */
  readonly balance: number | null;
  readonly amount: number;
  /** Amounts are written with both decimals. */
  readonly padded: boolean;
}

/** The record of a transaction, without a newline behind it. */
export function transactionText(transaction: Transaction): string {
  return record(fieldsOf(transaction));
}

/** A record made wrong; `salt` (a non-negative integer) chooses among the ways of one kind. */
export function brokenTransactionText(kind: BrokenTransactionKind, transaction: Transaction, salt: number): string {
  const fields = fieldsOf(transaction);
  const among = (values: readonly string[]): string => values[salt % values.length]!;
  switch (kind) {
    case 'customer_missing':
      return record(fields.with(1, among(['', 'nan', 'NULL'])));
    case 'id_missing':
      return record(fields.with(0, among(['', 'nan'])));
    case 'date_missing':
      return record(fields.with(6, ''));
    case 'date_impossible':
      return record(fields.with(6, among(['31/2/16', '0/1/16', '12/13/16', '2016-08-02', 'epoch'])));
    case 'date_early':
      return record(fields.with(6, '1/1/80'));
    case 'time_missing':
      return record(fields.with(7, ''));
    case 'time_impossible':
      return record(fields.with(7, among(['94', '246000', '10:00:00', '-1'])));
    case 'amount_missing':
      return record(fields.with(8, among(['', 'nan'])));
    case 'amount_text':
      return record(fields.with(8, among(['1,234.50', 'ten', '₹ 25'])));
    case 'field_missing':
      return record(fields.slice(0, -1));
    case 'field_added':
      return record([...fields, '']);
  }
}

function fieldsOf({ timeMs, id, customer, birth, gender, location, balance, amount, padded }: Transaction): string[] {
  const time = new Date(timeMs);
  const clock = time.getUTCHours() * 10_000 + time.getUTCMinutes() * 100 + time.getUTCSeconds();
  return [id, customer, birth, gender, location, balance === null ? 'nan' : rupees(balance, padded), dayText(timeMs), String(clock), rupees(amount, padded)];
}

/** A date as `2/8/16`. */
export function dayText(timeMs: number): string {
  const time = new Date(timeMs);
  return `${time.getUTCDate()}/${time.getUTCMonth() + 1}/${String(time.getUTCFullYear() % 100).padStart(2, '0')}`;
}

function rupees(hundredths: number, padded: boolean): string {
  const text = (hundredths / 100).toFixed(2);
  return padded ? text : text.replace(/\.?0+$/, '');
}
