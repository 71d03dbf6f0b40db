import { pointerTo, segmentsOf, timeColumn, type ArrayTable, type Dataset } from '../dataset.js';
import { fill, identifier, sqlFile } from '../lake/sql.js';
import { columnSql, quotedNumbers } from './compile-exact.js';
import { allParents, fieldsOf, type TextSql, type Values } from './compile-values.js';

const keptEvents = sqlFile(import.meta.url, './sql/array-event.sql');
const elements = sqlFile(import.meta.url, './sql/array-element.sql');
const template = sqlFile(import.meta.url, './sql/array.sql');

/** The SQL of an array's table. */
export interface CompiledArray {
  readonly table: string;
  /** @param written whether any event file was: their paths are in `$item_files` */
  readonly select: (written: boolean) => string;
}

/** A SELECT for each of a contract's further arrays. */
export function compileArrays(dataset: Dataset, text: TextSql, values: Values): CompiledArray[] {
  return (dataset.arrays ?? []).map((array, index) => compileArray(dataset, array, `array_${index}`, text, values));
}

/** Texts of the outermost arrays, that tell events apart: what silver has rows of must not make a duplicate. */
export function arrayTexts({ arrays = [] }: Dataset, values: Values): string[] {
  const roots = [...new Set(arrays.map(({ key }) => stepsOf(key)[0] ?? key))];
  return roots.map((root, index) => `CAST(json_extract(_body, ${values.add(`array_root_${index}`, root)}) AS VARCHAR)`);
}

/** The pointers from one array to the next: `/orders/` + `*` + `/lines` is `/orders`, `/lines`. */
function stepsOf(key: string): string[] {
  const steps: string[] = [''];
  for (const segment of segmentsOf(key)) {
    if (segment === '*') steps.push('');
    else steps.push(`${steps.pop() ?? ''}${pointerTo(segment)}`);
  }
  return steps;
}

function compileArray(dataset: Dataset, { table, key, columns }: ArrayTable, name: string, text: TextSql, values: Values): CompiledArray {
  const fields = fieldsOf(columns);
  const sql = columnSql(fields, text, `''`);
  const parents = allParents(fields);
  const at = values.add(`${name}_at`, sql.paths);
  const around = parents.length === 0 ? '' : `json_type(_element, ${values.add(`${name}_parents_at`, parents)}) AS _parents,`;
  const time = identifier(timeColumn(dataset));
  const steps = stepsOf(key).map((step, index) => `level_${index} AS (\n${fill(elements, {
    source: index === 0 ? 'event' : `level_${index - 1}`,
    // An array right within an array is the element itself.
    list: step === '' ? '_element' : `json_extract(_element, ${values.add(`${name}_step_${index}`, step)})`,
    time,
  }).trim()}\n)`);
  return {
    table,
    select: (written) => fill(template, {
      event: written ? fill(keptEvents, { time, body_quoted: quotedNumbers('body', values) }) : `SELECT '' AS event_id, CAST(NULL AS DATE) AS event_date, '' AS platform, CAST(NULL AS TIMESTAMPTZ) AS ${time}, CAST(NULL AS VARCHAR) AS parent_path, CAST(NULL AS BIGINT) AS item_index, CAST('{}' AS JSON) AS _element FROM bronze_rows WHERE false`,
      levels: steps.join(', '),
      last: `level_${steps.length - 1}`,
      at, parents: around, time,
      raw: sql.raw === '' ? 'NULL AS _none' : sql.raw,
      typed: sql.typed === '' ? 'NULL AS _nothing' : sql.typed,
      columns: fields.map(({ quoted }) => `${quoted}, `).join(''),
      issues: sql.issues,
    }),
  };
}
