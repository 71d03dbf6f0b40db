import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, exists } from '../engines/cache.js';

const source = fileURLToPath(new URL('shim.c', import.meta.url));

/** The library that does harm to the processes it is preloaded into, compiled once. @throws Error without gcc */
export async function compileShim(): Promise<string> {
  const digest = createHash('sha256').update(await readFile(source)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `faults-${digest}`);
  const library = join(folder, 'shim.so');
  if (await exists(library)) return library;
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `${process.pid}.so`);
  try {
    await promisify(execFile)('gcc', ['-O2', '-Wall', '-Wextra', '-shared', '-fPIC', '-pthread', '-o', temporary, source, '-ldl']);
  } catch (error) {
    throw new Error('the library that makes faults does not compile: gcc is needed', { cause: error });
  }
  await rename(temporary, library);
  return library;
}
