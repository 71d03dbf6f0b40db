import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { IgnoreStrategy } from 'aws-cdk-lib';
import { carryOut, copiesOf, readStages, type Stage } from './support/dockerfile.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stages = readStages(join(root, 'Dockerfile'));
/** Who may become another user runs it as the image's. */
const user: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

/** No container engine is needed: what the Dockerfile copies is copied into a folder, and run from there as its user. */
describe('the image', () => {
  let work: string;
  let app: string;
  let scratch: string;

  const stage = (name: string | null): Stage => stages.find((each) => each.name === name) ?? assert.fail(`no stage ${String(name)}`);

  before(function () {
    this.timeout(300_000);
    work = mkdtempSync(join(tmpdir(), 'ingot-image-'));
    chmodSync(work, 0o755);
    [app, scratch] = [join(work, 'app'), join(work, 'scratch')];
    mkdirSync(scratch);
    give(scratch);
    const folders = { build: buildStage(join(work, 'build')), dependencies: dependenciesStage(join(work, 'dependencies')) };
    for (const copy of copiesOf(stage(null))) {
      if (copy.from === 'extensions') continue;
      const from = copy.from === null ? root : folders[copy.from as keyof typeof folders];
      const sources = copy.sources.map((source) => source.replace(/^\/(?:app|build)\//, ''));
      carryOut({ ...copy, sources }, from, app);
    }
  });

  // Packages are many small files.
  after(function () {
    this.timeout(300_000);
    rmSync(work, { recursive: true, force: true });
  });

  /** Compiles from nothing but what the stage copies; the packages are the repository's own. */
  function buildStage(folder: string): string {
    for (const copy of copiesOf(stage('build'))) carryOut(copy, root, folder);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    done(process.execPath, ['scripts/build.mjs'], folder);
    return folder;
  }

  function dependenciesStage(folder: string): string {
    for (const copy of copiesOf(stage('dependencies'))) carryOut(copy, root, folder);
    assert.ok(stage('dependencies').instructions.some(({ keyword, rest }) => keyword === 'RUN' && rest.startsWith('npm ci --omit=dev --ignore-scripts')));
    done('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline'], folder);
    return folder;
  }

  function ingot(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/ingot.js', ...words], { cwd: app, encoding: 'utf8', env: environment(), ...user });
    return { status, stdout, stderr };
  }

  /** As the task definition has it: nothing of this machine's, and no home that could be written. */
  function environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], NODE_ENV: 'production', INGOT_DATASETS: join(app, 'datasets'), INGOT_SCRATCH: scratch, TMPDIR: scratch, HOME: scratch };
  }

  it('copies only what is there, and what .dockerignore lets through', () => {
    const ignored = IgnoreStrategy.docker(root, readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#')));
    const copied = stages.flatMap((each) => copiesOf(each)).filter(({ from }) => from === null).flatMap(({ sources }) => sources);
    assert.ok(copied.length > 10);
    for (const path of copied) {
      assert.ok(existsSync(join(root, path)), `${path} is not there`);
      assert.ok(!ignored.ignores(join(root, path)), `${path} is ignored`);
    }
    for (const path of ['lake/README.md', '.git/HEAD', 'node_modules/zod/package.json', 'test/imports.test.ts', 'example.env', 'infra/package.json']) assert.ok(ignored.ignores(join(root, path)), path);
  });

  it('has DuckDB\'s extension of the version that DuckDB has', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly dependencies: Readonly<Record<string, string>> };
    const version = dependencies['@duckdb/node-api']?.replace(/-r\..*/, '') ?? '';
    assert.ok(stage('extensions').instructions.some(({ rest }) => rest.endsWith(` duckdb-extension-httpfs==${version}`)), version);
    assert.ok(copiesOf(stage(null)).some(({ sources }) => sources[0]?.includes(`/v${version}/`)), version);
  });

  it('runs as nobody in particular, waits for SIGTERM, and looks after its health', () => {
    const last = stage(null).instructions;
    const only = (keyword: string) => last.filter((each) => each.keyword === keyword).map(({ rest }) => rest);
    assert.deepEqual(only('USER'), ['1000:1000']);
    assert.deepEqual(only('ENTRYPOINT'), ['["node", "bin/ingot.js"]']);
    assert.match(only('HEALTHCHECK')[0] ?? '', /CMD \["node", "health\.mjs"\]$/);
    assert.deepEqual(only('VOLUME'), ['["/scratch"]']);
  });

  it('starts with its own packages alone, as its user, and lands a file, builds both layers and answers', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
    assert.deepEqual(ingot('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
    const lake = join(scratch, 'lake');
    const events = join(scratch, 'events.ndjson');
    assert.equal(ingot('generate', 'shop', '--events', '200', '--to', events).status, 0);
    const run = ingot('run', 'shop', '--from', events, '--lake', lake, '--json');
    assert.equal(run.status, 0, run.stderr);
    const { bronze } = JSON.parse(run.stdout) as { readonly bronze: { readonly received: number; readonly landed: number; readonly rejected: number } };
    assert.ok(bronze.landed > 150);
    assert.equal(bronze.received, bronze.landed + bronze.rejected);
    const answer = ingot('query', 'SELECT count(*) AS n FROM gold.session', '--lake', lake, '--format', 'json');
    assert.equal(answer.status, 0, answer.stderr);
    assert.ok(Number((JSON.parse(answer.stdout) as readonly { readonly n: number | string }[])[0]?.n) > 0);
  });

  it('is not healthy when its process hangs, and is when it wakes now and then', async () => {
    for (const [name, program, settled] of [['hanging', 'setInterval(() => {}, 1e9)', 1], ['waking', 'setInterval(() => {}, 5)', 0]] as const) {
      const folder = join(scratch, name);
      mkdirSync(join(folder, 'bin'), { recursive: true });
      writeFileSync(join(folder, 'bin', 'ingot.js'), `console.log('begun'); ${program};`);
      copyFileSync(join(app, 'health.mjs'), join(folder, 'health.mjs'));
      const look = (): number | null => spawnSync(process.execPath, ['health.mjs'], { cwd: folder, env: { ...environment(), TMPDIR: folder } }).status;
      const child = spawn(process.execPath, ['bin/ingot.js'], { cwd: folder });
      try {
        await once(child.stdout, 'data');
        assert.equal(look(), 0, 'the first look has nothing to compare');
        await until(() => look() === settled);
        assert.deepEqual(Array.from({ length: 5 }, look), Array.from({ length: 5 }, () => settled), name);
      } finally {
        child.kill('SIGKILL');
      }
    }
  });

  describe('following a folder', () => {
    let child: ChildProcessWithoutNullStreams;
    let ended: Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }>;
    let received: number;

    before(async () => {
      const [lake, folder] = [join(scratch, 'followed'), join(scratch, 'arriving')];
      mkdirSync(folder);
      const events = ingot('generate', 'shop', '--events', '50').stdout;
      received = events.trimEnd().split('\n').length;
      writeFileSync(join(folder, 'one.ndjson'), events);
      give(folder);
      child = spawn(process.execPath, ['bin/ingot.js', 'bronze', 'shop', '--follow', '--from', folder, '--lake', lake, '--window-age', '10m', '--json'], { cwd: app, env: environment(), ...user });
      ended = endOf(child);
      await until(() => spooledBytes(join(lake, '_ingot', 'staging')) >= events.length);
    });

    after(() => {
      child.kill('SIGKILL');
    });

    const health = () => spawnSync(process.execPath, ['health.mjs'], { cwd: app, env: environment(), ...user }).status;

    it('is healthy while it works, and not when it is stopped', () => {
      assert.equal(health(), 0);
      child.kill('SIGSTOP');
      assert.equal(health(), 1);
      child.kill('SIGCONT');
    });

    it('commits the open window on SIGTERM, and exits with 0', async () => {
      child.kill('SIGTERM');
      const { status, stdout, stderr } = await ended;
      assert.equal(status, 0, stderr);
      const summary = JSON.parse(stdout) as { readonly received: number; readonly commits: number };
      assert.deepEqual([summary.received, summary.commits], [received, 1]);
    });

    it('is not healthy without it', () => {
      assert.equal(health(), 1);
    });
  });
});

/** Runs a program to its end. @throws AssertionError with what it has said */
function done(program: string, words: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

function give(path: string): void {
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid);
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.end();
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...output })));
}

function spooledBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((total, { parentPath, name }) => total + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Another process does it: there is nothing to wait for but what it leaves. */
async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries === 600) throw new Error('it has not come to that within 30 s');
    await delay(50);
  }
}
