import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/clock.js';
import type { Context } from '../../src/commands/context.js';
import { run as runDdl } from '../../src/commands/ddl.js';
import { silentProgress } from '../../src/commands/progress.js';
import { runQuery } from '../../src/commands/query.js';
import { parseConfig } from '../../src/config.js';
import { LakeError } from '../../src/errors.js';
import type { Lake } from '../../src/lake/lake.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { smallLake } from '../support/small-lake.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe('the commands that read a lake', () => {
  let lake: Lake;

  before(async () => {
    lake = await smallLake(temporaryFolder());
  });

  after(async () => {
    await lake.close();
    removeTemporaryFolders();
  });

  function contextOf(args: readonly string[], options: Readonly<Record<string, unknown>>, results: unknown[] = []): Context {
    const config = parseConfig({ lake: lake.storage.root, datasets: '.', memoryLimit: '500MB', threads: '2', ...options });
    return { config, args, clock: systemClock, lake, signal: new AbortController().signal, progress: silentProgress, print: () => undefined, result: (...result) => void results.push(result) };
  }

  describe('ingot query', () => {
    async function outputOf(args: readonly string[], options: Readonly<Record<string, unknown>> = {}, input = '', isTTY = false): Promise<string> {
      const output = Object.assign(new PassThrough(), { isTTY });
      const [printed] = await Promise.all([text(output), runQuery(contextOf(args, options), { input: Readable.from([input]), output }).finally(() => output.end())]);
      return printed;
    }
    const usage = (pattern: RegExp) => (error: unknown): boolean => error instanceof LakeError && error.code === 'USAGE' && pattern.test(error.message);

    it('prints a table with its number of rows', async () => {
      assert.equal(await outputOf(['SELECT event_id FROM silver.event ORDER BY 1']), 'event_id\n────────\na\nb\nc\n\n3 rows\n');
    });

    it('says how many rows are not shown', async () => {
      assert.match(await outputOf(['FROM range(12445)']), /\n {3}99\n\n… 12,345 more rows: --format csv gives them all\n$/);
    });

    it('reads the SQL from a file or from stdin, with $since and $until', async () => {
      const file = join(lake.storage.root, '_ingot', 'report.sql');
      writeFileSync(file, '-- events\nSELECT event_id FROM silver.event\nWHERE event_date BETWEEN $since AND $until ORDER BY 1; -- done\n');
      const range = { since: '2026-01-31', until: '2026-01-31', format: 'csv' };
      assert.equal(await outputOf([], { file, ...range }), 'event_id\nb\nc\n');
      assert.equal(await outputOf([], { file: '-', ...range }, 'SELECT $since AS a'), 'a\n2026-01-31\n');
      await assert.rejects(outputOf([], { file }), usage(/\$(since|until), which has no value/));
    });

    it('takes --json for --format json', async () => {
      assert.equal(await outputOf(["SELECT 1 AS a"], { json: true }), '[{"a":1}]\n');
      await assert.rejects(outputOf(['SELECT 1'], { json: true, format: 'csv' }), usage(/exclude each other/));
    });

    it('refuses no SQL, two SQLs, a missing file, and bytes on a terminal', async () => {
      await assert.rejects(outputOf([]), usage(/no SQL/));
      await assert.rejects(outputOf(['SELECT 1'], { file: 'x.sql' }), usage(/twice/));
      await assert.rejects(outputOf([], { file: join(lake.storage.root, 'none.sql') }), usage(/can't be read/));
      for (const format of ['parquet', 'arrow']) await assert.rejects(outputOf(['SELECT 1'], { format }, '', true), usage(/terminal/));
    });
  });

  describe('ingot ddl', () => {
    it('prints statements for DuckDB and what to know of them', async () => {
      const results: [unknown, string[]][] = [];
      assert.equal(await runDdl(contextOf([], { engine: 'duckdb' }, results)), 0);
      const [, lines] = results[0]!;
      assert.ok(lines.some((line) => line.startsWith('-- ') && line.includes('gold.session')));
      assert.ok(lines.every((line) => line.startsWith('-- ') || line.endsWith(';')));
      await assert.rejects(runDdl(contextOf([], { engine: 'presto' })), (error) => error instanceof LakeError && error.code === 'USAGE');
    });
  });

  describe('the process of ingot query', () => {
    const spoolFolder = (): string => join(lake.storage.root, '_ingot/staging/query');
    const spools = (): string[] => readdirSync(spoolFolder());

    function start(sql: string, format: string): ChildProcess {
      const args = ['--import', 'tsx', 'src/cli.ts', 'query', sql, '--lake', lake.storage.root, '--format', format];
      return spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
    }

    it('ends with 0 and leaves no spool when its reader has seen enough', async () => {
      const child = start('SELECT md5(i::VARCHAR) AS m FROM range(500000) AS r (i)', 'csv');
      const closed = once(child, 'close');
      await once(child.stdout!, 'data');
      child.stdout!.destroy();
      assert.deepEqual(await closed, [0, null]);
      assert.deepEqual(spools(), []);
    });

    it('stops at SIGINT, prints nothing and leaves no spool', async () => {
      const child = start('SELECT count(*) AS n FROM range(1000000000000) AS r (i) WHERE hash(i) = 0', 'csv');
      const closed = once(child, 'close');
      const [printed, errors] = [text(child.stdout!), text(child.stderr!)];
      while (spools().length === 0 && child.exitCode === null) await delay(20);
      child.kill('SIGINT');
      assert.deepEqual(await closed, [1, null], await errors);
      assert.equal(await printed, '');
      assert.match(await errors, /the query was stopped/);
      assert.deepEqual(spools(), []);
    });

    it('removes what a killed query has left', async () => {
      const child = start('SELECT count(*) AS n FROM range(1000000000000) AS r (i) WHERE hash(i) = 0', 'csv');
      const closed = once(child, 'close');
      while (spools().length === 0 && child.exitCode === null) await delay(20);
      child.kill('SIGKILL');
      await closed;
      assert.equal(spools().length, 1);
      const next = start('SELECT 1 AS a', 'csv');
      assert.equal(await text(next.stdout!), 'a\n1\n');
      assert.deepEqual(spools(), []);
    });
  });
});
