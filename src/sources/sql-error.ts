import { LakeError, messageOf, systemCode } from '../errors.js';
import type { SqlUri } from './uri.js';
import { AwayError, isAway } from './wait.js';

/** What an error of a database means to the user; never with a password in it. @param path the file of the query, if there is one */
export function sqlError(error: unknown, uri: SqlUri, path: string | null = null): unknown {
  if (error instanceof LakeError) return error;
  const code = codeOf(error);
  const text = hidden(messageOf(error) === '' ? code : messageOf(error), uri);
  const made = (message: string, errorCode: LakeError['code'], hint: string, at = uri.name): LakeError => new LakeError(message, { code: errorCode, op: 'sql', path: at, hint });
  if (/^28/.test(code) || /password|no pg_hba.conf entry/i.test(text)) return made(`the database refused the user: ${text}`, 'SOURCE_DENIED', 'Check the user in the URL and the password: in the URL, or PGPASSWORD.');
  if (code === '42501') return made(`the user may not do this: ${text}`, 'SOURCE_DENIED', path === null ? 'Grant the user CREATE in the schema, or have its owner load.' : 'Grant SELECT on the tables that the query reads.');
  if (code === '3D000') return made(`there is no such database: ${text}`, 'SOURCE_NOT_FOUND', 'Check its name in the URL.');
  if (code === '42P01' || code === '3F000') return made(`the database has not what the query reads: ${text}`, 'SOURCE_NOT_FOUND', 'Load it first: npm run orders:load -- orders.csv order_items.csv --db URL; or check the database in the URL.');
  if (/^(22|42)/.test(code) && path !== null) return made(`the database query is not valid: ${text}`, 'DATASET_INVALID', 'It is one SELECT for PostgreSQL of the columns id (unique), at (a date or time) and body (the text of a JSON object).', path);
  if (code === '57P03') return new AwayError(`the database is not ready: ${text}`, { code: 'SOURCE_UNREACHABLE', op: 'sql', path: uri.name, hint: 'It is starting or stopping: run it again later.' });
  if (/^(53|40|55)/.test(code)) return made(`the database can't do this now: ${text}`, 'SOURCE_UNREACHABLE', 'Run it again later.');
  // Classes 08 and 57 are connections that are no more; what else a server says is no matter of reaching it.
  if (/^(?!08|57|25P03)[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]+$/.test(code)) return made(`the database refused this: ${text}`, 'SOURCE_UNREADABLE', 'Its own log may say more.');
  const message = `the database can't be reached: ${text}`;
  const hint = 'Check host, port and network, and sslmode= in the URL if the server wants TLS.';
  if (isAway([code, ...innerCodes(error)])) return new AwayError(message, { code: 'SOURCE_UNREACHABLE', op: 'sql', path: uri.name, hint });
  if (code === '' && !/connect|terminat|closed|timeout|ssl|ENOTFOUND|reset/i.test(text)) return made(`the database can't be read: ${text}`, 'SOURCE_UNREADABLE', 'Its files may be damaged, or of another version.');
  return made(message, 'SOURCE_UNREACHABLE', hint);
}

function codeOf(error: unknown): string {
  const own = systemCode(error);
  if (own !== undefined) return own;
  return innerCodes(error)[0] ?? '';
}

function innerCodes(error: unknown): string[] {
  if (typeof error !== 'object' || error === null || !('errors' in error) || !Array.isArray(error.errors)) return [];
  return error.errors.flatMap((each: unknown) => systemCode(each) ?? []);
}

function hidden(text: string, { url }: SqlUri): string {
  const password = URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';
  return password.length > 2 ? text.replaceAll(password, '***') : text;
}
