import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { systemClock } from './clock.js';
import { closeStdoutQuietly, errorObject, printError } from './commands/output.js';
import type { CommandName, CommandRun } from './commands/context.js';
import { buildProgram } from './commands/program.js';
import { StderrProgress } from './commands/progress.js';
import { isS3, parseConfig } from './config.js';
import { LakeError } from './errors.js';
import { Lake } from './lake/lake.js';

const commands: Readonly<Record<CommandName, () => Promise<{ readonly run: CommandRun }>>> = {
  bronze: () => import('./commands/bronze.js'),
  silver: () => import('./commands/silver.js'),
  gold: () => import('./commands/gold.js'),
  run: () => import('./commands/run.js'),
  backfill: () => import('./commands/backfill.js'),
  query: () => import('./commands/query.js'),
  serve: () => import('./commands/serve.js'),
  audit: () => import('./commands/audit.js'),
  status: () => import('./commands/status.js'),
  compact: () => import('./commands/compact.js'),
  vacuum: () => import('./commands/vacuum.js'),
  rejected: () => import('./commands/rejected.js'),
  replay: () => import('./commands/replay.js'),
  forget: () => import('./commands/forget.js'),
  ddl: () => import('./commands/ddl.js'),
  generate: () => import('./commands/generate.js'),
  profile: () => import('./commands/profile.js'),
  infer: () => import('./commands/infer.js'),
  init: () => import('./commands/init.js'),
};

/** While a process follows a source, and in a bucket, somebody else reads: replaced files stay for readers that run. */
const sharedRetainMs = 3_600_000;

async function execute(name: CommandName, args: readonly string[], options: unknown): Promise<void> {
  try {
    await carryOut(name, args, options);
  } catch (error) {
    if (typeof options === 'object' && options !== null && 'json' in options) process.stdout.write(`${JSON.stringify({ error: errorObject(error) })}\n`);
    throw error;
  }
}

async function carryOut(name: CommandName, args: readonly string[], options: unknown): Promise<void> {
  const config = parseConfig(options);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  const retainMs = config.retain ?? (config.follow || isS3(config.lake) ? sharedRetainMs : 0);
  const lake = await Lake.at(
    config.lake,
    { clock: systemClock, memoryLimitBytes: config.memoryLimit, threads: config.threads, retainMs },
    { scratch: config.scratch ?? null, extensions: config.duckdbExtensions ?? null, pathStyle: config.s3PathStyle === undefined ? null : config.s3PathStyle === 'true' },
  );
  const progress = new StderrProgress(process.stderr, systemClock);
  const print = (text: string): void => {
    if (!config.json) process.stdout.write(`${text}\n`);
  };
  try {
    const command = await commands[name]();
    process.exitCode = await command.run({
      config,
      args,
      clock: systemClock,
      lake,
      secrets: { password: process.env['INGOT_ENGINE_PASSWORD'], token: process.env['INGOT_ENGINE_TOKEN'] },
      signal: stop.signal,
      progress,
      print,
      result: (summary, lines) => {
        progress.end();
        if (config.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
        else for (const line of lines) print(line);
      },
    });
  } finally {
    progress.end();
    await lake.close();
  }
}

async function main(): Promise<void> {
  // Files are for their owner and the group alone: the lake holds what users did.
  process.umask(process.umask(0o027) | 0o027);
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  closeStdoutQuietly();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  try {
    await buildProgram(version, execute).parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      printError(error, process.stderr);
      process.exitCode = error instanceof LakeError && error.code === 'USAGE' ? 2 : 1;
    }
  }
}

await main();
