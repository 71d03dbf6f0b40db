import type { Name, Query } from './ast.js';
import { invalid } from './errors.js';
import { tokensOf, type Token } from './lexer.js';

/** Words that name nothing unless they are quoted. */
const reserved = new Set(
  ('alter and as between by case cast constraint create cross cube current_date current_time current_timestamp current_user deallocate delete describe distinct drop else end escape except exists extract false for from full group grouping having in inner insert intersect into is join json_array json_exists json_object json_query json_table json_value left like listagg localtime localtimestamp natural normalize not null on or order outer prepare recursive right rollup select skip table then trim true uescape union unnest using values when where with').split(' '),
);
/** Words that go on with a query where an alias without AS could stand. */
const goesOn = new Set(['limit', 'offset', 'fetch', 'window', 'tablesample', 'qualify', 'match_recognize', 'pivot', 'unpivot', 'asof', 'sample', 'lateral', 'anti', 'semi']);

/** Where a parser is in a text. */
export class Cursor {
  private readonly tokens: readonly Token[];
  private index = 0;

  /** @param query parses a query, for those within expressions */
  constructor(
    readonly source: string,
    readonly query: (cursor: Cursor) => Query,
  ) {
    this.tokens = tokensOf(source);
  }

  get token(): Token {
    return this.ahead(0);
  }

  get at(): number {
    return this.token.at;
  }

  ahead(count: number): Token {
    return this.tokens[Math.min(this.index + count, this.tokens.length - 1)]!;
  }

  take(): Token {
    const { token } = this;
    this.index++;
    return token;
  }

  /** Whether these words or operators come next. */
  is(...texts: readonly string[]): boolean {
    return texts.every((text, index) => {
      const { kind, text: found } = this.ahead(index);
      return (kind === 'word' || kind === 'operator') && found === text;
    });
  }

  /** Takes these words or operators if all of them come next. */
  accept(...texts: readonly string[]): boolean {
    if (!this.is(...texts)) return false;
    this.index += texts.length;
    return true;
  }

  expect(...texts: readonly string[]): void {
    for (const text of texts) if (!this.accept(text)) throw this.unexpected(text.toUpperCase());
  }

  unexpected(wanted?: string): Error {
    const { kind, text, at } = this.token;
    const found = kind === 'end' ? 'the end' : kind === 'string' ? `'${text}'` : kind === 'word' ? this.source.slice(at, this.token.end) : text;
    return invalid(at, wanted === undefined ? `${found} is not expected here` : `${found} stands where ${wanted} is expected`);
  }

  /** A name, in small letters as Trino keeps them, quoted or not. */
  name(wanted = 'a name'): Name {
    const { kind, text, at } = this.token;
    if (kind !== 'quoted' && (kind !== 'word' || reserved.has(text))) throw this.unexpected(wanted);
    this.index++;
    return { text, at };
  }

  /** An alias without AS may be no word that goes on with the query. */
  alias(): Name | null {
    if (this.accept('as')) return this.name('an alias');
    const { kind, text } = this.token;
    if (kind === 'quoted' || (kind === 'word' && !reserved.has(text) && !goesOn.has(text))) return this.name();
    return null;
  }

  string(): string {
    if (this.token.kind !== 'string') throw this.unexpected('a text');
    return this.take().text;
  }

  /** One or more, with commas between. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.accept(',')) items.push(item());
    return items;
  }

  bracketed<T>(item: () => T): T {
    this.expect('(');
    const found = item();
    this.expect(')');
    return found;
  }

  /** Tries a way to read on; when it fails, the place is as before. */
  attempt<T>(read: () => T | null): T | null {
    const { index } = this;
    const found = read();
    if (found === null) this.index = index;
    return found;
  }
}
