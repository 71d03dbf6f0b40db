import { execFile, spawn } from 'node:child_process';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where the real servers and readers are kept between runs, outside the repository. */
export function cacheFolder(): string {
  return process.env['INGOT_CACHE'] ?? join(homedir(), '.cache', 'ingot');
}

export function say(text: string): void {
  process.stderr.write(`engines: ${text}\n`);
}

/**
 * A folder of the cache, filled once. A marker says that it is whole: one that a dead run left is filled anew.
 * @param name names the content and its version, so that another version is another folder
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  const marker = join(folder, '.complete');
  if (await exists(marker)) return folder;
  say(`fetching ${name} into ${folder}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await fill(folder);
  await writeFile(marker, '');
  return folder;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Runs a program to its end; its output goes to stderr. @throws Error when it can't be started or fails */
export async function run(program: string, argumentList: readonly string[], cwd: string = process.cwd()): Promise<void> {
  const code = await exitCode(program, argumentList, cwd);
  if (code !== 0) throw new Error(`${program} ${argumentList.join(' ')} ended with ${code}`);
}

/** Runs a program with this process's output; gives its exit code, 1 when a signal ended it. */
export function exitCode(program: string, argumentList: readonly string[], cwd: string = process.cwd(), environment: NodeJS.ProcessEnv = process.env, stdout: 'inherit' | 2 = 2): Promise<number> {
  const child = spawn(program, argumentList, { cwd, env: environment, stdio: ['ignore', stdout, 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function works(program: string, argumentList: readonly string[]): Promise<boolean> {
  return promisify(execFile)(program, argumentList).then(
    () => true,
    () => false,
  );
}

interface Prerequisite {
  readonly debianPackage: string;
  readonly program: string;
  readonly probe: readonly string[];
}

const prerequisites: readonly Prerequisite[] = [
  { debianPackage: 'python3-venv', program: 'python3', probe: ['-c', 'import venv, ensurepip'] },
  { debianPackage: 'golang-go', program: 'go', probe: ['version'] },
  { debianPackage: 'openssl', program: 'openssl', probe: ['version'] },
  { debianPackage: 'maven', program: 'mvn', probe: ['--version'] },
  { debianPackage: 'default-jre-headless', program: 'java', probe: ['-version'] },
];

/** Installs what of Python, Maven and Java is absent. @throws Error when it can't */
export async function installPrerequisites(): Promise<void> {
  const absent: string[] = [];
  for (const { debianPackage, program, probe } of prerequisites) if (!(await works(program, probe))) absent.push(debianPackage);
  if (absent.length === 0) return;
  say(`installing ${absent.join(', ')}`);
  try {
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...absent]);
  } catch (error) {
    throw new Error(`install ${absent.join(', ')} and run this again`, { cause: error });
  }
}
