import { spawn, type ChildProcess } from 'node:child_process';
import { project } from '../support/pipeline.js';
import { queueCredentials, queueRegion } from '../support/queue.js';

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** What a process of ours is told of the queue. */
export const queueEnvironment = {
  AWS_ACCESS_KEY_ID: queueCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: queueCredentials.secretAccessKey,
  AWS_REGION: queueRegion,
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/** Starts the command line in a process of its own, without settings of the environment but those given. */
export function startIngot(args: readonly string[], input = '', environment: Readonly<Record<string, string>> = queueEnvironment): Running {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(INGOT|AWS)_/.test(name)));
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], { cwd: project, stdio: ['pipe', 'pipe', 'pipe'], env: { ...inherited, ...environment } });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout: stdout.join(''), stderr: stderr.join('') }));
  });
  return { child, ended };
}

export function ingot(args: readonly string[], input = ''): Promise<Ended> {
  return startIngot(args, input).ended;
}

/** The one object on the one line of stdout. */
export function jsonOf(ended: Ended): unknown {
  if (!/^[^\n]+\n$/.test(ended.stdout)) throw new Error(`stdout is not one line: ${JSON.stringify(ended)}`);
  return JSON.parse(ended.stdout) as unknown;
}
