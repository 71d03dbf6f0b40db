import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileShim } from '../../scripts/faults/shim.js';
import { generateShop } from '../../src/generate/shop.js';
import { eventBody } from '../support/pipeline.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lookMs = 50;
const dayMs = 86_400_000;

/** The most that a process held at any moment. */
interface Held {
  peakBytes: number;
  openFiles: number;
  spooledBytes: number;
}

interface Landed {
  readonly received: number;
  readonly landed: number;
  readonly rejected: number;
  readonly files: number;
  readonly commits: number;
  readonly held: Held;
}

describe('a process that lands, with bounded memory', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'ingot-memory-'));

  before(async () => {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: root });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Lands and looks meanwhile at what the process holds. @param input lines for its standard input */
  async function land(name: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}, input: Iterable<string> = []): Promise<Landed> {
    const lake = join(folder, name);
    const child = spawn(process.execPath, ['bin/ingot.js', 'bronze', 'shop', '--json', '--lake', lake, '--threads', '2', ...args], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const ended = once(child, 'close') as Promise<[number | null]>;
    const held: Held = { peakBytes: 0, openFiles: 0, spooledBytes: 0 };
    const looking = setInterval(() => look(child.pid ?? 0, lake, held), lookMs);
    try {
      let block = '';
      for (const line of input) {
        block += `${line}\n`;
        if (block.length < 65_536) continue;
        if (!child.stdin.write(block)) await once(child.stdin, 'drain');
        block = '';
      }
      child.stdin.end(block);
      const [status] = await ended;
      assert.equal(status, 0, stdout);
    } finally {
      clearInterval(looking);
    }
    return { ...(JSON.parse(stdout) as Omit<Landed, 'held'>), held };
  }

  it('keeps five thousand partitions of one window open within the bound, and all rows arrive', async () => {
    const file = join(folder, 'wide.ndjson');
    const first = Date.parse('2015-01-01T12:00:00Z');
    const lines = Array.from({ length: 10_000 }, (_none, index) => eventBody({ user_id: `u${index}`, platform: index % 2 === 0 ? 'IOS' : 'ANDROID', event_timestamp: first + (Math.floor(index / 2) % 2_500) * dayMs }));
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    const { received, landed, commits, files, held } = await land('wide', ['--from', file]);
    assert.deepEqual({ received, landed, commits }, { received: 10_000, landed: 10_000, commits: 1 });
    assert.ok(files >= 5_000, `${files} files`);
    assert.ok(held.peakBytes < 2 ** 30, `${held.peakBytes} bytes at most`);
    assert.ok(held.openFiles < 2_500, `${held.openFiles} open files`);
    await promisify(execFile)(process.execPath, ['bin/ingot.js', 'audit', 'shop', '--lake', join(folder, 'wide')], { cwd: root });
  });

  it('makes the source wait for a slow disk, and holds two windows at most', async () => {
    const lake = join(folder, 'slow');
    const slow = { LD_PRELOAD: await compileShim(), INGOT_FAULTS: `fsync,${lake}/*,1,1000000000,before,delay:40`, INGOT_FAULTS_LOG: join(folder, 'log'), UV_USE_IO_URING: '0' };
    const events = 60_000;
    const windowBytes = 8e6;
    const lines = generateShop({ events, days: 2, seed: 1, form: 'mixed', since: '2026-01-01' });
    const { received, landed, rejected, commits, held } = await land('slow', ['--from', '-', '--window-bytes', String(windowBytes)], slow, lines);
    assert.deepEqual([received, landed + rejected], [events, events]);
    assert.ok(commits > 5, `${commits} commits`);
    assert.ok(held.peakBytes < 2 ** 30, `${held.peakBytes} bytes at most`);
    assert.ok(held.openFiles < 100, `${held.openFiles} open files`);
    assert.ok(held.spooledBytes > 0 && held.spooledBytes < 3 * windowBytes, `${held.spooledBytes} bytes in windows`);
  });
});

function look(pid: number, lake: string, held: Held): void {
  try {
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    held.peakBytes = Math.max(held.peakBytes, peak);
    held.openFiles = Math.max(held.openFiles, readdirSync(`/proc/${pid}/fd`).length);
    const staging = join(lake, '_ingot/staging/bronze.shop');
    const spools = readdirSync(staging, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.spool'));
    const bytes = spools.reduce((total, name) => total + statSync(join(staging, name)).size, 0);
    held.spooledBytes = Math.max(held.spooledBytes, bytes);
  } catch {
    // The process or a window has ended meanwhile.
  }
}
