import type { ColumnType } from '../dataset.js';
import type { ProposedArray } from './arrays.js';
import type { ProposedColumn } from './columns.js';
import { counted } from './columns.js';
import type { Proposal } from './propose.js';

const builders: Readonly<Record<ColumnType, string>> = {
  text: 'text', integer: 'integer', money: 'money', text_map: 'textMap', number: 'number', boolean: 'boolean', date: 'date', timestamp: 'timestamp',
};
const dayMs = '24 * 60 * 60 * 1000';

/** A proposal as the text of `dataset.ts`, as a person would write it. @param source what it was made of, for the comment */
export function typescriptOf(proposal: Proposal, source: string): string {
  const { name, rows, time, otherTimes, nulls, person, table, columns, items, arrays, notes, platform } = proposal;
  const used = new Set([...columns, ...(items?.columns ?? []), ...arrays.flatMap((array) => array.columns)].map(({ type }) => builders[type]));
  const unique = columns.filter((column) => column.unique).map((column) => column.name);
  const hints = [
    ...(unique.length === 0 ? [] : [`Unique in every row, so they could be keys: ${unique.join(', ')}.`]),
    ...(otherTimes.length === 0 ? [] : [`Other times: ${otherTimes.map(({ key, says }) => `${key} (${says})`).join(', ')}.`]),
    ...notes,
  ];
  const lines = [
    `import { ${['defineDataset', ...used].sort().join(', ')} } from 'ingot';`,
    '',
    '/**',
    ` * Proposed from ${counted(rows)} rows of ${inComment(source)}. Read it and put right what it can't know: what is required, who is a person, which texts mean null.`,
    ...(hints.length === 0 ? [] : [' *', ...hints.map((hint) => ` * - ${inComment(hint)}`)]),
    ' */',
    'export default defineDataset({',
    `  name: ${quoted(name)},`,
    '  version: 1,',
    ...timeLines(time),
    ...(platform === null ? [] : [comment(platform.comment, 2), `  platform: { key: ${quoted(platform.key)}, values: [${platform.values.map(quoted).join(', ')}]${platform.required ? '' : ', required: false'} },`]),
    ...nullsLines(nulls),
    person === null ? "  // person: 'user_id', the text column that names a person, if there is one: `forget` goes by it." : `  person: ${quoted(person)},`,
    '  event: {',
    `    table: ${quoted(table)},`,
    '    columns: {',
    ...columns.map(columnLine),
    '    },',
    '  },',
    ...(items === null ? [] : ['  items: {', comment(items.comment, 4), `    table: ${quoted(items.table)},`, `    key: ${quoted(items.key)},`, '    columns: {', ...items.columns.map(columnLine), '    },', '  },']),
    ...(arrays.length === 0 ? [] : ['  arrays: [', ...arrays.flatMap(arrayLines), '  ],']),
    '});',
    '',
  ];
  return lines.join('\n');
}

function arrayLines({ table, key, columns, comment: said }: ProposedArray): string[] {
  return ['    {', comment(said, 6), `      table: ${quoted(table)},`, `      key: ${quoted(key)},`, '      columns: {', ...columns.map((column) => `  ${columnLine(column)}`), '      },', '    },'];
}

function timeLines(time: Proposal['time']): string[] {
  if (time === null) return [comment('No time is in enough rows: events are dated by their receipt.', 2), '  time: { load: true },'];
  const { key, pattern, clock, column, notBefore, says } = time;
  const options = [
    `key: ${quoted(key)}`,
    ...(pattern === null ? [] : [`format: { pattern: ${quoted(pattern)}${clock === null ? '' : `, clock: ${quoted(clock.key)}`} }`]),
    ...(column === null ? [] : [`column: ${quoted(column)}`]),
    `notBefore: ${quoted(notBefore)}`,
    `maxAheadMs: ${dayMs}`,
  ];
  return [comment(says, 2), `  time: { ${options.join(', ')} },`];
}

function nullsLines(nulls: Proposal['nulls']): string[] {
  const said = nulls.filter(({ rows }) => rows > 0).map(({ text, rows }) => `${quoted(text)} ${counted(rows)} times`);
  return [...(said.length === 0 ? [] : [comment(said.join(', '), 2)]), `  nulls: [${nulls.map(({ text }) => quoted(text)).join(', ')}],`];
}

function columnLine({ name, type, key, required, format, past, comment: said }: ProposedColumn): string {
  const options = [
    ...(key === null ? [] : [`keys: [${quoted(key)}]`]),
    ...(required ? ['required: true'] : []),
    ...(format === null ? [] : [`formats: [${quoted(format)}]`]),
    ...(past ? ['past: true'] : []),
  ];
  const call = `${builders[type]}(${options.length === 0 ? '' : `{ ${options.join(', ')} }`})`;
  return `      ${name}: ${call},${said === '' ? '' : ` ${comment(said, 0)}`}`;
}

function comment(text: string, indent: number): string {
  return `${' '.repeat(indent)}// ${inComment(text)}`;
}

/** One line that ends no comment: data must not become program. */
function inComment(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').replaceAll('*/', '* /').slice(0, 400);
}

/** A text as TypeScript has it, in single quotes. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replaceAll(/[\p{Cf}\u2028\u2029\u007f-\u009f]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)}'`;
}
