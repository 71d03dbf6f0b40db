import { readFileSync, writeFileSync } from 'node:fs';

/** What one part has measured: tables in Markdown, and what is to be said of them. */
export interface ScaleResult {
  readonly part: string;
  readonly tables: readonly ScaleTable[];
  readonly notes: readonly string[];
}

export interface ScaleTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A table in Markdown, a line each. */
export function markdownLines({ head, rows }: ScaleTable): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** A part's tables and notes in Markdown. */
export function resultLines({ tables, notes }: ScaleResult): string[] {
  return [...tables.flatMap((table) => [...markdownLines(table), '']), ...notes.map((note) => `- ${note}`)];
}

/**
 * Puts a part's tables and notes between its markers, `<!-- bench:scale <part> -->` and `<!-- /bench:scale -->`.
 * @throws Error when the page has no such markers
 */
export function writeBetween(page: string, part: string, lines: readonly string[]): void {
  const text = readFileSync(page, 'utf8');
  const opening = `<!-- bench:scale ${part} -->`;
  const from = text.indexOf(opening);
  const until = text.indexOf('<!-- /bench:scale -->', from);
  if (from === -1 || until === -1) throw new Error(`${page} has no ${opening} … <!-- /bench:scale -->`);
  writeFileSync(page, `${text.slice(0, from + opening.length)}\n\n${lines.join('\n').trim()}\n\n${text.slice(until)}`);
}

/** `1,234`. */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Three digits that count: `0.123`, `12.3`, `1,234`. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return size >= 100 ? grouped(value) : value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

export const seconds = (ms: number): string => threeDigits(ms / 1000);
export const megabytes = (bytes: number): string => grouped(bytes / 1e6);
