import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a TypeScript module of the tests in processes of their own, at once; gives what each wrote to stdout. */
export function runChildren(module: string, argumentLists: readonly (readonly string[])[]): Promise<string[]> {
  return Promise.all(argumentLists.map((list) => runChild(module, list)));
}

function runChild(module: string, argumentList: readonly string[]): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', module, ...argumentList], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  const errors: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output.join(''));
      else reject(new Error(`${module} ended with ${code}: ${errors.join('')}`));
    });
  });
}
