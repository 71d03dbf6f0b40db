import { LakeError, messageOf, systemCode } from '../../src/errors.js';
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
      for (const line of block.toString('utf8').split('\n')) {
        if (line === '') continue;
        record++;
        const parsed = JSON.parse(line) as Record<string, string> | readonly string[];
        if (Array.isArray(parsed)) problem({ file, record, what: `has ${parsed.length} fields, other than the header` });
        else yield { record, fields: withColumns(file, parsed as Record<string, string>, columns) };
      }
    }
  } catch (error) {
    if (error instanceof LakeError) throw error;
    const gone = systemCode(error) === 'ENOENT';
    throw new LakeError(`${file} ${gone ? 'is not there' : `can't be read: ${messageOf(error)}`}`, { code: gone ? 'SOURCE_NOT_FOUND' : 'SOURCE_UNREADABLE', op: 'read orders', path: file, hint: 'Give two CSV files: orders.csv (id, order_date, status, device, order_total) and order_items.csv (order_id, code_color).', cause: error });
  }
}

function withColumns(file: string, fields: Readonly<Record<string, string>>, columns: readonly string[]): Readonly<Record<string, string>> {
  const missing = columns.filter((column) => fields[column] === undefined);
  if (missing.length === 0) return fields;
  throw new LakeError(`${file} has no column ${missing.join(', ')}`, { code: 'SOURCE_UNREADABLE', op: 'read orders', path: file, hint: `Its header must name ${columns.join(', ')}; it names ${Object.keys(fields).join(', ')}.` });
}
