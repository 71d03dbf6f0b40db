import { familyOf, silverTables, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { forgetInBronze, listPerson, previewBronze, type ForgetEvents, type ForgottenRows } from '../forget/bronze.js';
import { personParameters } from '../forget/person.js';
import { forgetInSilver, otherStalePartitions, type ForgottenSilver } from '../forget/silver.js';
import { verifyForgotten, type Verified } from '../forget/verify.js';
import { releaseDiscarded } from '../lake/discard.js';
import type { Parameters } from '../lake/duckdb.js';
import { partitionName } from '../lake/staged.js';
import { mergeSilver, type SilverSummary } from '../silver/silver.js';
import type { Context } from './context.js';
import { refreshGold } from './gold.js';
import { count, plural, size } from './output.js';
import { forEachPart } from './parts.js';
import { refreshSilver } from './silver.js';
import { vacuumAll } from './vacuum.js';

/** The proof that a person was forgotten: printed, and kept in the lake. It holds no name. */
interface Receipt {
  readonly dataset: string;
  /** Keyed: only who has the lake's key can tell whether it is a person's. */
  readonly idHash: string;
  /** The person had been forgotten before: this looked for what was left. */
  readonly again: boolean;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly bronze: Readonly<Record<string, ForgottenRows & { readonly commits: number }>>;
  /** `files` and `rows` of those partitions in which single files were rewritten. */
  readonly silver: { readonly partitions: readonly string[]; readonly rebuilt: number; readonly files: number; readonly rows: number; readonly commits: number };
  readonly gold: { readonly dates: readonly string[]; readonly whole: readonly string[] };
  readonly removedFiles: number;
  readonly verified: Verified;
}

export const run = forEachPart(async (context, dataset) => {
  const { config, lake, progress } = context;
  const person = config.userId ?? '';
  const parameters = personParameters(dataset, person);
  const tables = [`${dataset.name}_rejected`, dataset.name];
  if ((await lake.table('bronze', dataset.name).snapshot()) === null) {
    throw new LakeError(`there is no bronze.${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'forget', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE).' });
  }
  const events: ForgetEvents = { scanned: (bytes: number, of: number) => progress.update(`forget: ${size(bytes)} of ${size(of)} of bronze looked at`) };
  if (config.dryRun) {
    const found: Record<string, ForgottenRows> = {};
    for (const table of tables) found[table] = await previewBronze(lake, dataset, table, parameters, events);
    context.result({ dryRun: true, bronze: found }, [...bronzeLines(found), 'nothing was changed (--dry-run)']);
    return 0;
  }
  await lake.storage.prepare();
  const receipt = await forget(context, dataset, person, parameters, tables, events);
  await lake.storage.put(`_ingot/receipts/${receipt.endedAt.replaceAll(/[:.]/g, '-')}-${receipt.idHash.slice(0, 12)}.json`, JSON.stringify(receipt));
  context.result(receipt, receiptLines(receipt));
  return receipt.verified.found.length === 0 ? 0 : 1;
}, ({ person }) => person !== undefined);

/** From the list to the proof: each step may be done again, so a killed one is run again from the beginning. */
async function forget(context: Context, dataset: Dataset, person: string, parameters: Parameters, tables: readonly string[], events: ForgetEvents): Promise<Receipt> {
  const { lake, clock, progress } = context;
  const startedAtMs = clock.nowMs();
  const listed = await listPerson(lake, dataset, person);
  const bronze: Record<string, ForgottenRows & { readonly commits: number }> = {};
  for (const table of tables) {
    bronze[table] = await forgetInBronze(lake, dataset, table, parameters, events);
  }
  const others = await refreshSilver(context, dataset, { partitions: await otherStalePartitions(lake, dataset), only: true });
  const rewritten = await forgetInSilver(lake, dataset);
  const rebuilt = mergeSilver(others, await refreshSilver(context, dataset, {}));
  const gold = await refreshGold(context, dataset, null);
  for (const layer of ['bronze', 'silver', 'gold']) await releaseDiscarded(lake, `${layer}.${layer === 'gold' ? familyOf(dataset).name : dataset.name}`, Infinity);
  const vacuumed = await vacuumAll(context, dataset, 0);
  const folders = [...tables.map((table) => `bronze/${table}`), ...silverTables(dataset).map((table) => `silver/${table}`), ...(await lake.tableNames('gold')).map((table) => `gold/${table}`), '_ingot/intents', '_ingot/discard', '_ingot/receipts'];
  const verified = await verifyForgotten(lake, folders, parameters, (files, of) => progress.update(`forget: ${count(files)} of ${plural(of, 'file')} proved`));
  return {
    dataset: dataset.name,
    idHash: listed?.hash ?? '',
    again: listed?.known === true,
    startedAt: new Date(startedAtMs).toISOString(),
    endedAt: new Date(clock.nowMs()).toISOString(),
    bronze,
    silver: silverOf(rewritten, rebuilt),
    gold: { dates: gold.dates, whole: gold.whole?.tables ?? [] },
    removedFiles: vacuumed,
    verified,
  };
}

function silverOf({ partitions, files, rows, commits }: ForgottenSilver, rebuilt: SilverSummary): Receipt['silver'] {
  const names = [...partitions.map(partitionName), ...rebuilt.partitions];
  return { partitions: [...new Set(names)].sort(), rebuilt: rebuilt.partitions.length, files, rows, commits };
}

function bronzeLines(bronze: Readonly<Record<string, ForgottenRows>>): string[] {
  return Object.entries(bronze).map(([table, { files, removed, redacted }]) =>
    `bronze.${table}: ${plural(removed, 'row')} of the person in ${plural(files, 'file')}${redacted === 0 ? '' : `, ${plural(redacted, 'row')} of others that named the person`}`);
}

function receiptLines(receipt: Receipt): string[] {
  const { verified } = receipt;
  return [
    receipt.again ? 'forgotten before; looked again for what was left' : 'forgotten',
    ...bronzeLines(receipt.bronze),
    `silver: ${plural(receipt.silver.rows, 'row')} out of ${plural(receipt.silver.files, 'file')}, ${plural(receipt.silver.rebuilt, 'partition')} rebuilt; gold: ${plural(receipt.gold.dates.length, 'date')}${receipt.gold.whole.length === 0 ? '' : ` and ${plural(receipt.gold.whole.length, 'whole table')}`} rebuilt`,
    `key of the person on the list of those who may not come back: ${receipt.idHash}`,
    verified.found.length === 0
      ? `proved: none of ${plural(verified.files, 'file')} names the person`
      : `NOT proved: ${plural(verified.found.length, 'file')} still name the person: ${verified.found.slice(0, 5).join(', ')}`,
  ];
}
