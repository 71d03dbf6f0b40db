/** DuckDB's type for one of Trino's, as its protocol names them. What has no counterpart is JSON text. */
export function duckdbType(type: string): string {
  const [name = '', ...given] = type.replace(/^timestamp\((\d+)\)/, 'timestamp').replace(/^time\(\d+\)/, 'time').split('(');
  const own = scalars[name.trim()];
  if (own !== undefined) return own;
  if (type.startsWith('decimal(')) return type.toUpperCase();
  if (/^(?:varchar|char)\(\d+\)$/.test(type)) return 'VARCHAR';
  const inner = given.join('(').slice(0, -1);
  if (name === 'array') return nested(inner) ? 'JSON' : `${duckdbType(inner)}[]`;
  if (name !== 'map') return 'JSON';
  const [key = '', value = ''] = splitTop(inner);
  return nested(key) || nested(value) ? 'JSON' : `MAP(${duckdbType(key)}, ${duckdbType(value)})`;
}

const scalars: Readonly<Record<string, string>> = {
  'varchar': 'VARCHAR', 'char': 'VARCHAR', 'bigint': 'BIGINT', 'integer': 'INTEGER', 'smallint': 'SMALLINT', 'tinyint': 'TINYINT', 'double': 'DOUBLE', 'real': 'FLOAT', 'boolean': 'BOOLEAN', 'date': 'DATE',
  'timestamp': 'TIMESTAMP', 'timestamp with time zone': 'TIMESTAMPTZ', 'varbinary': 'VARCHAR', 'json': 'JSON', 'uuid': 'VARCHAR', 'unknown': 'INTEGER', 'time': 'VARCHAR', 'interval day to second': 'VARCHAR', 'interval year to month': 'VARCHAR',
};

/** Rows, and lists of lists, are shown as JSON. */
function nested(type: string): boolean {
  return /^(?:array|map|row)\(/.test(type) || duckdbType(type) === 'JSON';
}

/** A cell of the protocol as JSON for DuckDB: rows get their names. */
export function cellOf(cell: unknown, type: string): unknown {
  if (cell === null || cell === undefined) return null;
  const open = type.indexOf('(');
  const kind = type.slice(0, open === -1 ? undefined : open);
  const inner = type.slice(open + 1, -1);
  if (kind === 'array' && Array.isArray(cell)) return cell.map((each) => cellOf(each, inner));
  if (kind === 'row' && Array.isArray(cell)) {
    return Object.fromEntries(splitTop(inner).map((field, index) => {
      const [, name = String(index), own = field] = /^"?([^" ]+)"? (.+)$/.exec(field) ?? [];
      return [name, cellOf(cell[index], own)];
    }));
  }
  if (kind === 'map' && typeof cell === 'object') {
    const [, value = ''] = splitTop(inner);
    return Object.fromEntries(Object.entries(cell).map(([key, each]) => [key, cellOf(each, value)]));
  }
  return type === 'json' && typeof cell === 'string' ? jsonOf(cell) : cell;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `varchar, array(row(a bigint, b double))` → its parts, cut at commas outside of parentheses. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}
