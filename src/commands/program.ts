import { Command, Option } from 'commander';
import { defaultMemoryLimit, defaultThreads } from '../config.js';
import type { CommandName } from './context.js';

/** How a parsed command line is carried out. */
export type Execute = (name: CommandName, args: readonly string[], options: unknown) => Promise<void>;

const option = (flags: string, description: string): Option => new Option(flags, description);

const options = {
  from: option('--from <uri>', 'where events come from: sqs://queue, a queue\'s https URL, a file, folder or glob of .ndjson, .jsonl, .json (also .gz), or - for stdin').env('INGOT_FROM'),
  drain: option('--drain', 'stop when the source is empty (the default)').conflicts('follow'),
  follow: option('--follow', 'go on until SIGINT or SIGTERM'),
  windowBytes: option('--window-bytes <size>', 'a window is committed when it holds this much').env('INGOT_WINDOW_BYTES').default('128MB'),
  windowRows: option('--window-rows <n>', '… or this many messages; from a queue 50000 at most').env('INGOT_WINDOW_ROWS').default('200000'),
  windowAge: option('--window-age <duration>', '… or when it has been open so long').env('INGOT_WINDOW_AGE').default('60s'),
  since: option('--since <date>', 'first event date, UTC, included: 2026-01-31'),
  until: option('--until <date>', 'last event date, UTC, included'),
} as const;

/** The whole command line, for `cli.ts` and for docs/cli.md. */
export function buildProgram(version: string, execute: Execute): Command {
  const program = new Command('ingot')
    .description('Lands raw JSON events as a Parquet lake in three layers: bronze (verbatim), silver (typed rows), gold (funnels).')
    .version(version)
    .showHelpAfterError('(see --help)')
    .exitOverride();

  const add = (name: CommandName, usage: string, description: string, own: readonly Option[]): Command => {
    const command = program.command(`${name} ${usage}`.trim()).description(description).exitOverride();
    for (const each of [...own, ...common()]) command.addOption(each);
    command.action(async (...all: unknown[]) => {
      const args = all.slice(0, -2).filter((arg): arg is string => typeof arg === 'string');
      await execute(name, args, all.at(-2));
    });
    return command;
  };

  const source = [options.from, options.drain, options.follow, options.windowBytes, options.windowRows, options.windowAge];
  add('bronze', '<dataset>', 'Land events verbatim: read a window, commit it, only then acknowledge it.', source);
  add('silver', '<dataset>', 'Bring the typed rows of the partitions that have changed up to date.', []);
  add('gold', '<dataset>', 'Bring the metrics of the dates that have changed up to date.', []);
  add('run', '<dataset>', 'Bronze, silver and gold, one after the other; with --follow, again and again.', source);
  add('backfill', '<dataset>', 'Rebuild a range of dates of a layer, and all that depends on them, to the same rows.', [
    options.since.makeOptionMandatory(),
    options.until.makeOptionMandatory(),
    option('--platform <name>', 'only this platform of silver'),
    option('--layer <layer>', 'the layer to begin with').choices(['silver', 'gold']).default('silver'),
  ]);
  add('query', '[sql]', 'Query bronze.x, silver.x and gold.x, each at one version.', [
    option('--file <path>', 'read the SQL from a file; - is stdin'),
    option('--since <date>', 'the value of $since in the SQL'),
    option('--until <date>', 'the value of $until in the SQL'),
    option('--format <format>', 'how rows are printed').choices(['table', 'csv', 'json', 'ndjson', 'arrow', 'parquet']).default('table'),
    option('--dialect <dialect>', 'the dialect of the SQL').choices(['duckdb']).default('duckdb'),
  ]);
  add('audit', '<dataset>', 'Prove that every event received is a silver row, rejected or a duplicate; exit 1 and the difference if not.', []);
  add('ddl', '', 'Print statements that make the lake\'s tables visible in an engine.', [
    option('--engine <engine>', 'whose statements').choices(['duckdb']).default('duckdb'),
  ]);
  add('generate', '<dataset>', 'Make events of a shop: sessions, lists, clicks, purchases, duplicates, late and broken ones. The same seed gives the same bytes.', [
    option('--events <n>', 'how many').default('20000'),
    option('--days <n>', 'over how many days').default('7'),
    option('--seed <n>', 'the seed').default('1'),
    option('--form <form>', 'how items are written').choices(['json', 'tostring', 'mixed']).default('mixed'),
    option('--since <date>', 'the first day, UTC').default('2026-01-01'),
    option('--to <target>', 'a file (.gz too) or sqs://queue; else stdout'),
  ]);
  return program;
}

function common(): Option[] {
  return [
    option('--lake <dir>', 'the lake\'s folder').env('INGOT_LAKE').default('./lake'),
    option('--datasets <dir>', 'the folder of the contracts').env('INGOT_DATASETS').default('./datasets'),
    option('--json', 'print one JSON object on stdout, and nothing else there'),
    option('--memory-limit <size>', 'memory for DuckDB; above it, it spills into the lake\'s _ingot folder').env('INGOT_MEMORY_LIMIT').default(defaultMemoryLimit, 'half of the machine\'s, 4GB at most'),
    option('--threads <n>', 'threads for DuckDB').env('INGOT_THREADS').default(defaultThreads, 'the machine\'s, 16 at most'),
    option('--retain <duration>', 'how long replaced files stay for running readers').env('INGOT_RETAIN').default(undefined, '0s; 1h with --follow'),
  ];
}
