import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, run } from './cache.js';

const deltalakeVersion = '1.6.6';
/** The newest DuckDB extensions that are packaged for Python: the same version as the project's DuckDB. */
const extensionVersion = '1.5.5';

/** A Python with delta-rs, its pyarrow reader and what it needs. Gives the interpreter. */
export async function fetchPython(): Promise<string> {
  const folder = await cached(`python-deltalake-${deltalakeVersion}`, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(interpreter(target), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `deltalake==${deltalakeVersion}`, 'pyarrow']);
  });
  return interpreter(folder);
}

function interpreter(folder: string): string {
  return join(folder, 'bin', 'python');
}

/** An extension of DuckDB, from its wheel. Gives the file that LOAD takes. */
export async function fetchExtension(python: string, name: 'aws' | 'delta' | 'httpfs'): Promise<string> {
  const folder = await cached(`duckdb-${name}-${extensionVersion}`, async (target) => {
    await run(python, ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', target, `duckdb-extension-${name}==${extensionVersion}`]);
    const wheel = (await readdir(target)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`no wheel of duckdb-extension-${name} was fetched`);
    await run(python, ['-m', 'zipfile', '-e', join(target, wheel), target]);
  });
  return join(folder, `duckdb_extension_${name}`, 'extensions', `v${extensionVersion}`, `${name}.duckdb_extension`);
}

/** Runs a script that uses delta-rs: gives it a JSON text and reads one. @throws Error with its traceback */
export async function askPython(python: string, script: URL, question: unknown): Promise<unknown> {
  const child = spawn(python, [fileURLToPath(script)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.end(JSON.stringify(question));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`delta-rs: ${output.stderr}`);
  return JSON.parse(output.stdout) as unknown;
}

const schemathesisVersion = '4.32.5';

/** Schemathesis, which asks an API what its description allows and what it does not. Gives the program. */
export async function fetchSchemathesis(): Promise<string> {
  const folder = await cached(`schemathesis-${schemathesisVersion}`, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(interpreter(target), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `schemathesis==${schemathesisVersion}`]);
  });
  return join(folder, 'bin', 'schemathesis');
}
