import { LakeError } from '../../errors.js';
import type { Lake } from '../../lake/lake.js';
import type { DeltaField } from '../../lake/types.js';
import { unsupported, type CatalogTable, type DdlOptions } from './tables.js';
import { hiveType } from './types.js';

/**
 * The lake's root for Athena and Glue, which know Amazon's S3 alone.
 * @throws LakeError USAGE for a lake that is elsewhere
 */
export function amazonRoot(engine: 'Athena' | 'Glue', lake: Lake, { location, server }: DdlOptions): string {
  const root = location ?? lake.storage.root;
  const own = location === null ? (server?.endpoint ?? null) : null;
  if (root.startsWith('s3://') && (own === null || /\.amazonaws\.com(?:\.cn)?$/.test(own.hostname))) return root;
  const what = own === null ? root : `${root} at ${own.origin}`;
  throw new LakeError(`${engine} reads Amazon's S3 only, not ${what}`, { code: 'USAGE', op: 'ddl', path: '--lake', hint: 'Give a lake in S3, or with --location s3://bucket/prefix where a copy of this one is.' });
}

const plainName = /^\w{1,255}$/;

/** A table's name in Athena, where all are the same whatever their case. @throws LakeError TABLE_UNSUPPORTED for one that its queries can't name */
export function athenaTable(table: CatalogTable): string {
  if (plainName.test(table.table)) return table.table.toLowerCase();
  throw unsupported(table, 'Athena takes names of letters, digits and _ only');
}

/** A column of a plain table: its files are looked through for the name. @throws LakeError TABLE_UNSUPPORTED */
export function athenaColumn(table: CatalogTable, field: DeltaField): { readonly name: string; readonly type: string } {
  if (!plainName.test(field.name)) throw unsupported(table, `the column ${field.name} has other than letters, digits and _ in its name`);
  return { name: field.name.toLowerCase(), type: hiveType(table, field) };
}
