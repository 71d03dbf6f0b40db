/**
 * The rest of a JSON text that begins with a digit, after its opening quote, and is no plain instant or date in ISO 8601: RE2 has
 * no complement, so what may not come is spelled out place by place. The last days of months count as odd, for not every month has them.
 */
const zone = pair([['0', '0-9'], ['1', '0-4']], '(?:[^:0-5]|:[^0-5]|:?[0-5][^0-9]|:?[0-5][0-9][^"])');
const fraction = '(?:[.][0-9]+)?';
const afterSeconds = `(?:[^.Z+"-]|[.][^0-9]|[.][0-9]+[^0-9Z+"-]|${fraction}Z[^"]|${fraction}[+-]${zone})`;
const sixty = '0-5';
const time = pair([['01', '0-9'], ['2', '0-3']], one(':', pair([[sixty, '0-9']], one(':', pair([[sixty, '0-9']], afterSeconds)))));
const day = pair([['0', '1-9'], ['1', '0-9'], ['2', '0-8']], `(?:[^T "]|[T ]${time})`);
const month = pair([['0', '1-9'], ['1', '0-2']], one('-', day));
export const otherThanInstant = ['0-9', '0-9', '0-9', '0-9', '-'].reduceRight((rest, place) => one(place, rest), month);

/** What is not a character of this class with the right rest behind it. */
function one(place: string, wrongRest: string): string {
  return `(?:[^${place}]|[${place}]${wrongRest})`;
}

/** The same of two characters, in one of some ways. */
function pair(ways: readonly (readonly [first: string, second: string])[], wrongRest: string): string {
  const firsts = ways.map(([first]) => first).join('');
  return `(?:[^${firsts}]|${ways.map(([first, second]) => `[${first}](?:[^${second}]|[${second}]${wrongRest})`).join('|')})`;
}
