import { Command, Option } from 'commander';
import type { CommandName } from './context.js';

/** How a parsed command line is carried out. */
export type Execute = (name: CommandName, args: readonly string[], options: unknown) => Promise<void>;

const option = (flags: string, description: string): Option => new Option(flags, description);

const options = {
  from: option('--from <uri>', 'where events come from: sqs://queue, a queue\'s https URL, kafka://host:9092/topic, a file, folder or glob of .ndjson, .jsonl, .json, .csv, .tsv (also .gz, or in .zip), s3://bucket/prefix, postgres://user@host/database, pglite://folder, or - for stdin').env('INGOT_FROM'),
  drain: option('--drain', 'stop when the source is empty (the default)').conflicts('follow'),
  follow: option('--follow', 'go on until SIGINT or SIGTERM'),
  windowBytes: option('--window-bytes <size>', 'a window is committed when it holds this much').env('INGOT_WINDOW_BYTES').default(undefined, 'a sixteenth of --memory, 128MB at most'),
  windowRows: option('--window-rows <n>', '… or this many messages; from a queue 50000 at most, from a database 20000').env('INGOT_WINDOW_ROWS').default('200000'),
  windowAge: option('--window-age <duration>', '… or when it has been open so long').env('INGOT_WINDOW_AGE').default(undefined, '60s; 1s for run --follow'),
  full: option('--full', 'of a database: compare all rows with the lake'),
  lookback: option('--lookback <duration>', 'of a database: compare rows so much older than the newest').env('INGOT_LOOKBACK').default(undefined, '30d; all in the first run'),
  since: option('--since <date>', 'first event date, UTC, included: 2026-01-31'),
  until: option('--until <date>', 'last event date, UTC, included'),
  maxRejected: option('--max-rejected <share>', 'stop before publishing when more than this share of a batch is rejected: 5%').env('INGOT_MAX_REJECTED'),
  plan: option('--plan', 'say what would be built, in which order and from how many bytes; build nothing'),
  accept: option('--accept <check...>', 'publish although this kind of check fails: row_count'),
  jobs: option('--jobs <n>', 'how many parts are built at once; they share memory and threads').default('1'),
  metricsPort: option('--metrics-port <port>', 'with --follow: serve the status as Prometheus text on 127.0.0.1').env('INGOT_METRICS_PORT'),
  engine: option('--engine <engine>', 'what runs the SQL: duckdb, or trino://user@host:port/catalog?lake=… (docs/trino.md)').env('INGOT_ENGINE').default('duckdb'),
  dryRun: option('--dry-run', 'say what would be done, and do nothing'),
} as const;

/** The whole command line, for `cli.ts` and for docs/cli.md. */
export function buildProgram(version: string, execute: Execute): Command {
  const program = new Command('ingot')
    .description('Lands raw JSON events as a Parquet lake in three layers: bronze (verbatim), silver (typed rows), gold (funnels).')
    .version(version)
    .showHelpAfterError('(see --help)')
    .exitOverride();

  const add: Add = (name, usage, description, own) => {
    const command = program.command(`${name} ${usage}`.trim()).description(description).exitOverride();
    for (const each of [...own, ...common()]) command.addOption(each);
    command.action(async (...all: unknown[]) => {
      const args = all.slice(0, -2).filter((arg): arg is string => typeof arg === 'string');
      await execute(name, args, all.at(-2));
    });
    return command;
  };

  const source = [options.from, options.drain, options.follow, options.windowBytes, options.windowRows, options.windowAge, options.maxRejected, options.lookback, options.full];
  add('bronze', '<dataset>', 'Land events verbatim: read a window, commit it, only then acknowledge it.', source);
  add('silver', '<dataset>', 'Bring the typed rows of the partitions that have changed up to date.', [options.plan, options.jobs, options.maxRejected, options.engine]);
  add('gold', '<dataset>', 'Bring the metrics of the dates that have changed up to date.', [options.plan, options.jobs, options.accept, options.engine]);
  add('run', '<dataset>', 'Bronze, silver and gold, one after the other; with --follow, again and again.', [...source, options.accept, options.metricsPort, options.engine]);
  add('backfill', '<dataset>', 'Rebuild a range of dates of a layer, and all that depends on them, to the same rows; with --from, land what is not there yet from raw history. Killed, the same command goes on.', [
    options.since,
    options.until,
    option('--platform <name>', 'only this platform of silver'),
    option('--layer <layer>', 'the layer to begin with; bronze needs --from').choices(['bronze', 'silver', 'gold']).default(undefined, 'silver; bronze with --from'),
    option('--from <uri>', 'raw history: a file, folder, glob or s3://bucket/prefix'),
    options.plan,
    options.jobs,
    options.accept,
    options.engine,
  ]);
  addOperations(add);
  add('query', '[sql]', 'Query bronze.x, silver.x and gold.x, each at one version.', [
    option('--file <path>', 'read the SQL from a file; - is stdin'),
    option('--since <date>', 'the value of $since in the SQL'),
    option('--until <date>', 'the value of $until in the SQL'),
    option('--format <format>', 'how rows are printed').choices(['table', 'csv', 'json', 'ndjson', 'arrow', 'parquet']).default('table'),
    option('--engine <engine>', 'what runs the query: duckdb, or trino://user@host:port/catalog?lake=… (docs/trino.md), whose SQL it is then').env('INGOT_ENGINE').default('duckdb'),
    option('--dialect <dialect>', 'whose SQL it is, where DuckDB runs it: athena is what Athena and Trino take (docs/athena.md)').choices(['duckdb', 'athena']).default('duckdb'),
  ]);
  add('audit', '<dataset>', 'Prove that every event received is a silver row, rejected or a duplicate; exit 1 and the difference if not.', []);
  add('serve', '', 'Answer requests for the CTR of storefront over HTTP, from gold.product_second: GET and POST /ctr, /openapi.json, /health, /metrics.', [
    option('--port <port>', 'where it listens; 0 takes one that is free').env('INGOT_PORT').default('8080'),
    option('--host <host>', 'the address that it listens at; 0.0.0.0 for all').env('INGOT_HOST').default('127.0.0.1'),
  ]);
  add('ddl', '', 'Print statements that make the lake\'s tables visible in an engine.', [
    option('--engine <engine>', 'whose statements; of glue a script for the AWS CLI').choices(['duckdb', 'athena', 'glue', 'spark', 'trino']).default('duckdb'),
    option('--plain', 'of athena, glue and trino: the files by their folders, for a reader without Delta; partitions are projected by Athena, synchronized by Trino'),
    option('--location <url>', 'of all but duckdb: the lake\'s root as the engine names it, such as s3a://bucket/prefix or local:///lake').default(undefined, 'as the lake is opened'),
    option('--database-prefix <text>', 'of all but duckdb: what goes before bronze, silver and gold').default(undefined, 'nothing'),
    option('--catalog <name>', 'of trino: the catalog').default(undefined, 'delta; hive with --plain'),
  ]);
  add('generate', '<dataset>', 'Make events of shop, actions, bank (CSV) or users, or a folder of files of music or storefront: duplicates, late and broken ones among them. The same seed gives the same bytes.', [
    option('--events <n>', 'how many').default('20000'),
    option('--days <n>', 'over how many days').default('7'),
    option('--seed <n>', 'the seed').default('1'),
    option('--form <form>', 'of shop: how items are written').choices(['json', 'tostring', 'mixed']).default('mixed'),
    option('--since <date>', 'the first day, UTC').default('2026-01-01'),
    option('--to <target>', 'a file (.gz too), sqs://queue, or the folder of several files; else stdout'),
  ]);
  addBeginnings(add);
  return program;
}

type Add = (name: CommandName, usage: string, description: string, own: readonly Option[]) => Command;

/** What a new dataset begins with. */
function addBeginnings(add: Add): void {
  add('profile', '<source>', 'Show what is in a file (.ndjson, .jsonl, .json, .csv, .tsv, also .gz; a folder or glob; - for stdin) or in a table of the lake (silver.event): types, nulls, distinct values, range and most frequent values of each column. Nested JSON is told by its path, arrays by themselves.', []);
  add('infer', '<file>', 'Propose a contract for a file, as the text of datasets/<name>/dataset.ts, with counts of what contradicts it.', [
    option('--name <name>', 'the dataset\'s name').default(undefined, 'the file\'s'),
  ]);
  add('init', '<dataset>', 'Make the folder of a new dataset that runs at once: contract, gold model, analysis. Nothing is overwritten.', [
    option('--from <file>', 'propose the contract for this file').default(undefined, 'an example with a sample file'),
  ]);
}

/** What a lake needs over the years. */
function addOperations(add: Add): void {
  add('status', '<dataset>', 'What each table holds, how fresh it is, what is stale, small or rejected, and what waits in the source.', [
    option('--from <uri>', 'the source whose depth and lag are to be told').env('INGOT_FROM'),
  ]);
  add('compact', '<dataset>', 'Merge small files of closed partitions: the same rows in fewer files.', [
    option('--older-than <duration>', 'only partitions whose event date ended so long ago').default('1d'),
    options.dryRun,
  ]);
  add('vacuum', '<dataset>', 'Remove the files that no version needs any more and what crashes have left, and trim the logs.', [
    option('--older-than <duration>', 'leave files without a version that are younger than this').default('1h'),
    options.dryRun,
  ]);
  add('rejected', '<dataset>', 'Sum up what was rejected, by reason, with samples.', [
    option('--samples <n>', 'how many bodies are shown for each reason').default('3'),
  ]);
  add('replay', '<dataset>', 'Take rejected rows through the contract again: what passes moves.', [options.plan]);
  add('forget', '<dataset>', 'Remove a person from every layer, and keep a keyed hash, so that nothing brings the person back.', [
    option('--user-id <id>', 'the person').makeOptionMandatory(),
    options.dryRun,
  ]);
}

function common(): Option[] {
  return [
    option('--lake <place>', 'the lake: a folder, or s3://bucket/prefix').env('INGOT_LAKE').default('./lake'),
    option('--datasets <dir>', 'the folder of the contracts').env('INGOT_DATASETS').default('./datasets'),
    option('--json', 'print one JSON object on stdout, and nothing else there'),
    option('--memory <size>', 'memory of the whole process; when it is short, DuckDB spills into the lake\'s _ingot folder (--scratch in S3)').env('INGOT_MEMORY').default(undefined, '1GiB'),
    option('--memory-limit <size>', 'of that, what DuckDB may take').env('INGOT_MEMORY_LIMIT').default(undefined, '--memory less 560MB'),
    option('--threads <n>', 'threads for DuckDB').env('INGOT_THREADS').default(undefined, 'the machine\'s, 16 at most, one for each 128MB of DuckDB\'s memory'),
    option('--retain <duration>', 'how long replaced files stay for running readers').env('INGOT_RETAIN').default(undefined, '0s; 1h with --follow and in S3'),
    option('--scratch <dir>', 'of a lake in S3: the folder for work in progress and what DuckDB spills').env('INGOT_SCRATCH').default(undefined, 'the system\'s temporary folder'),
    option('--duckdb-extensions <path>', 'of a lake in S3: DuckDB\'s httpfs.duckdb_extension, or its folder').env('INGOT_DUCKDB_EXTENSIONS').default(undefined, 'DuckDB installs it'),
    option('--s3-path-style <bool>', 'of a lake in S3: address buckets by path').env('INGOT_S3_PATH_STYLE').choices(['true', 'false']).default(undefined, 'with an endpoint of one\'s own'),
  ];
}
