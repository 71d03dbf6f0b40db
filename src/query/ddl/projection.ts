import { DateTime } from 'luxon';
import { nullPartition } from '../../lake/layout.js';
import { columnsOfFiles, unsupported, type CatalogTable, type DdlOptions } from './tables.js';

/** The date of rows without any time: such a table has no other. */
const noDate = '1970-01-01';

/** Values whose folder's name is the value itself, by everybody's way of encoding it. */
const plainValue = /^[A-Za-z0-9._~-]+$/;

/**
 * Athena's partition projection, as table properties: of dates from the table's first one on, of texts those that its files and its
 * contract have, and the folder of null. Source: Athena's user guide, "Supported types for partition projection".
 * @throws LakeError TABLE_UNSUPPORTED for partitions that can't be told so
 */
export function projection(table: CatalogTable, { today, platformsOf }: Pick<DdlOptions, 'today' | 'platformsOf'>): Record<string, string> {
  const { partition } = columnsOfFiles(table);
  if (partition.length === 0) return {};
  const properties: Record<string, string> = { 'projection.enabled': 'true' };
  for (const { name, type } of partition) {
    const own = table.partitions.map((values) => values[name] ?? null);
    const key = `projection.${name.toLowerCase()}`;
    if (type === 'date') Object.assign(properties, dates(table, key, own, today));
    else if (type === 'string') Object.assign(properties, texts(table, key, [...own, ...(name === 'platform' ? platformsOf(table.layer, table.table) : [])]));
    else throw unsupported(table, `its partition column ${name} is neither a date nor a text`);
  }
  return properties;
}

function dates(table: CatalogTable, key: string, values: readonly (string | null)[], today: string): Record<string, string> {
  const sorted = values.filter((value) => value !== null).sort();
  if (sorted.length < values.length) throw unsupported(table, 'it has a partition without a date');
  const [first = today, last = today] = [sorted[0], sorted.at(-1)];
  return {
    [`${key}.type`]: 'date',
    [`${key}.format`]: 'yyyy-MM-dd',
    [`${key}.range`]: last === noDate ? `${noDate},1970-01-02` : `${first},NOW+${Math.max(1, daysBetween(today, last))}DAYS`,
    [`${key}.interval`]: '1',
    [`${key}.interval.unit`]: 'DAYS',
  };
}

function daysBetween(from: string, to: string): number {
  return DateTime.fromISO(to, { zone: 'utc' }).diff(DateTime.fromISO(from, { zone: 'utc' }), 'days').days;
}

function texts(table: CatalogTable, key: string, values: readonly (string | null)[]): Record<string, string> {
  const given = [...new Set(values)].filter((value) => value !== null && value !== '').sort();
  const odd = given.find((value) => value !== null && !plainValue.test(value));
  if (odd !== undefined && odd !== null) throw unsupported(table, `its partition "${odd}" has other than letters, digits and ._~-`);
  return { [`${key}.type`]: 'enum', [`${key}.values`]: [...given, nullPartition].join(',') };
}
