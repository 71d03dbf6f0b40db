import { LakeError } from '../errors.js';
import { renamedFunctions } from '../engines/trino/dialect.js';
import { codeOf } from '../engines/trino/literal.js';
import type { GoldModels, Step } from './model.js';

/** What leaves the SQL that both engines read alike, and what to write instead. */
export interface Violation {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly construct: string;
  readonly instead: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly construct: string;
  readonly instead: string;
}

const rules: readonly Rule[] = [
  { pattern: /\bQUALIFY\b/gi, construct: 'QUALIFY', instead: 'number the rows in a subquery and filter outside of it' },
  { pattern: /\b(?:EXCLUDE|REPLACE)\s*\((?=[^)]*\)\s*(?:FROM|,))/gi, construct: '* EXCLUDE or REPLACE', instead: 'name the columns' },
  { pattern: /\b(?:ASOF|POSITIONAL|SEMI|ANTI)\s+(?:LEFT\s+)?JOIN\b/gi, construct: 'an ASOF, POSITIONAL, SEMI or ANTI join', instead: 'a JOIN with ON, or EXISTS' },
  { pattern: /\b(?:GROUP|ORDER)\s+BY\s+ALL\b/gi, construct: 'GROUP BY ALL or ORDER BY ALL', instead: 'name the columns' },
  { pattern: /(?:^|\(|AS\s*\()\s*FROM\b/gi, construct: 'a SELECT that begins with FROM', instead: 'SELECT … FROM …' },
  { pattern: /::/g, construct: 'a cast by ::', instead: 'CAST(… AS …)' },
  { pattern: /\/\//g, construct: 'a division by //', instead: 'floor(CAST(… AS DOUBLE) / nullif(…, 0))' },
  { pattern: /\bIS\s+(?:NOT\s+)?(?:TRUE|FALSE)\b/gi, construct: 'IS TRUE or IS FALSE', instead: 'coalesce(…, false)' },
  { pattern: /\bLAMBDA\b|->/gi, construct: 'a lambda', instead: 'a join or an aggregate' },
  { pattern: /\[[^\]]*\]/g, construct: 'a list in brackets, a subscript or a slice', instead: 'an aggregate, or a join with UNNEST' },
  { pattern: /\bILIKE\b|\bGLOB\b|\bSIMILAR\s+TO\b|!?~/gi, construct: 'ILIKE, GLOB, SIMILAR TO or ~', instead: 'lower(…) LIKE …' },
  { pattern: /\bHUGEINT\b|\bUBIGINT\b|\bUINTEGER\b|\bSTRUCT\b|\bTEXT\b|\bINT\d+\b|\bFLOAT\d*\b/gi, construct: 'a type that only DuckDB has', instead: 'BIGINT, DOUBLE, DECIMAL(38, s), VARCHAR' },
  { pattern: /\b(?:USING\s+SAMPLE|TABLESAMPLE|PIVOT|UNPIVOT)\b/gi, construct: 'SAMPLE, PIVOT or UNPIVOT', instead: 'sum(CASE WHEN … END)' },
  { pattern: /\bINTERVAL\s+(?:\d|\()/gi, construct: 'an INTERVAL that is not quoted', instead: `INTERVAL '1' DAY` },
];

/** Functions that give the same on both engines, or are written for Trino as `toTrino` does. */
const portable = new Set([
  ...renamedFunctions,
  'count', 'sum', 'min', 'max', 'avg', 'array_agg', 'bool_and', 'bool_or', 'stddev_samp', 'stddev_pop', 'var_samp', 'var_pop', 'corr',
  'row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile', 'lag', 'lead', 'first_value', 'last_value', 'nth_value',
  'cast', 'coalesce', 'nullif', 'abs', 'sign', 'floor', 'ceil', 'sqrt', 'ln', 'exp', 'power', 'mod',
  'lower', 'upper', 'length', 'replace', 'substr', 'strpos', 'starts_with', 'trim', 'reverse',
  'date_diff', 'date_trunc', 'extract', 'year', 'month', 'day', 'hour', 'minute', 'quarter', 'unnest', 'cardinality',
]);

/** Words before a parenthesis that call nothing. */
const words = new Set('in and or not over as values when then else filter case between exists on using with select from join where by union all except intersect distinct like having decimal varchar is escape lateral cross inner left right full outer any some partition order group within rows range if'.split(' '));

/** What of a SELECT only one engine can run, or the two would answer differently; it is found in the text, so before anything runs. */
export function violationsIn({ path, sql }: Pick<Step, 'path' | 'sql'>): Violation[] {
  const code = codeOf(sql);
  const found: Violation[] = [];
  const ruled = new Set<number>();
  const add = (at: number, construct: string, instead: string): void => {
    ruled.add(at);
    found.push({ path, line: sql.slice(0, at).split('\n').length, construct, instead });
  };
  for (const { pattern, construct, instead } of rules) for (const match of code.matchAll(pattern)) add(match.index, construct, instead);
  for (const match of code.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) {
    const name = (match[1] ?? '').toLowerCase();
    if (words.has(name) || portable.has(name) || isCte(code, match) || ruled.has(match.index)) continue;
    add(match.index, `the function ${name}`, 'one that both engines have: docs/trino.md says which');
  }
  for (const match of code.matchAll(/\/(?!\/)/g)) if (!isOfDoubles(code, match.index)) add(match.index, 'a division that may be of whole numbers', 'CAST(… AS DOUBLE) / nullif(…, 0)');
  for (const match of code.matchAll(/\bavg\s*\(\s*(?!CAST\b)/gi)) add(match.index, 'avg of what may be no double', 'avg(CAST(… AS DOUBLE))');
  return found.sort((a, b) => a.line - b.line);
}

/** @throws LakeError DATASET_INVALID naming each construct of each model that only DuckDB reads */
export function checkPortable({ steps, models }: GoldModels): void {
  const all = [...steps, ...models].flatMap(violationsIn);
  const [first] = all;
  if (first === undefined) return;
  throw new LakeError(`a model can't be run on Trino: ${all.slice(0, 8).map(({ path, line, construct }) => `${path}:${line}: ${construct}`).join('; ')}${all.length > 8 ? '; …' : ''}`, {
    code: 'DATASET_INVALID', op: 'gold', path: `${first.path}:${first.line}`, hint: `Write ${first.instead}; or build it with --engine duckdb.`,
  });
}

/** `name (a, b) AS (`, the columns of a WITH. */
function isCte(code: string, match: RegExpMatchArray): boolean {
  const after = code.slice((match.index ?? 0) + match[0].length);
  return /^[^()]*\)\s+AS\s*\(/i.test(after) || /(?:\bAS\s+)$/i.test(code.slice(0, match.index));
}

/** Whether one side of a division is a cast to DOUBLE or a number in E notation. */
function isOfDoubles(code: string, at: number): boolean {
  const before = code.slice(0, at).trimEnd();
  return /\bAS\s+DOUBLE\s*\)$/i.test(before) || /\dE[+-]?\d+$/i.test(before) || /^\s*\d+(?:\.\d+)?E[+-]?\d+/i.test(code.slice(at + 1));
}
