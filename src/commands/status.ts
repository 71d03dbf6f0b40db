import { BIGINT, VARCHAR } from '@duckdb/node-api';
import { LakeError } from '../errors.js';
import { tableLines } from '../query/table.js';
import type { RejectedShare, RejectedShares } from '../report/rejected-share.js';
import type { TableStatus } from '../report/status-table.js';
import { status, type StatusSummary } from '../report/status.js';
import type { TopicDepth } from '../sources/kafka-depth.js';
import { probeDepth, type Depth } from '../sources/depth.js';
import { modelsDir } from './models.js';
import { count, plural, printError, size } from './output.js';
import { forEachPart } from './parts.js';
import { percent } from './rejected.js';

export const run = forEachPart(async (context, dataset) => {
  const { config, lake } = context;
  const probe = config.from === undefined ? null : probeDepth(config.from, process.env);
  try {
    const { summary, failures } = await status(lake, dataset, modelsDir(context, dataset), probe);
    if (summary.tables.length === 0) {
      throw new LakeError(`there is nothing of ${dataset.name} at ${lake.storage.root}`, { code: 'TABLE_NOT_FOUND', op: 'status', path: lake.storage.root, hint: 'Give the lake\'s folder with --lake (or INGOT_LAKE), or land events first.' });
    }
    context.result(summary, statusLines(summary));
    for (const failure of failures) printError(failure, process.stderr);
    return failures.length === 0 ? 0 : 1;
  } finally {
    probe?.close();
  }
});

export function statusLines(summary: StatusSummary): string[] {
  return [
    ...tablesLines(summary),
    '',
    ...silverLines(summary),
    ...goldLines(summary),
    ...rejectedLines(summary),
    ...(summary.source === null ? [] : [`source    ${depthText(summary.source)}`]),
  ];
}

const columns = [
  { name: 'table', type: VARCHAR },
  { name: 'version', type: BIGINT },
  { name: 'rows', type: BIGINT },
  { name: 'files', type: BIGINT },
  { name: 'small', type: BIGINT },
  { name: 'size', type: BIGINT },
  { name: 'partitions', type: BIGINT },
  { name: 'newest event', type: VARCHAR },
  { name: 'received', type: VARCHAR },
  { name: 'committed', type: VARCHAR },
];

function tablesLines({ tables, at }: StatusSummary): string[] {
  const rows = tables.map((table) => [
    `${table.layer}.${table.table}`,
    count(table.version),
    count(table.rows),
    count(table.files),
    count(table.smallFiles),
    size(table.bytes),
    count(table.partitions),
    newestEvent(table),
    table.freshnessMs === null ? '–' : ago(table.freshnessMs),
    table.committedAt === null ? '–' : ago(Date.parse(at) - Date.parse(table.committedAt)),
  ]);
  return tableLines({ columns, rows, totalRows: rows.length }, null);
}

function newestEvent({ newestEventAt, newestEventDate }: TableStatus): string {
  if (newestEventAt !== null) return `${newestEventAt.slice(0, 19).replace('T', ' ')}Z`;
  return newestEventDate ?? '–';
}

const units = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const;

/** `4 m ago`; in the greatest unit of which there are two. */
export function ago(ms: number): string {
  const [unit, unitMs] = units.find(([, each]) => ms >= 2 * each) ?? ['s', 1_000];
  return `${count(Math.max(0, Math.floor(ms / unitMs)))} ${unit} ago`;
}

const maxListed = 8;

function silverLines({ dataset, silver: { stale, contracts } }: StatusSummary): string[] {
  const built = contracts.map(({ contract, current, partitions }, index) => `${contract ?? 'several or none'}${current ? ' (current)' : ''}: ${index === 0 ? plural(partitions, 'partition') : count(partitions)}`);
  const lines = built.length === 0 ? [] : [`          by contract ${built.join(', ')}`];
  if (stale === null) return ['silver    not told, see the error', ...lines];
  if (stale.length === 0) return ['silver    up to date with bronze', ...lines];
  const whys = [...new Set(stale.map(({ why }) => why))].map((why) => `${why}: ${count(stale.filter((each) => each.why === why).length)}`);
  const rows = stale.reduce((total, each) => total + each.rows, 0);
  return [
    `silver    ${plural(stale.length, 'partition')} stale (${whys.join(', ')}), ${plural(rows, 'row')} to read: \`ingot silver ${dataset}\``,
    ...stale.slice(0, maxListed).map(({ partition, why, rows: own }) => `          ${partition}  ${why}, ${plural(own, 'row')}`),
    ...(stale.length > maxListed ? [`          … and ${count(stale.length - maxListed)} more`] : []),
    ...lines,
  ];
}

function goldLines({ dataset, gold: { stale, reason, whole } }: StatusSummary): string[] {
  if (stale === null) return ['gold      not told, see the error'];
  if (reason === 'no silver') return ['gold      nothing to build: silver has no events yet'];
  if (stale.length === 0 && whole === null) return ['gold      up to date with silver'];
  const tables = whole === null ? [] : [`gold      ${plural(whole.tables.length, 'whole table')} stale (${whole.reason}), ${whole.tables.join(', ')}: \`ingot gold ${dataset}\``];
  if (stale.length === 0) return tables;
  return [...tables, `gold      ${plural(stale.length, 'date')} stale (${reason ?? ''}), ${stale[0] ?? ''} to ${stale.at(-1) ?? ''}: \`ingot gold ${dataset}\``];
}

function rejectedLines({ dataset, rejected: { bronze, silver } }: StatusSummary): string[] {
  const some = bronze.rejected + silver.rejected > 0;
  return [
    `rejected  bronze ${sharesText(bronze, 'received on')}`,
    `          silver ${sharesText(silver, 'of')}`,
    ...(some ? [`          why: \`ingot rejected ${dataset}\``] : []),
  ];
}

function sharesText(shares: RejectedShares, on: string): string {
  const { newestDay } = shares;
  return newestDay === null ? shareText(shares) : `${shareText(shares)}; ${on} ${newestDay.date} ${shareText(newestDay)}`;
}

function shareText({ rejected, rows, share }: RejectedShare): string {
  return share === null ? 'no rows' : `${count(rejected)} of ${count(rows)}, ${percent(share)}`;
}

function depthText(depth: Depth): string {
  if (depth.kind === 'files') return `${count(depth.waitingFiles)} of ${plural(depth.files, 'file')} waiting, ${size(depth.lagBytes)}: ${depth.uri}`;
  if (depth.kind === 'topic') return topicText(depth);
  return `${plural(depth.lagMessages, 'message')} waiting: ${count(depth.visible)} visible, ${count(depth.inFlight)} in flight, ${count(depth.delayed)} delayed: ${depth.uri}`;
}

function topicText({ uri, partitions, lagMessages, greatestLag, lostMessages }: TopicDepth): string {
  const worst = partitions.find(({ lag }) => lag === greatestLag);
  const most = greatestLag === 0 ? '' : `, at most ${count(greatestLag)} in partition ${worst?.partition ?? 0}`;
  const lost = lostMessages === 0 ? '' : `; ${plural(lostMessages, 'offset')} removed by retention before they were read`;
  return `${plural(lagMessages, 'message')} waiting in ${plural(partitions.length, 'partition')}${most}${lost}: ${uri}`;
}
