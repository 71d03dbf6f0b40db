import { invalid } from './errors.js';

export type TokenKind = 'word' | 'quoted' | 'string' | 'hex' | 'integer' | 'decimal' | 'double' | 'parameter' | 'operator' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** A word in small letters; of quoted names and strings what is within the quotes; else as it is written. */
  readonly text: string;
  /** Offset of its first character. */
  readonly at: number;
  /** Offset behind its last character. */
  readonly end: number;
}

const operators = ['->', '<>', '!=', '<=', '>=', '||', '=>', '(', ')', '[', ']', ',', '.', ';', '<', '>', '=', '+', '-', '*', '/', '%', '?', ':', '|'];
const patterns: readonly (readonly [TokenKind | 'space', RegExp])[] = [
  ['space', /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y],
  ['hex', /[xX]'[0-9a-fA-F\s]*'/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['double', /(?:\d[\d_]*\.?\d*|\.\d+)[eE][+-]?\d+/y],
  ['decimal', /\d[\d_]*\.\d*|\.\d+/y],
  ['integer', /\d[\d_]*/y],
  ['parameter', /\$[A-Za-z_]\w*/y],
  ['word', /[A-Za-z_][\w@:]*/y],
];

/** Takes Trino's SQL apart into words. A backslash in a string is a backslash. @throws DialectError */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const found = next(source, at);
    if (found.kind !== 'space') tokens.push(found as Token);
    at = found.end;
  }
  tokens.push({ kind: 'end', text: '', at: source.length, end: source.length });
  return tokens;
}

function next(source: string, at: number): Omit<Token, 'kind'> & { readonly kind: TokenKind | 'space' } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined) continue;
    return { kind, text: meant(kind, text), at, end: at + text.length };
  }
  const operator = operators.find((each) => source.startsWith(each, at));
  if (operator !== undefined) return { kind: 'operator', text: operator, at, end: at + operator.length };
  throw unreadable(source, at);
}

function unreadable(source: string, at: number): Error {
  if (source[at] === "'") return invalid(at, 'a text is not closed', "A quote within a text is written twice: 'it''s'.");
  if (source[at] === '`') return invalid(at, 'a backquote is no quote in a query', 'Quote names like "this".');
  if (source.startsWith('/*', at)) return invalid(at, 'a comment is not closed');
  return invalid(at, `${source.slice(at, at + 1)} can't be read here`);
}

function meant(kind: TokenKind | 'space', text: string): string {
  switch (kind) {
    case 'word':
      return text.toLowerCase();
    case 'string':
      return text.slice(1, -1).replaceAll("''", "'");
    case 'quoted':
      return text.slice(1, -1).replaceAll('""', '"');
    case 'hex':
      return text.slice(2, -1).replaceAll(/\s/g, '');
    case 'integer':
    case 'decimal':
      return text.replaceAll('_', '');
    case 'parameter':
      return text.slice(1);
    default:
      return text;
  }
}
