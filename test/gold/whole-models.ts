import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../../src/commands/context.js';
import { LakeError } from '../../src/errors.js';
import { temporaryFolder } from '../support/lake.js';
import { datasetsDir, eventBody, linesFile, type Pipeline } from '../support/pipeline.js';

export const day = `-- model: day
-- partition_by: event_date
-- check: unique(event_date)
SELECT event_date, count(*) AS events
FROM silver.event
WHERE event_date BETWEEN CAST($since AS DATE) AND CAST($until AS DATE)
GROUP BY event_date`;
export const userDay = `-- step: user_day
-- inputs: silver.event
-- refresh: whole
SELECT user_id, platform, event_date, count(*) AS events FROM silver.event GROUP BY user_id, platform, event_date`;
export const userTotal = `-- model: user_total
-- inputs: step user_day
-- refresh: whole
-- check: unique(user_id)
-- check: not_null(user_id)
SELECT user_id, CAST(sum(events) AS BIGINT) AS events, min(event_date) AS first_date, CAST($since AS DATE) AS since, CAST($until AS DATE) AS until FROM user_day GROUP BY user_id`;
export const platformTotal = `-- model: platform_total
-- inputs: step user_day
-- refresh: whole
-- partition_by: platform
-- check: unique(platform)
SELECT platform, CAST(sum(events) AS BIGINT) AS events FROM user_day GROUP BY platform`;

export const wholeOnly = { 'steps/user_day.sql': userDay, 'user_total.sql': userTotal, 'platform_total.sql': platformTotal };
export const both = { ...wholeOnly, 'day.sql': day };
export const whole = ['platform_total', 'user_total'];

/** A folder of datasets with these models of the shop. */
export function datasetsWith(models: Readonly<Record<string, string>>): string {
  const datasets = temporaryFolder();
  mkdirSync(join(datasets, 'shop'));
  cpSync(join(datasetsDir, 'shop/dataset.ts'), join(datasets, 'shop/dataset.ts'));
  writeModels(datasets, models);
  return datasets;
}

export function writeModels(datasets: string, models: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(models)) {
    const path = join(datasets, 'shop/gold', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

export const view = (date: string, user: string, platform = 'IOS'): string => eventBody({ event_timestamp: Date.parse(`${date}T12:00:00Z`), user_id: user, platform });
export const first = [view('2026-01-01', 'a'), view('2026-01-01', 'b', 'ANDROID'), view('2026-01-03', 'a')];

/** What user_total has of these lines, by a plain program. */
export function totals(lines: readonly string[]): string[] {
  const events = lines.map((line) => JSON.parse(line) as { user_id: string; event_timestamp: number });
  const dateOf = ({ event_timestamp: ms }: { event_timestamp: number }): string => new Date(ms).toISOString().slice(0, 10);
  const dates = events.map(dateOf).sort();
  return [...new Set(events.map(({ user_id: user }) => user))].sort().map((user) => {
    const own = events.filter(({ user_id: other }) => other === user);
    return [user, own.length, own.map(dateOf).sort()[0], dates[0], dates.at(-1)].join(' ');
  });
}

export async function users(pipeline: Pipeline): Promise<string[]> {
  const rows = await pipeline.rows("SELECT concat_ws(' ', user_id, events, first_date, since, until) AS line FROM gold.user_total ORDER BY user_id");
  return rows.map(({ line }) => String(line));
}

export async function landAndBuild(pipeline: Pipeline, lines: readonly string[]) {
  await pipeline.land(linesFile(lines));
  return (await pipeline.build()).gold;
}

export function filesOf({ root }: Pipeline, table: string): string[] {
  return readdirSync(join(root, 'gold', table), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet') && !path.includes('_delta_log'));
}

/** What a command prints. */
export async function linesOf(pipeline: Pipeline, command: (context: Context) => Promise<number>, options: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const printed: string[] = [];
  assert.equal(await command({ ...pipeline.context(options), result: (_summary, lines) => void printed.push(...lines) }), 0);
  return printed.join('\n');
}

export function failsWith(code: string, message: RegExp, path = ''): (error: unknown) => boolean {
  return (error) => error instanceof LakeError && error.code === code && message.test(error.message) && (error.path ?? '').endsWith(path) && (error.hint ?? '') !== '';
}
