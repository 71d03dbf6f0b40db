import { goneBronze, restoredRows, takeOut, type GoneFile } from '../backfill/gone.js';
import { rangeOf } from '../backfill/progress.js';
import { saveRecord, type BackfillRecord } from '../backfill/record.js';
import { backfillTag, type History } from '../bronze/absent.js';
import type { Dataset } from '../dataset.js';
import { filePath } from '../lake/layout.js';
import { within } from '../silver/plan.js';
import { bronzeLines, land } from './bronze.js';
import type { Context } from './context.js';
import { goldLines, refreshGold } from './gold.js';
import { count, plural, printError } from './output.js';
import { refreshSilver, silverLines } from './silver.js';

/** Lands the rows of raw history that bronze does not have, and brings silver and gold up to date with them. */
export async function landHistory(context: Context, dataset: Dataset, begun: BackfillRecord, resumed: boolean): Promise<number> {
  const { lake, clock, signal, progress } = context;
  const { since, until } = begun.asked;
  const record = await withoutGone(context, dataset, begun);
  const startedAtMs = clock.nowMs();
  const history: History = { id: record.id, range: since === null || until === null ? null : { since, until }, taken: new Map() };
  const { summary: bronze, failures } = await land(context, dataset, undefined, history);
  const tookMs = clock.nowMs() - startedAtMs;
  const restored = await restoredRows(lake, dataset, record.gone, record.id);
  const stopped = signal.aborted;
  if (stopped) progress.note('silver and gold are left as they are: the same command goes on');
  const silver = stopped ? null : await refreshSilver(context, dataset, { tags: { [backfillTag]: record.id } });
  const gold = stopped ? null : await refreshGold(context, dataset, null);
  if (!stopped && failures.length === 0) await saveRecord(lake, dataset.name, { ...record, finishedAtMs: Math.trunc(clock.nowMs()) });
  const gone = { files: record.gone.length, rows: record.gone.reduce((total, { rows }) => total + rows, 0), restored };
  context.result(
    {
      backfill: { id: record.id, startedAt: new Date(record.startedAtMs).toISOString(), asked: record.asked, resumed, stopped, gone },
      bronze,
      ...(silver === null ? {} : { silver: { tables: silver.tables } }),
      ...(gold === null ? {} : { gold: { tables: gold.tables } }),
    },
    [
      ...bronzeLines(dataset, bronze, tookMs),
      ...(bronze.redelivered === 0 ? [] : [`        redelivered: ${plural(bronze.redelivered, 'row')} of the history that bronze had already`]),
      ...(gone.files === 0 ? [] : [goneLine(gone)]),
      ...(silver === null ? [] : silverLines(context, dataset, silver)),
      ...(gold === null ? [] : goldLines(gold)),
    ],
  );
  for (const failure of failures) printError(failure, process.stderr);
  return failures.length === 0 && (stopped || gone.restored >= gone.rows) ? 0 : 1;
}

function goneLine({ files, rows, restored }: { readonly files: number; readonly rows: number; readonly restored: number }): string {
  const back = `        ${plural(files, 'file')} of bronze had gone with ${plural(rows, 'row')}; landed again in the same partitions: ${count(restored)}`;
  return restored >= rows ? back : `${back}; this history does not have the other ${count(rows - restored)}`;
}

/** Files of bronze that are gone would be missed for ever: history may have their rows, so the log gives them up. */
async function withoutGone({ lake, progress }: Context, dataset: Dataset, record: BackfillRecord): Promise<BackfillRecord> {
  const whole = record.asked.since === null;
  const found = await goneBronze(lake, dataset, (partition) => whole || within(partition, rangeOf(record.asked)), whole);
  if (found.length === 0) return record;
  const isNew = (file: GoneFile): boolean => !record.gone.some((known) => known.table === file.table && known.path === file.path);
  const noted: BackfillRecord = { ...record, gone: [...record.gone, ...found.filter(isNew)] };
  await saveRecord(lake, dataset.name, noted);
  const rows = found.reduce((total, file) => total + file.rows, 0);
  progress.note(`${plural(found.length, 'file')} of bronze with ${plural(rows, 'row')} ${found.length === 1 ? 'is' : 'are'} gone and taken out of the log, such as ${found.slice(0, 1).map(({ table, path }) => `bronze/${table}/${filePath(path)}`).join('')}`);
  await takeOut(lake, dataset, found);
  return noted;
}
