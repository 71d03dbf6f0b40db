import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { LakeError } from './errors.js';

/** `64MB`, `1.5GiB`, `1000` → bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|tb|kib|mib|gib|tib)?$/i.exec(text.trim());
  if (match === null) throw new Error(`is no size such as 128MB`);
  return Math.round(Number(match[1]) * (byteUnits[(match[2] ?? 'b').toLowerCase()] ?? 1));
}

const byteUnits: Readonly<Record<string, number>> = {
  b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40,
};

/** `250ms`, `30s`, `5m`, `1h`, `7d`, `0` → milliseconds. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/i.exec(text.trim());
  if (match === null || (match[2] === undefined && Number(match[1]) !== 0)) throw new Error(`is no duration such as 30s or 1h`);
  return Math.round(Number(match[1]) * (durationUnits[(match[2] ?? 'ms').toLowerCase()] ?? 1));
}

/** `5%`, `0.05` → 0.05. */
export function parseShare(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%)?$/.exec(text.trim());
  const share = match === null ? NaN : Number(match[1]) / (match[2] === undefined ? 1 : 100);
  if (!(share >= 0 && share <= 1)) throw new Error(`is no share such as 5% or 0.05`);
  return share;
}

/** 0.05 → `5%`, as a person would give it. */
export function shareText(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };

const bytes = z.string().transform((text, context) => parsed(parseBytes, text, context));
const share = z.string().transform((text, context) => parsed(parseShare, text, context));
const durationMs = z.string().transform((text, context) => parsed(parseDurationMs, text, context));
const whole = z.string().regex(/^\d+$/, 'is no whole number').transform(Number);
const date = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'is no date such as 2026-01-31').refine((text) => DateTime.fromISO(text, { zone: 'utc' }).isValid, 'is no day of the calendar');

function parsed<T>(parse: (text: string) => T, text: string, context: z.RefinementCtx): T {
  try {
    return parse(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
}

/** Whether a lake is in S3. */
export function isS3(root: string): boolean {
  return root.startsWith('s3://');
}

/**
 * `lake` → its absolute path; `s3://bucket/prefix/` → `s3://bucket/prefix`.
 * @throws Error when it is neither
 */
export function lakeRoot(text: string): string {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return resolve(text);
  const root = text.replace(/\/+$/, '');
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9._=~-]+)*$/.test(root)) throw new Error('is neither a folder nor s3://bucket/prefix, of letters, digits and ._=~-');
  if (root.split('/').some((segment) => segment === '.' || segment === '..')) throw new Error('has . or .. in its prefix');
  return root;
}

/** What a process takes beside what DuckDB counts: Node, code, windows on their way, what allocators hold back. */
const besideDuckdbBytes = 560e6;
/** With less a DuckDB is of no use. */
export const leastDuckdbBytes = 128e6;
const leastProcessBytes = 700e6;
/** Of a whole process. */
export const defaultMemoryBytes = 2 ** 30;
const mostDefaultThreads = 16;
/** Landing a window takes several times its bytes, beside what DuckDB counts as well. */
const windowsInMemory = 16;
const mostDefaultWindowBytes = 128e6;

const shape = z.object({
  lake: z.string().min(1, 'is empty').transform((text, context) => parsed(lakeRoot, text, context)),
  scratch: z.string().min(1, 'is empty').transform((text) => resolve(text)).optional(),
  duckdbExtensions: z.string().min(1, 'is empty').transform((text) => resolve(text)).optional(),
  s3PathStyle: z.enum(['true', 'false']).optional(),
  datasets: z.string().transform((text) => resolve(text)),
  json: z.boolean().default(false),
  memory: bytes.pipe(z.number().min(leastProcessBytes, `is less than ${leastProcessBytes / 1e6}MB`)).default(defaultMemoryBytes),
  memoryLimit: bytes.pipe(z.number().min(leastDuckdbBytes, `is less than ${leastDuckdbBytes / 1e6}MB`)).optional(),
  threads: whole.pipe(z.number().min(1).max(256)).optional(),
  retain: durationMs.optional(),
  from: z.string().optional(),
  follow: z.boolean().default(false),
  drain: z.boolean().default(false),
  full: z.boolean().default(false),
  lookback: durationMs.optional(),
  windowBytes: bytes.pipe(z.number().min(1e4, 'is less than 10KB').max(2e9, 'is more than 2GB')).optional(),
  windowRows: whole.pipe(z.number().min(1).max(1e7)).optional(),
  windowAge: durationMs.optional(),
  since: date.optional(),
  until: date.optional(),
  platform: z.string().optional(),
  layer: z.enum(['bronze', 'silver', 'gold']).optional(),
  plan: z.boolean().default(false),
  jobs: whole.pipe(z.number().min(1).max(64)).optional(),
  maxRejected: share.optional(),
  accept: z.array(z.string()).default([]),
  port: whole.pipe(z.number().max(65_535)).optional(),
  host: z.string().min(1, 'is empty').optional(),
  metricsPort: whole.pipe(z.number().max(65_535)).optional(),
  olderThan: durationMs.optional(),
  dryRun: z.boolean().default(false),
  samples: whole.pipe(z.number().max(1000)).optional(),
  userId: z.string().min(1, 'is empty').optional(),
  events: whole.optional(),
  days: whole.pipe(z.number().min(1)).optional(),
  seed: whole.optional(),
  form: z.enum(['json', 'tostring', 'mixed']).optional(),
  to: z.string().optional(),
  name: z.string().optional(),
  file: z.string().optional(),
  format: z.enum(['table', 'csv', 'json', 'ndjson', 'arrow', 'parquet']).optional(),
  dialect: z.enum(['duckdb', 'athena']).optional(),
  engine: z.string().min(1, 'is empty').optional(),
  plain: z.boolean().default(false),
  location: z.string().regex(/^[a-z][a-z0-9]*:\/\/[^\r\n]+$/, 'is no URL such as s3://bucket/prefix or file:///lake').transform((text) => text.replace(/^([a-z0-9]+:\/\/.*?)\/+$/, '$1')).optional(),
  databasePrefix: z.string().regex(/^[a-z][a-z0-9_]*$/, 'is no name of small letters, digits and _').optional(),
  catalog: z.string().regex(/^[a-z][a-z0-9_-]*$/, 'is no name of small letters, digits, _ and -').optional(),
}).transform(({ memory, memoryLimit, windowBytes, threads, ...rest }) => {
  const duckdbBytes = memoryLimit ?? memory - besideDuckdbBytes;
  const shareOfWindow = Math.floor((duckdbBytes + besideDuckdbBytes) / windowsInMemory);
  return { ...rest, memoryLimit: duckdbBytes, windowBytes: windowBytes ?? Math.min(mostDefaultWindowBytes, shareOfWindow), threads: threads ?? Math.min(availableParallelism(), mostDefaultThreads, threadsWithin(duckdbBytes)) };
});

/** How many threads may share so much of DuckDB's memory: each takes buffers of its own. At least 1. */
export function threadsWithin(duckdbBytes: number): number {
  return Math.max(1, Math.floor(duckdbBytes / leastDuckdbBytes));
}

/** Every setting of every command: flags, then environment, then defaults. Parsed once, in `cli.ts`. */
export type Config = z.output<typeof shape>;

/** @throws LakeError USAGE naming the option */
export function parseConfig(options: unknown): Config {
  const result = shape.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const option = String(issue?.path[0] ?? '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const given = typeof options === 'object' && options !== null ? (options as Record<string, unknown>)[String(issue?.path[0] ?? '')] : undefined;
  throw new LakeError(`--${option} ${typeof given === 'string' ? `${given}: ` : ''}${issue?.message ?? 'is wrong'}`, { code: 'USAGE', op: 'options', path: `--${option}`, hint: 'See --help for what it takes.' });
}
