import { LakeError } from '../../src/errors.js';
import { connect, type Database, type DatabaseEnvironment } from '../../src/sources/sql-database.js';
import { sqlError } from '../../src/sources/sql-error.js';
import { parseSourceUri, type SqlUri } from '../../src/sources/uri.js';
import { migrate } from './migrate.js';
import { recordsIn, type Problem } from './records.js';

export interface Loaded {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly items: number;
  /** Orders whose items are others now. */
  readonly itemsChanged: number;
  readonly migrations: readonly string[];
}

export interface LoadEvents {
  read?(file: string, records: number): void;
}

const rowsAtOnce = 5_000;
/** Any number, the same for all who load. */
const loadLock = 7_264_202;
const mostProblems = 10;
const dateForm = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?)?$/;
const totalForm = /^-?\d{1,30}(?:\.\d{1,20})?$/;

/** @throws LakeError USAGE when it is no database's URL */
export function databaseUri(text: string): SqlUri {
  const uri = parseSourceUri(text);
  if (uri.kind === 'sql') return uri;
  throw new LakeError('--db is no database', { code: 'USAGE', op: 'orders:load', path: text, hint: 'Give pglite://FOLDER, or postgres://user@host:5432/database.' });
}

/**
 * Loads orders and their items from two CSV files, all or nothing: an order that is there is brought up to date, and an order's
 * items are those of the file. The same files again change nothing.
 * @throws LakeError SOURCE_UNREADABLE naming the first records that are wrong; as of a database source
 */
export async function loadOrders(ordersFile: string, itemsFile: string, uri: SqlUri, environment: DatabaseEnvironment, events: LoadEvents = {}): Promise<Loaded> {
  let database: Database | null = null;
  try {
    database = await connect(uri, environment, true);
    const migrations = await migrate(database);
    await database.script('BEGIN');
    try {
      // Of two that load at once, the second sees what the first has done.
      await database.query('SELECT pg_advisory_xact_lock($1)', [loadLock]);
      const problems = new Problems();
      await stage(database, ordersFile, itemsFile, problems, events);
      await findProblems(database, ordersFile, itemsFile, problems);
      problems.refuse();
      const loaded = await merge(database);
      await database.script('COMMIT');
      return { ...loaded, migrations };
    } catch (error) {
      await database.script('ROLLBACK').catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw sqlError(error, uri);
  } finally {
    await database?.close();
  }
}

/** The first of them, and how many there are. */
class Problems {
  private readonly first: Problem[] = [];
  private count = 0;

  add(problem: Problem): void {
    this.count++;
    if (this.first.length < mostProblems) this.first.push(problem);
  }

  refuse(): void {
    const [one] = this.first;
    if (one === undefined) return;
    const said = this.first.map(({ file, record, what }) => `${file}, record ${record}: ${what}`);
    throw new LakeError(`${this.count} ${this.count === 1 ? 'record is' : 'records are'} wrong, so nothing was loaded`, { code: 'SOURCE_UNREADABLE', op: 'orders:load', path: one.file, hint: `Put them right and run it again:\n  ${said.join('\n  ')}${this.count > said.length ? `\n  … and ${this.count - said.length} more` : ''}` });
  }
}

async function stage(database: Database, ordersFile: string, itemsFile: string, problems: Problems, events: LoadEvents): Promise<void> {
  const told = (problem: Problem): void => problems.add(problem);
  await database.script(`
    CREATE TEMP TABLE order_in (record bigint, id text, order_date text, status text, device text, order_total text) ON COMMIT DROP;
    CREATE TEMP TABLE item_in (record bigint, order_id text, code_color text) ON COMMIT DROP;`);
  const orders = new Staged(database, 'INSERT INTO order_in SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])');
  for await (const { record, fields } of recordsIn(ordersFile, ['id', 'order_date', 'status', 'device', 'order_total'], told)) {
    const { id = '', order_date: date = '', status = '', device = '', order_total: total = '' } = fields;
    const wrong = id === '' ? 'has no id' : !isDate(date) ? `has no date such as 2016-02-01 13:55:00, but ${JSON.stringify(date)}` : total !== '' && !totalForm.test(total) ? `has an order_total that is no number: ${JSON.stringify(total)}` : null;
    if (wrong !== null) problems.add({ file: ordersFile, record, what: wrong });
    else await orders.add([record, id, date, status, device, total]);
    events.read?.(ordersFile, record);
  }
  await orders.flush();
  const items = new Staged(database, 'INSERT INTO item_in SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])');
  for await (const { record, fields } of recordsIn(itemsFile, ['order_id', 'code_color'], told)) {
    const { order_id: order = '', code_color: product = '' } = fields;
    const wrong = order === '' ? 'has no order_id' : product === '' ? 'has no code_color' : null;
    if (wrong !== null) problems.add({ file: itemsFile, record, what: wrong });
    else await items.add([record, order, product]);
    events.read?.(itemsFile, record);
  }
  await items.flush();
}

/** Rows that are put into a table many at once. */
class Staged {
  private rows: (readonly (string | number)[])[] = [];

  constructor(private readonly database: Database, private readonly insert: string) {}

  async add(row: readonly (string | number)[]): Promise<void> {
    this.rows.push(row);
    if (this.rows.length >= rowsAtOnce) await this.flush();
  }

  async flush(): Promise<void> {
    const [first] = this.rows;
    if (first === undefined) return;
    const columns = first.map((_value, index) => this.rows.map((row) => String(row[index])));
    this.rows = [];
    await this.database.query(this.insert, columns);
  }
}

function isDate(text: string): boolean {
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = dateForm.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined || year === '0000') return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

async function findProblems(database: Database, ordersFile: string, itemsFile: string, problems: Problems): Promise<void> {
  const twice = await database.query(`
    SELECT max(record) AS record, id FROM (SELECT DISTINCT ON (id, order_date, status, device, order_total) * FROM order_in ORDER BY id, order_date, status, device, order_total, record) AS each
    GROUP BY id HAVING count(*) > 1 ORDER BY 1`);
  for (const row of twice) problems.add({ file: ordersFile, record: Number(row['record']), what: `has the id ${String(row['id'])} of another record with other values` });
  await database.script('ANALYZE order_in; ANALYZE item_in');
  const lost = await database.query(`
    SELECT min(record) AS record, order_id FROM item_in
    WHERE NOT EXISTS (SELECT FROM order_in WHERE order_in.id = item_in.order_id) AND NOT EXISTS (SELECT FROM orders WHERE orders.id = item_in.order_id)
    GROUP BY order_id ORDER BY 1`);
  for (const row of lost) problems.add({ file: itemsFile, record: Number(row['record']), what: `is of the order ${String(row['order_id'])}, which is neither in ${ordersFile} nor in the database` });
}

async function merge(database: Database): Promise<Omit<Loaded, 'migrations'>> {
  const count = async (sql: string): Promise<number> => Number((await database.query(sql))[0]?.['n'] ?? 0);
  const merged = await database.query(`
    WITH given AS (
      SELECT DISTINCT ON (id) id, CAST(order_date AS timestamp) AS order_date, nullif(status, '') AS status, nullif(device, '') AS device, CAST(nullif(order_total, '') AS numeric) AS order_total
      FROM order_in ORDER BY id, record
    ), done AS (
      INSERT INTO orders AS known (id, order_date, status, device, order_total) SELECT * FROM given
      ON CONFLICT (id) DO UPDATE SET order_date = excluded.order_date, status = excluded.status, device = excluded.device, order_total = excluded.order_total
      WHERE (known.order_date, known.status, known.device, known.order_total) IS DISTINCT FROM (excluded.order_date, excluded.status, excluded.device, excluded.order_total)
      RETURNING (xmax = 0) AS inserted
    )
    SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated, (SELECT count(*) FROM given) AS given FROM done`);
  await database.script(`
    CREATE TEMP TABLE touched_order ON COMMIT DROP AS SELECT id FROM order_in UNION SELECT order_id FROM item_in;
    ANALYZE touched_order;
    CREATE TEMP TABLE changed_order ON COMMIT DROP AS
    WITH given AS (SELECT order_id, array_agg(code_color ORDER BY code_color) AS items FROM item_in GROUP BY order_id),
    known AS (SELECT order_id, array_agg(code_color ORDER BY code_color) AS items FROM order_items WHERE order_id IN (SELECT id FROM touched_order) GROUP BY order_id)
    SELECT touched_order.id FROM touched_order LEFT JOIN given ON given.order_id = touched_order.id LEFT JOIN known ON known.order_id = touched_order.id
    WHERE given.items IS DISTINCT FROM known.items;
    ANALYZE changed_order;
    DELETE FROM order_items WHERE order_id IN (SELECT id FROM changed_order);
    INSERT INTO order_items (order_id, code_color) SELECT order_id, code_color FROM item_in WHERE order_id IN (SELECT id FROM changed_order) ORDER BY record;`);
  const [row] = merged;
  const [inserted, updated, given] = [Number(row?.['inserted']), Number(row?.['updated']), Number(row?.['given'])];
  return { inserted, updated, unchanged: given - inserted - updated, items: await count('SELECT count(*) AS n FROM item_in'), itemsChanged: await count('SELECT count(*) AS n FROM changed_order') };
}
