import { sqlFile } from '../lake/sql.js';

let known: ReadonlyMap<string, string> | null = null;

/** Macros by name, as statements that make them; read when a query needs them first. */
function macros(): ReadonlyMap<string, string> {
  if (known !== null) return known;
  const text = ['number', 'text', 'list', 'time', 'json'].map((name) => sqlFile(import.meta.url, `./macros/${name}.sql`)).join('\n');
  known = new Map(Array.from(text.matchAll(/^CREATE MACRO (\w+)\(.*$/gm), (match) => [match[1] ?? '', match[0].replace(/;$/, '')]));
  return known;
}

/** Statements for the macros that an SQL text uses, those first that others need. Macros of one session need no more. */
export function macrosOf(sql: string): string[] {
  const statements = new Map<string, string>();
  const need = (text: string): void => {
    for (const [name] of text.matchAll(/\btr_\w+(?=\()/g)) {
      const statement = macros().get(name);
      if (statement === undefined || statements.has(name)) continue;
      const body = statement.slice(statement.indexOf(' AS '));
      need(body);
      statements.set(name, statement);
    }
  };
  need(sql);
  return [...statements.values()];
}

/** Names of all macros. */
export function macroNames(): string[] {
  return [...macros().keys()];
}
