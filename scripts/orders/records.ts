import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { LakeError, messageOf, systemCode } from '../../src/errors.js';
import { headerNames } from '../../src/sources/csv.js';
import { hashFile, readBlocks } from '../../src/sources/file.js';

/** One record of a CSV file. */
export interface CsvRecord {
  /** Its number in the file, from 1; the header is none. */
  readonly record: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Something that a person has to put right. */
export interface Problem {
  readonly file: string;
  readonly record: number;
  readonly what: string;
}

/**
 * Reads a CSV file, packed or not, record by record.
 * @param columns that it must have, in any order; others are left out
 * @throws LakeError SOURCE_NOT_FOUND, SOURCE_UNREADABLE
 */
export async function* recordsIn(file: string, columns: readonly string[], problem: (problem: Problem) => void): AsyncGenerator<CsvRecord> {
  const name = /\.[ct]sv(\.gz)?$/i.test(file) ? file : `${file}.csv`;
  let record = 0;
  try {
    for await (const { block } of readBlocks(file, name, await hashFile(file, name, null, false))) {
      const clean = isUtf8(block);
      for (const line of block.toString('utf8').split('\n')) {
        if (line === '') continue;
        record++;
        const parsed = JSON.parse(line) as Record<string, string> | readonly string[];
        const what = wrongIn(line, parsed, clean);
        if (what !== null) problem({ file, record, what });
        else yield { record, fields: withColumns(file, parsed as Record<string, string>, columns) };
      }
    }
    // Without a record it may be another file, or one that was never written: it is not taken for "no items".
    if (record === 0) checkHeader(file, headerNames(await contentOf(file)), columns);
  } catch (error) {
    if (error instanceof LakeError) throw error;
    const gone = systemCode(error) === 'ENOENT';
    throw new LakeError(`${file} ${gone ? 'is not there' : `can't be read: ${messageOf(error)}`}`, { code: gone ? 'SOURCE_NOT_FOUND' : 'SOURCE_UNREADABLE', op: 'read orders', path: file, hint: 'Give two CSV files: orders.csv (id, order_date, status, device, order_total) and order_items.csv (order_id, code_color).', cause: error });
  }
}

/** What no database takes, or null. @param clean the bytes around are UTF-8 */
function wrongIn(line: string, parsed: Readonly<Record<string, string>> | readonly string[], clean: boolean): string | null {
  if (Array.isArray(parsed)) return `has ${parsed.length} fields, other than the header`;
  if (line.includes('\\u0000') && Object.values(parsed).some((text) => text.includes('\0'))) return 'has a NUL character';
  return !clean && line.includes('\ufffd') ? 'is no UTF-8 text' : null;
}

async function contentOf(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  return file.endsWith('.gz') && bytes.length > 0 ? gunzipSync(bytes) : bytes;
}

function withColumns(file: string, fields: Readonly<Record<string, string>>, columns: readonly string[]): Readonly<Record<string, string>> {
  if (columns.some((column) => fields[column] === undefined)) checkHeader(file, Object.keys(fields), columns);
  return fields;
}

function checkHeader(file: string, names: readonly string[], columns: readonly string[]): void {
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length === 0) return;
  throw new LakeError(`${file} has no column ${missing.join(', ')}`, { code: 'SOURCE_UNREADABLE', op: 'read orders', path: file, hint: `Its header must name ${columns.join(', ')}; ${names.length === 0 ? 'it has none' : `it names ${names.join(', ')}`}.` });
}
