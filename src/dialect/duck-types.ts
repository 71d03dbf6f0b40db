import { array, bigint, boolean, date, decimal, double, instant, integer, json, map, timestamp, varbinary, varchar, type Type } from './types.js';

const simple: Readonly<Record<string, Type>> = {
  'BOOLEAN': boolean, 'TINYINT': { kind: 'tinyint' }, 'SMALLINT': { kind: 'smallint' }, 'INTEGER': integer, 'BIGINT': bigint, 'FLOAT': { kind: 'real' }, 'DOUBLE': double, 'VARCHAR': varchar, 'BLOB': varbinary,
  'DATE': date, 'TIME': { kind: 'time' }, 'JSON': json, 'TIMESTAMP': timestamp(6), 'TIMESTAMP WITH TIME ZONE': instant(6), 'TIMESTAMPTZ': instant(6),
};

/** A column's type of DuckDB as Trino's: `DECIMAL(18,4)`, `STRUCT(a INTEGER, "b c" VARCHAR[])`; null for one that Trino doesn't have. */
export function fromDuckType(text: string): Type | null {
  const type = text.trim();
  if (type.endsWith('[]')) {
    const of = fromDuckType(type.slice(0, -2));
    return of === null ? null : array(of);
  }
  const numbers = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  if (numbers !== null) return decimal(Number(numbers[1]), Number(numbers[2]));
  if (type.startsWith('MAP(')) {
    const [key, value] = parts(type.slice(4, -1)).map(fromDuckType);
    return key == null || value == null ? null : map(key, value);
  }
  if (type.startsWith('STRUCT(')) return fromStruct(type.slice(7, -1));
  return simple[type] ?? null;
}

function fromStruct(text: string): Type | null {
  const fields = parts(text).map((part) => {
    const found = /^("(?:[^"]|"")*"|\w+)\s+(.*)$/s.exec(part.trim());
    const type = fromDuckType(found?.[2] ?? '');
    const name = found?.[1] ?? '';
    return { name: (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name).toLowerCase(), type };
  });
  const known = fields.flatMap(({ name, type }) => (type === null ? [] : [{ name, type }]));
  return known.length < fields.length ? null : { kind: 'row', fields: known };
}

/** Splits at commas outside of brackets and quotes. */
function parts(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (const [at, char] of Array.from(text).entries()) {
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      found.push(Array.from(text).slice(start, at).join(''));
      start = at + 1;
    }
  }
  return [...found, Array.from(text).slice(start).join('')];
}
