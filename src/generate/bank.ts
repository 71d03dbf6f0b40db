import { Arrivals, dayMs, type Truth } from './arrivals.js';
import { record } from './csv-record.js';
import type { GenerateOptions } from './options.js';
import { mix32, type Random } from './random.js';
import { type BrokenTransactionKind, brokenTransactionKinds, brokenTransactionText, dayText, type Transaction, transactionColumns, transactionText } from './transaction.js';

/** A record and what it is. A duplicate is equal to its original as it is read. */
export interface GeneratedTransaction extends Truth<BrokenTransactionKind> {
  /** A record of CSV, without a newline behind it. */
  readonly text: string;
  readonly transaction: Transaction;
}

const secondMs = 1000;
/** No customer is younger. */
const youngestMs = Date.UTC(2000, 0, 1);
/** So that 1,000 records are of about 800 customers. */
const customersPerRecord = 2.2;
/** Of a customer who pays several times within minutes. */
const burstShare = 0.0005;
/** Of a payment that is far beyond the customer's others. */
const hugeShare = 0.0005;

const places = ['MUMBAI', 'NEW DELHI', 'BANGALORE', 'GURGAON', 'DELHI', 'NOIDA', 'CHENNAI', 'PUNE', 'HYDERABAD', 'THANE', 'KOLKATA', 'GHAZIABAD', 'NAVI MUMBAI', 'AHMEDABAD', 'FARIDABAD', 'JAIPUR', 'CHANDIGARH', 'LUCKNOW', 'MOHALI', 'SURAT'];
const strangePlaces = ['ANDHERI (EAST), MUMBAI', 'PLOT 7 "SUNRISE"', 'WARD 5\nTHANE', 'É. COLONY', 'nan'];

/**
 * A bank's CSV file, line by line (no newline): its header, and then exactly `events` records, in order of arrival. A text may have line
 * breaks within quotes. The same options give the same lines anywhere.
 * @throws LakeError USAGE for options out of range
 */
export function generateBank(options: GenerateOptions): Iterable<string> {
  return lines(generateBankWithTruth(options));
}

function* lines(records: Iterable<GeneratedTransaction>): Generator<string, void, undefined> {
  yield record(transactionColumns);
  for (const { text } of records) yield text;
}

/**
 * The records of `generateBank`, each with what it is.
 * @throws LakeError USAGE for options out of range
 */
export function generateBankWithTruth(options: GenerateOptions): Generator<GeneratedTransaction, void, undefined> {
  return new Bank(options).records();
}

class Bank {
  private readonly arrivals: Arrivals<Transaction, BrokenTransactionKind>;
  private readonly random: Random;
  private readonly customers: number;

  constructor(options: GenerateOptions) {
    this.arrivals = new Arrivals(options, brokenTransactionKinds);
    this.random = this.arrivals.random;
    this.customers = Math.max(1, Math.ceil(options.events * customersPerRecord));
  }

  *records(): Generator<GeneratedTransaction, void, undefined> {
    for (const { value: transaction, kind, event, late, broken, order } of this.arrivals.all((nowMs) => this.visit(nowMs))) {
      yield { text: broken === null ? transactionText(transaction) : brokenTransactionText(broken, transaction, order), kind, event, late, broken, transaction };
    }
  }

  /** A customer pays once, or a few times within minutes. */
  private visit(nowMs: number): void {
    const { random } = this;
    const rank = random.below(this.customers);
    const count = random.chance(burstShare) ? 3 + random.below(5) : 1;
    let timeMs = Math.floor(Math.min(this.arrivals.untilMs - 1, nowMs + random.below(3_600_000)) / secondMs) * secondMs;
    for (let index = 0; index < count && timeMs < this.arrivals.untilMs && !this.arrivals.full; index += 1) {
      this.pay(timeMs, rank);
      timeMs += (5 + random.below(60)) * secondMs;
    }
  }

  private pay(timeMs: number, rank: number): void {
    const { random, arrivals } = this;
    const root = random.unit();
    const usual = 100 + Math.floor(root * root * root * 300_000);
    const draw = random.unit();
    const transaction: Transaction = {
      timeMs,
      // No two records have the same, but a duplicate its original's.
      id: `T${arrivals.made + 1}`,
      ...customerOf(rank),
      balance: random.chance(0.002) ? null : Math.floor(root * random.unit() * 20_000_000),
      amount: draw < hugeShare ? usual * 1000 : draw < 0.001 ? 0 : draw < 0.0013 ? -usual : usual,
      padded: random.chance(0.2),
    };
    arrivals.send(transaction, timeMs, (turned) => ({ ...transaction, padded: turned }));
  }
}

/** What stays as it is of a customer. Years of birth have two digits, from 1938 to 2000. */
function customerOf(rank: number): Pick<Transaction, 'customer' | 'birth' | 'gender' | 'location'> {
  const unique = mix32(rank);
  const other = mix32(unique ^ 0x3c6e_f372);
  return {
    customer: `C${1_000_000 + rank}`,
    birth: unique % 18 === 0 ? '1/1/1800' : unique % 301 === 0 ? 'nan' : dayText(youngestMs - (other % (62 * 365)) * dayMs),
    gender: other % 997 === 0 ? 'nan' : other % 4 === 0 ? 'F' : 'M',
    location: unique % 500 === 1 ? strangePlaces[other % strangePlaces.length]! : places[other % places.length]!,
  };
}
