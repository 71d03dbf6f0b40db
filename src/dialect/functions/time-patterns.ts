import { invalid, refused } from '../errors.js';

const mysql: Readonly<Record<string, string>> = {
  a: '%a', b: '%b', c: '%-m', d: '%d', e: '%-d', f: '%g000', H: '%H', h: '%I', I: '%I', i: '%M', j: '%j', k: '%-H', l: '%-I', M: '%B', m: '%m', p: '%p', r: '%I:%M:%S %p', S: '%S', s: '%S', T: '%H:%M:%S', v: '%V', W: '%A', x: '%G', Y: '%Y', y: '%y', '%': '%%',
};
const mysqlParsed: Readonly<Record<string, string>> = { ...mysql, c: '%m', e: '%d', f: '%f', k: '%H', l: '%I' };
/** Letters whose reading differs between engines. */
const unparsed = new Set(['v', 'x', 'y', 'j', 'a', 'W']);
const joda: Readonly<Record<string, string>> = {
  yyyy: '%Y', y: '%Y', YYYY: '%Y', yy: '%y', MM: '%m', M: '%-m', MMM: '%b', MMMM: '%B', dd: '%d', d: '%-d', HH: '%H', H: '%-H', hh: '%I', h: '%-I', mm: '%M', m: '%-M', ss: '%S', s: '%-S', SSS: '%g', EEE: '%a', EE: '%a', E: '%a', EEEE: '%A', a: '%p', DDD: '%j', e: '%u', xxxx: '%G', ww: '%V',
};
const jodaParsed = new Set(['yyyy', 'MM', 'M', 'dd', 'd', 'HH', 'H', 'mm', 'm', 'ss', 's', 'SSS', 'MMM', 'MMMM', 'hh', 'h', 'a']);

/** A format of `date_format` or `date_parse`, MySQL's letters, as DuckDB's. @throws DialectError for a letter that can't be had */
export function fromMysql(at: number, format: string, parsing: boolean): string {
  return format.replaceAll(/%(.?)|[^%]+/gs, (all, letter?: string) => {
    if (letter === undefined) return all;
    const found = (parsing ? mysqlParsed : mysql)[letter];
    if (found === undefined && /[DUuVwX]/.test(letter)) throw invalid(at, `%${letter} is no part of a format that Trino has`);
    if (found === undefined) return letter.replaceAll('%', '%%');
    if (parsing && unparsed.has(letter)) throw refused(at, `%${letter} in date_parse`, 'Give %Y %m %d %H %i %s %f and names of months, and cut the text before with substr.');
    return found;
  });
}

/** A format of `format_datetime` or `parse_datetime`, Joda's letters, as DuckDB's. @throws DialectError for letters that can't be had */
export function fromJoda(at: number, format: string, parsing: boolean): string {
  return format.replaceAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g, (all, quoted?: string, letter?: string) => {
    if (quoted !== undefined) return (quoted === '' ? "'" : quoted.replaceAll("''", "'")).replaceAll('%', '%%');
    if (letter === undefined) return all.replaceAll('%', '%%');
    const found = joda[all];
    if (found === undefined || (parsing && !jodaParsed.has(all))) throw refused(at, `${all} in ${parsing ? 'parse_datetime' : 'format_datetime'}`, `There are ${(parsing ? [...jodaParsed] : Object.keys(joda)).join(' ')}, and texts in quotes.`);
    return parsing ? found.replace('%-', '%') : found;
  });
}
