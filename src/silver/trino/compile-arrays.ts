import { pointerTo, segmentsOf, timeColumn, type ArrayTable } from '../../dataset.js';
import { fill, identifier, sqlFile } from '../../lake/sql.js';
import { fieldsOf } from '../compile-values.js';
import { columnsSql, namedColumns, type Parts } from './compile-columns.js';
import { pathOf } from './compile-json.js';
import type { TrinoStep } from './step.js';

const elements = sqlFile(import.meta.url, './sql/array-element.sql');
const template = sqlFile(import.meta.url, './sql/array.sql');

/** A step for each of a contract's further arrays. @param source the step that has the events; @param kept SQL of those that are kept */
export function compileArrays(parts: Parts, source: string, kept: string): TrinoStep[] {
  return (parts.dataset.arrays ?? []).map((array, index) => compileArray(parts, array, `array_${index}`, { source, kept }));
}

/** Texts of the outermost arrays, that tell events apart. */
export function arrayTexts({ dataset: { arrays = [] }, json }: Parts): string[] {
  const roots = [...new Set(arrays.map(({ key }) => stepsOf(key)[0] ?? key))];
  return roots.map((root, index) => json.verbatimJson(json.safe('_body'), root, `array_root_${index}`));
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

function compileArray(parts: Parts, { table, key, columns }: ArrayTable, name: string, from: { readonly source: string; readonly kept: string }): TrinoStep {
  const { dataset, values, json } = parts;
  const fields = fieldsOf(columns);
  const sql = columnsSql(fields, parts, { name, json: '_element', kinds: null, prefix: `''`, doubtful: () => 'false' });
  const steps = stepsOf(key).map((step, index) => `level_${index} AS (\n${fill(elements, {
    source: index === 0 ? 'event' : `level_${index - 1}`,
    // An array right within an array is the element itself.
    list: step === '' ? '_element' : json.at('_element', values.add(`${name}_step_${index}`, pathOf(step))),
    elements: json.elements('_array'),
  }).trim()}\n)`);
  return {
    name: table,
    kind: 'table',
    select: fill(template, { ...from, levels: steps.join(', '), last: `level_${steps.length - 1}`, ...sql, columns: namedColumns(fields), time: identifier(timeColumn(dataset)) }),
  };
}
