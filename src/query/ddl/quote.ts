/** A name in Hive's DDL and in Spark. */
export function backquoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A text in Hive's DDL and in Spark, where a backslash escapes. */
export function hiveText(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A text in DuckDB and Trino. */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A word of a POSIX shell. */
export function shellWord(value: string): string {
  return /^[\w./:=@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** `'a'='b', 'c'='d'`. */
export function hiveProperties(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties).map(([key, value]) => `${hiveText(key)}=${hiveText(value)}`).join(', ');
}
