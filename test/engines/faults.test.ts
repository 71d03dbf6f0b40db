import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findEngines } from '../../scripts/faults/engines.js';
import { eventSet } from '../../scripts/faults/events.js';
import { shimRule, type ShimFault } from '../../scripts/faults/kinds.js';
import { localLake } from '../../scripts/faults/lakes.js';
import { planOf } from '../../scripts/faults/plan.js';
import { ingot } from '../../scripts/faults/processes.js';
import { removeWorkspace, runPlan, type Outcome } from '../../scripts/faults/run.js';
import { scopeOf } from '../../scripts/faults/scope.js';
import { Servers, type Engines } from '../../scripts/faults/servers.js';
import { fileSource } from '../../scripts/faults/sources.js';
import { contentDifferences, contentOf, judge } from '../../scripts/faults/verdict.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A short share of `npm run faults`: one run a place, the same seeds each time. */
const share = [
  ['files,local', 11], ['sqs,local', 16], ['elasticmq,local', 14], ['kafka,local', 30], ['files,s3', 24], ['kafka,s3', 21],
] as const;

describe('a lake under faults', function () {
  this.timeout(300_000);
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
      removeWorkspace(outcome);
    });
  }

  it('came under faults of several kinds', () => {
    const kinds = new Set(outcomes.flatMap(({ injected }) => injected));
    assert.ok(kinds.size >= 6, [...kinds].join(', '));
  });

  it('would be found out if an event were lost, doubled or changed', async () => {
    const set = eventSet(300, 2, 9);
    const lake = localLake(join(workspace, 'known'));
    const source = fileSource(join(workspace, 'known'), [set.lines]);
    await source.arrive();
    const order = { environment: {}, faults: [], root: lake.root, below: lake.below, shim: engines.shim, workspace };
    const ended = await ingot({ ...order, args: ['run', 'shop', '--from', source.uri(), '--lake', lake.place] });
    assert.equal(ended.status, 0, ended.stderr);
    assert.deepEqual((await judge(lake, set, workspace)).differences, []);
    const [first = 0, ...others] = set.ids;
    assert.match((await judge(lake, { ...set, ids: others }, workspace)).differences.join(), new RegExp(`1 events are unknown in silver, such as ${first}`));
    assert.match((await judge(lake, { ...set, ids: [...set.ids, 1_000_000] }, workspace)).differences.join(), /1 events are lost in silver, such as 1000000/);
    assert.match((await judge(lake, { ...set, lines: set.lines.slice(1) }, workspace)).differences.join(), /300 messages, 299 were sent/);
    assert.match((await judge(lake, { ...set, broken: set.broken + 1 }, workspace)).differences.join(), /are broken/);
    const content = await contentOf(lake);
    const events = content.get('silver.event') ?? [];
    assert.deepEqual(contentDifferences(content, content), []);
    assert.match(contentDifferences(content, new Map([...content, ['silver.event', [...events, '{}']]])).join(), /silver\.event: \d+ rows, not \d+/);
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
