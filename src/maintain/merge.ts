import { writeOne } from '../engines/duckdb.js';
import { LakeError } from '../errors.js';
import { textList } from '../lake/duckdb.js';
import { filePath } from '../lake/layout.js';
import type { Lake } from '../lake/lake.js';
import { identifier } from '../lake/sql.js';
import { partitionName, type StagedFile } from '../lake/staged.js';
import { viewSelect, type Reading } from '../lake/views.js';
import type { Merge } from './plan.js';

/**
 * Writes the rows of some files into one, with the table's columns and types as its log has them, file after file:
 * sorting would have to hold them all.
 * @param path of the new file, relative to the lake's root
 * @throws LakeError LAKE_CORRUPT when the files hold other rows than the log says; FILE_GONE
 */
export async function mergeFiles(lake: Lake, { layer, table, snapshot }: Reading, merge: Merge, path: string): Promise<StagedFile> {
  const partition = new Set(snapshot.metaData.partitionColumns);
  const columns = snapshot.columns.filter(({ name }) => !partition.has(name)).map(({ name }) => identifier(name));
  const paths = merge.paths.map((each) => lake.storage.locate(`${layer}/${table}/${filePath(each)}`));
  const select = `SELECT ${columns.join(', ')} FROM (${viewSelect(snapshot, '$paths')})`;
  const file = await writeOne(await lake.session(), select, lake.storage.locate(path), { paths: textList(paths) });
  if (file.rows !== merge.rows) throw otherRows(`${layer}.${table}`, merge, file.rows);
  return { ...file, partition: merge.partition, ...(merge.tags === null ? {} : { tags: merge.tags }) };
}

function otherRows(table: string, merge: Merge, found: number): LakeError {
  const name = partitionName(merge.partition);
  return new LakeError(`${merge.paths.length} files of ${table}, ${name}, have ${found} rows, and the log says ${merge.rows}`, {
    code: 'LAKE_CORRUPT',
    op: 'compact',
    path: `${table.replace('.', '/')}/${name}`,
    hint: 'Nothing was changed. `ingot audit` names the file; of silver and gold, `ingot backfill` over that date builds it again.',
  });
}
