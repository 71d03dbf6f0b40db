import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { parseConfig, threadsWithin } from '../src/config.js';
import { LakeError } from '../src/errors.js';

describe('the memory and threads of a process', () => {
  const parse = (options: Readonly<Record<string, string>>): { memoryLimit: number; threads: number } => {
    const { memoryLimit, threads } = parseConfig({ lake: 'lake', datasets: 'datasets', ...options });
    return { memoryLimit, threads };
  };

  it('are 1 GiB, of which DuckDB may take what the rest does not, unless they are given', () => {
    assert.equal(parse({}).memoryLimit, 2 ** 30 - 560e6);
    assert.equal(parse({ memory: '2GB' }).memoryLimit, 2e9 - 560e6);
    assert.equal(parse({ memory: '2GB', memoryLimit: '300MB' }).memoryLimit, 300e6);
  });

  it('make windows a sixteenth of the whole, 128 MB at most, unless their size is given', () => {
    const windowBytes = (options: Readonly<Record<string, string>>): number => parseConfig({ lake: 'lake', datasets: 'datasets', ...options }).windowBytes;
    assert.equal(windowBytes({}), 2 ** 26);
    assert.equal(windowBytes({ memory: '8GB' }), 128e6);
    assert.equal(windowBytes({ memoryLimit: '440MB' }), 1e9 / 16);
    assert.equal(windowBytes({ windowBytes: '1MB' }), 1e6);
  });

  it('give a thread 128 MB of DuckDB at least, and never more threads than the machine has', () => {
    assert.deepEqual([threadsWithin(100e6), threadsWithin(300e6), threadsWithin(2e9)], [1, 2, 15]);
    assert.equal(parse({ memory: '700MB' }).threads, 1);
    assert.equal(parse({ memory: '64GB' }).threads, Math.min(availableParallelism(), 16));
    assert.equal(parse({ memory: '700MB', threads: '5' }).threads, 5);
  });

  it('are refused with the option\'s name when they are too small to work with', () => {
    const refused = (option: string) => (error: unknown): boolean => error instanceof LakeError && error.code === 'USAGE' && error.path === option;
    assert.throws(() => parse({ memory: '256MB' }), refused('--memory'));
    assert.throws(() => parse({ memoryLimit: '1MB' }), refused('--memory-limit'));
  });
});
