import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEngines } from '../../scripts/faults/engines.js';
import { eventSet } from '../../scripts/faults/events.js';
import { shimRule, type ShimFault } from '../../scripts/faults/kinds.js';
import { localLake, type FaultLake } from '../../scripts/faults/lakes.js';
import { planOf } from '../../scripts/faults/plan.js';
import { ingot } from '../../scripts/faults/processes.js';
import { foreignDifferences, readingsOf } from '../../scripts/faults/readers.js';
import { workOf } from '../../scripts/faults/report.js';
import { removeWorkspace, runPlan, type Outcome } from '../../scripts/faults/run.js';
import { scopeOf } from '../../scripts/faults/scope.js';
import { Servers, type Engines } from '../../scripts/faults/servers.js';
import { fileSource } from '../../scripts/faults/sources.js';
import { sparkDifferences } from '../../scripts/faults/spark.js';
import { cameBack, contentDifferences, contentOf, judge, traces } from '../../scripts/faults/verdict.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A short share of `npm run faults`: one run a place, the same seeds each time. */
const share = [
  ['files,local,plain', 11], ['sqs,local,plain', 16], ['elasticmq,local,plain', 14], ['kafka,local,plain', 30], ['files,s3,plain', 24], ['kafka,s3,plain', 21],
  ['files,local,forget', 907], ['sqs,local,replay', 1104], ['files,s3,forget,replay', 1061],
] as const;

describe('a lake under faults', function () {
  this.timeout(600_000);
  let workspace: string;
  let engines: Engines;
  let servers: Servers;
  const outcomes: Outcome[] = [];

  before(async () => {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: root });
    workspace = mkdtempSync(join(tmpdir(), 'ingot-faults-'));
    engines = await findEngines();
    servers = await Servers.start(engines, workspace, true);
  });

  after(async () => {
    await servers.stop();
    if (outcomes.every(({ problems }) => problems.length === 0)) rmSync(workspace, { recursive: true, force: true });
  });

  for (const [only, seed] of share) {
    it(`holds every event once (${only}, seed ${seed})`, async () => {
      const outcome = await runPlan(planOf(seed, scopeOf(only, engines)), servers, join(workspace, `${only}-${seed}`));
      outcomes.push(outcome);
      assert.deepEqual(outcome.problems, [], `again: npm run faults -- --runs 1 --seed ${seed} --only ${only}`);
      assert.ok(outcome.tablesRead >= 9);
    });
  }

  it('came under faults of several kinds', () => {
    const kinds = new Set(outcomes.flatMap(({ injected }) => injected));
    assert.ok(kinds.size >= 6, [...kinds].join(', '));
  });

  it('is read alike by Spark after all that', async function () {
    const held = outcomes.filter(({ problems }) => problems.length === 0);
    const judged = new Map(held.map((outcome) => [`${outcome.plan.lake} ${workOf(outcome.plan)}`, outcome]));
    assert.ok(judged.size >= 4, [...judged.keys()].join(', '));
    assert.deepEqual(await servers.spark([...judged.values()].map(({ lake }) => lake)), [...judged].map(() => []));
    for (const outcome of held) removeWorkspace(outcome);
  });
});

describe('the verdict on a lake under faults', function () {
  this.timeout(600_000);
  let workspace: string;
  let engines: Engines;

  before(async () => {
    workspace = mkdtempSync(join(tmpdir(), 'ingot-verdict-'));
    engines = await findEngines();
  });

  after(() => rmSync(workspace, { recursive: true, force: true }));

  async function command(lake: FaultLake, ...args: readonly string[]): Promise<void> {
    const ended = await ingot({ args: [...args, '--lake', lake.place], environment: {}, faults: [], root: lake.root, below: lake.below, shim: engines.shim, workspace });
    assert.equal(ended.status, 0, ended.stderr);
  }

  async function lakeOf(name: string, lines: readonly string[]): Promise<FaultLake> {
    const lake = localLake(join(workspace, name));
    const source = fileSource(join(workspace, name), [lines]);
    await source.arrive();
    await command(lake, 'run', 'shop', '--from', source.uri());
    return lake;
  }

  it('would find an event that is lost, doubled or changed', async () => {
    const set = eventSet(300, 2, 9);
    const lake = await lakeOf('known', set.lines);
    assert.deepEqual((await judge(lake, set, workspace)).differences, []);
    const [first = 0, ...others] = set.ids;
    assert.match((await judge(lake, { ...set, ids: others }, workspace)).differences.join(), new RegExp(`1 events are unknown in silver, such as ${first}`));
    assert.match((await judge(lake, { ...set, ids: [...set.ids, 1_000_000] }, workspace)).differences.join(), /1 events are lost in silver, such as 1000000/);
    assert.match((await judge(lake, { ...set, expected: set.expected.slice(1) }, workspace)).differences.join(), /300 messages, not 299/);
    assert.match((await judge(lake, { ...set, broken: set.broken + 1 }, workspace)).differences.join(), /are broken/);
    const content = await contentOf(lake);
    const events = content.get('silver.event') ?? [];
    assert.deepEqual(contentDifferences(content, content), []);
    assert.match(contentDifferences(content, new Map([...content, ['silver.event', [...events, '{}']]])).join(), /silver\.event: \d+ rows, not \d+/);
  });

  it('would find a person who was not forgotten, or came back, and nobody who was', async () => {
    const set = eventSet(900, 2, 1, 0);
    const { person } = set;
    assert.ok(person !== null && set.expected.length === set.lines.length - person.named);
    const lake = await lakeOf('forgetting', set.lines);
    assert.match((await traces(person, lake)).join(), /files name .* bronze\/shop\//);
    assert.match((await cameBack(person, lake)).join(), /bronze\.shop has .* rows .*silver\.event has/);
    assert.match((await judge(lake, set, workspace)).differences.join(), /events are unknown in silver/);
    await command(lake, 'forget', 'shop', '--user-id', person.id);
    assert.deepEqual([await traces(person, lake), await cameBack(person, lake), (await judge(lake, set, workspace)).differences], [[], [], []]);
    writeFileSync(join(lake.folder, '_ingot', 'spool'), `{"user_id":"${person.id}"}`);
    assert.match((await traces(person, lake)).join(), /1 files name .* such as _ingot\/spool/);
  });

  it('would find a value that another reader sees otherwise than Ingot', async () => {
    const set = eventSet(300, 2, 9, 0);
    const [whole, without] = [await lakeOf('whole', set.lines), await lakeOf('without', set.expected)];
    const [readings, others] = [await readingsOf(whole), await readingsOf(without)];
    assert.ok(readings.length >= 9 && readings.every(({ rows, name }) => rows.length > 0 || name.endsWith('rejected')), readings.map(({ name, rows }) => `${name} ${rows.length}`).join());
    assert.deepEqual(await foreignDifferences(whole, readings, engines, workspace), []);
    const seen = (await foreignDifferences(whole, others, engines, workspace)).join('\n');
    for (const reader of ['delta-rs', 'DuckDB\'s Delta extension']) for (const table of ['bronze.shop', 'silver.event', 'silver.item_event', 'gold.session']) assert.ok(seen.includes(`${reader}: ${table}: `), seen);
    const changed = readings.map((reading) => ({ ...reading, rows: reading.rows.map((row, index) => (index === 0 ? row.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)) : row)) }));
    assert.equal((await foreignDifferences(whole, changed, engines, workspace)).length, 2 * readings.filter(({ rows }) => rows.length > 0).length);
    assert.ok(engines.spark !== null);
    const [agreed, differing] = await sparkDifferences([whole, { ...whole, folder: without.folder }], engines.spark, workspace);
    assert.deepEqual(agreed, []);
    assert.match((differing ?? []).join('\n'), /Spark: silver\.event: \d+ rows, not \d+/);
  });
});

describe('the library that makes faults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-shim-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs some JavaScript under one rule; gives what it printed, how it ended, and what was done to it. */
  async function under(rule: string, script: string): Promise<{ stdout: string; signal: string | null; log: string }> {
    const { shim } = await findEngines();
    const log = join(folder, 'log');
    rmSync(log, { force: true });
    const env = { ...process.env, LD_PRELOAD: shim, INGOT_FAULTS: rule, INGOT_FAULTS_LOG: log, INGOT_FAULTS_ROOT: folder };
    const run = promisify(execFile)(process.execPath, ['-e', `const fs = require('node:fs'); const folder = ${JSON.stringify(folder)}; ${script}`], { env });
    const { stdout, signal } = await run.then((done) => ({ stdout: done.stdout, signal: null }), (error: unknown) => error as { stdout: string; signal: string });
    return { stdout, signal, log: existsSync(log) ? readFileSync(log, 'utf8') : '' };
  }

  const rule = (fault: Partial<ShimFault>): string => shimRule({ kind: 'eio', via: 'shim', op: 'write', glob: '*', nth: 1, count: 1, when: 'before', action: 'eio', ...fault }, folder);

  it('fails the call that is meant, and no other', async () => {
    const { stdout, log } = await under(rule({ op: 'fsync', glob: 'a', nth: 2 }), `
      for (const name of ['b', 'a', 'a', 'a']) { const fd = fs.openSync(folder + '/' + name, 'w'); try { fs.fsyncSync(fd); console.log('synced'); } catch (error) { console.log(error.code); } }`);
    assert.equal(stdout, 'synced\nsynced\nEIO\nsynced\n');
    assert.equal(log, `0 fsync eio ${folder}/a\n`);
  });

  it('tears a write and ends the process there', async () => {
    const { signal } = await under(rule({ action: 'torn', glob: 'torn' }), `fs.writeFileSync(folder + '/torn', 'x'.repeat(100)); console.log('on')`);
    assert.equal(signal, 'SIGKILL');
    assert.equal(readFileSync(join(folder, 'torn'), 'utf8').length, 50);
  });

  it('loses what was not synced when the machine stops, and nothing else', async () => {
    const { signal } = await under(rule({ op: 'unlink', glob: 'now', action: 'power' }), `
      const put = (name, synced) => { const fd = fs.openSync(folder + '/' + name, 'w'); fs.writeSync(fd, 'text'); if (synced) fs.fsyncSync(fd); return fd; };
      put('kept', true); fs.linkSync(folder + '/kept', folder + '/kept-too'); fs.fsyncSync(fs.openSync(folder, 'r'));
      put('new', true); fs.writeSync(put('kept-too-but-grown', true), ''); fs.appendFileSync(folder + '/kept', ' and more');
      fs.linkSync(folder + '/kept', folder + '/linked'); fs.unlinkSync(folder + '/now')`);
    assert.equal(signal, 'SIGKILL');
    assert.equal(readFileSync(join(folder, 'kept-too'), 'utf8'), 'text');
    assert.deepEqual(['kept', 'new', 'kept-too-but-grown', 'linked'].map((name) => existsSync(join(folder, name))), [true, false, false, false]);
  });

  it('moves the wall clock of a process', async () => {
    const { stdout } = await under('clock,,0,0,before,0:864000', 'console.log(Date.now())');
    assert.ok(Math.abs(Number(stdout) - Date.now() - 864_000_000) < 60_000, stdout);
  });
});
