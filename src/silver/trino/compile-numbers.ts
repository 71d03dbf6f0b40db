import { withValue } from './values.js';

/** SQL of the text that Java gives for a DOUBLE, the shortest that tells it from others: one digit where Java gives two of the least numbers. */
function javaText(double: string): string {
  const long = `json_format(CAST(${double} AS JSON))`;
  // 4.9E-324 is 5e-324.
  const shorter = withValue(long, 'long', withValue(`format('%.0e', ${double})`, 'short', `CASE WHEN CAST(short AS DOUBLE) = ${double} THEN regexp_replace(short, '\\A(-?[0-9])e', '$1.0E') ELSE long END`));
  return `CASE WHEN abs(${double}) < 1e-320 THEN ${shorter} ELSE ${long} END`;
}

/** SQL of a finite DOUBLE that isn't 0 as text. @param least exponents below it, and above `most`, are written as such; @param exponent SQL of that, from `number[3]` */
function formatted(double: string, { least, most, exponent }: { readonly least: number; readonly most: number; readonly exponent: string }): string {
  // Sign, digits before and behind the point, exponent; then sign, digits from the first that is no 0 to the last, and the first one's exponent.
  return withValue(`split(regexp_replace(${javaText(double)}, '\\A(-?)([0-9]+)\\.([0-9]+)(?:E(.+))?\\z', '$1,$2,$3,$4'), ',')`, 'part',
    withValue(`trim(LEADING '0' FROM part[2] || part[3])`, 'digits',
      withValue(`ROW(part[1], trim(TRAILING '0' FROM digits), coalesce(TRY_CAST(part[4] AS INTEGER), 0) - 1 - length(part[3]) + length(digits))`, 'number', `number[1] || CASE
      WHEN number[3] < ${least} OR number[3] > ${most} THEN substr(number[2], 1, 1) || CASE WHEN length(number[2]) > 1 THEN '.' || substr(number[2], 2) ELSE '' END || 'e' || ${exponent}
      WHEN number[3] < 0 THEN '0.' || rpad('', -1 - number[3], '0') || number[2]
      WHEN number[3] >= length(number[2]) - 1 THEN rpad(number[2], number[3] + 1, '0') || '.0'
      ELSE substr(number[2], 1, number[3] + 1) || '.' || substr(number[2], number[3] + 2) END`)));
}

/** SQL of the text that DuckDB casts a finite DOUBLE to. */
export function doubleText(double: string): string {
  const exponent = `CASE WHEN number[3] < 0 THEN '-' ELSE '+' END || CASE WHEN abs(number[3]) < 10 THEN '0' ELSE '' END || CAST(abs(number[3]) AS VARCHAR)`;
  return `CASE WHEN ${double} = 0 THEN '0.0' ELSE ${formatted(double, { least: -4, most: 15, exponent })} END`;
}

/** SQL of the text that DuckDB's JSON gives for a number of a JSON text: all digits of whole numbers, of others those that tell the DOUBLE. */
export function yyNumber(text: string): string {
  const double = withValue(`TRY_CAST(${text} AS DOUBLE)`, 'value', `CASE
    WHEN value IS NULL OR is_nan(value) OR is_infinite(value) THEN ${text}
    WHEN value = 0 THEN CASE WHEN starts_with(${text}, '-') THEN '-0.0' ELSE '0.0' END
    ELSE ${formatted('value', { least: -6, most: 20, exponent: 'CAST(number[3] AS VARCHAR)' })} END`);
  return `CASE WHEN ${text} = '-0' THEN '0' WHEN regexp_like(${text}, '\\A-?[0-9]+\\z') THEN ${text} ELSE ${double} END`;
}

const money = 'DECIMAL(18,4)';

/** SQL of the DECIMAL(18,4) that DuckDB casts a numeric text to, or a DOUBLE of it where that fails; null where both do. */
export function moneyOf(text: string): string {
  const parts = `split(regexp_replace(${text}, '\\A(-?)0*+([0-9]*)(?:\\.([0-9]+))?[eE]\\+?(-?)0*+([0-9]*)\\z', '$1,$2,$3,$4,$5'), ',')`;
  const double = withValue(`TRY_CAST(${text} AS DOUBLE)`, 'value', `CASE WHEN abs(value) <= 1e14 THEN TRY_CAST(CAST(CAST(value * 1e4 + sign(value) * 1e-9 AS BIGINT) AS DECIMAL(19,0)) * DECIMAL '0.0001' AS ${money}) END`);
  const exact = `CASE WHEN length(part[5]) > 5 OR CAST('0' || part[5] AS INTEGER) > 32767 OR length(part[2]) > 14 THEN NULL WHEN part[4] = '-' AND part[5] <> '' THEN ${shrunk()} ELSE ${grown()} END`;
  return `CASE WHEN regexp_like(${text}, '[eE]') THEN coalesce(${withValue(parts, 'part', exact)}, ${double}) ELSE TRY_CAST(${text} AS ${money}) END`;
}

/** With an exponent below 0 DuckDB cuts the fifth decimal first, and of what is too small the first digit decides, wherever it is. */
function shrunk(): string {
  const units = `CAST('0' || part[2] || rpad(substr(part[3], 1, 4), 4, '0') AS BIGINT)`;
  const rounded = `CASE WHEN CAST(part[5] AS INTEGER) >= length(CAST(units AS VARCHAR)) THEN CASE WHEN substr(CAST(units AS VARCHAR), 1, 1) >= '5' THEN 1 ELSE 0 END
      ELSE CAST(substr(CAST(units AS VARCHAR), 1, length(CAST(units AS VARCHAR)) - CAST(part[5] AS INTEGER)) AS BIGINT)
        + CASE WHEN substr(CAST(units AS VARCHAR), length(CAST(units AS VARCHAR)) - CAST(part[5] AS INTEGER) + 1, 1) >= '5' THEN 1 ELSE 0 END END`;
  return withValue(units, 'units', `CAST(CAST(${rounded} AS DECIMAL(18,0)) * CASE part[1] WHEN '-' THEN DECIMAL '-0.0001' ELSE DECIMAL '0.0001' END AS ${money})`);
}

/** With one above 0 it takes 18 digits, and no more than 14 before the point once it has put zeros behind them. */
function grown(): string {
  const exponent = `CAST('0' || part[5] AS INTEGER)`;
  const zeros = `greatest(${exponent} - greatest(length(kept) - 4, 0), 0)`;
  return withValue(`CASE WHEN ${exponent} = 0 THEN part[3] ELSE substr(part[3], 1, 18 - length(part[2])) END`, 'kept',
    `CASE WHEN regexp_like(part[2] || kept, '\\A0*\\z') THEN CAST(0 AS ${money}) WHEN length(part[2]) + ${zeros} <= 14 THEN TRY_CAST(part[1] || '0' || part[2] || '.' || kept || '0e' || CAST(${exponent} AS VARCHAR) AS ${money}) END`);
}
