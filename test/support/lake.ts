import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { Lake, type LakeOptions } from '../../src/lake/lake.js';

const memoryFolder = '/dev/shm';
const enoughBytes = 4e9;

/** Where tests have their folders: in memory where that has room. Tests ask what is synced, and not for how long the disk takes. */
export function testRoot(): string {
  try {
    const { bavail, bsize } = statfsSync(memoryFolder);
    accessSync(memoryFolder, constants.W_OK);
    return bavail * bsize >= enoughBytes && process.env['TMPDIR'] === undefined ? memoryFolder : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A folder that is removed when the test is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(testRoot(), 'ingot-test-'));
  folders.add(folder);
  return folder;
}

const folders = new Set<string>();

/** Removes every folder that tests have asked for. */
export function removeTemporaryFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** A clock that stands until it is set; sleeping moves it. */
export class TestClock implements Clock {
  constructor(private ms = Date.parse('2026-03-10T12:00:00Z')) {}

  nowMs(): number {
    return this.ms;
  }

  advance(ms: number): void {
    this.ms += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted !== true) this.ms += ms;
    return Promise.resolve();
  }
}

export function testLake(root: string, options: Partial<Omit<LakeOptions, 'storage'>> = {}): Lake {
  return Lake.local(root, { memoryLimitBytes: 1e9, threads: 2, ...options });
}
