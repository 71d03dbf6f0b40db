import { readFileSync } from 'node:fs';

/** Quotes an identifier for DuckDB. Values are never quoted: they are parameters. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Reads a `.sql` file that lies beside a module: `sqlFile(import.meta.url, './land.sql')`. */
export function sqlFile(moduleUrl: string, name: string): string {
  return readFileSync(new URL(name, moduleUrl), 'utf8');
}

/**
 * Fills `{{name}}` in a template with SQL that a contract compiles to.
 * @throws Error when a slot has no fragment: a bug, not an input.
 */
export function fill(template: string, fragments: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_slot, name: string) => {
    const fragment = fragments[name];
    if (fragment === undefined) throw new Error(`the SQL template has no fragment for ${name}`);
    return fragment;
  });
}

/** Of `values`, those whose `$name` the SQL text uses: DuckDB refuses parameters that a statement doesn't have. */
export function parametersOf<T>(sql: string, values: Readonly<Record<string, T>>): Record<string, T> {
  const used = new Set(Array.from(sql.replace(/^\s*--.*$/gm, '').matchAll(/\$([a-z_]\w*)/gi), (match) => match[1]));
  return Object.fromEntries(Object.entries(values).filter(([name]) => used.has(name)));
}
