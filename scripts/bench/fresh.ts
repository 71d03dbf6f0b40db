import { spawn, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGold } from '../../src/gold/gold.js';
import { generateShop } from '../../src/generate/shop.js';
import { writeLines } from '../../src/generate/write.js';
import { textList } from '../../src/lake/duckdb.js';
import type { Lake } from '../../src/lake/lake.js';
import { commitName, filePath, logFolder } from '../../src/lake/layout.js';
import { buildSilver } from '../../src/silver/silver.js';
import { createQueue, queueClient, queueCredentials, queueRegion } from '../../test/support/queue.js';
import { isMet, type Figure, type PartResult } from './figures.js';
import { residentBytes, spreadOf } from './measure.js';
import { goldDir, landFrom, withLake, type Workbench } from './workbench.js';

const aimMs = 5_000;

/** How events come: so many a second, for a while before anything counts, and for as long as it counts. */
interface Load {
  readonly perSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const usual: Load = { perSecond: 1_000, warmUpSeconds: 40, seconds: 40 };

/** How long after it was sent an event is in gold, while a process follows a queue and the day holds many events already. */
export function fresh(bench: Workbench): Promise<PartResult> {
  return followedAll(bench, 'fresh', [bench.events, bench.events * 5], usual);
}

/** The same while the day holds ten to fifty times `--events`. */
export function curve(bench: Workbench): Promise<PartResult> {
  return followedAll(bench, 'curve', [bench.events * 10, bench.events * 25, bench.events * 50], usual, false);
}

/** The same for an hour, for the memory. */
export function soak(bench: Workbench): Promise<PartResult> {
  return followedAll(bench, 'soak', [bench.events], { perSecond: 250, warmUpSeconds: 60, seconds: 3_540 });
}

async function followedAll(bench: Workbench, part: string, days: readonly number[], load: Load, hasAim = true): Promise<PartResult> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  process.env['AWS_ACCESS_KEY_ID'] = queueCredentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = queueCredentials.secretAccessKey;
  const { perSecond, seconds } = load;
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const events of days) {
    const found = await followed(bench, events, load);
    const ratio = spreadOf([found.p99Ms / aimMs]);
    const quantity = (name: string, wallMs: number) => ({ name, events: perSecond * seconds, wallMs, cpuMs: null, peakBytes: null });
    const aim = hasAim ? { atMost: 1 } : null;
    figures.push({ part, what: `From the queue into gold, 99th percentile, ${perSecond} events a second, the day has ${events.toLocaleString('en-US')} before`, ours: quantity('Ingot', found.p99Ms), peer: quantity('aim', aimMs), ratio, cpuRatio: null, aim, met: aim === null ? null : isMet(ratio.median, aim) });
    notes.push(`${part}: with ${events.toLocaleString('en-US')} events in the day, median ${found.medianMs} ms, 99th percentile ${found.p99Ms} ms, greatest ${found.maxMs} ms over ${found.events} events; ${found.commits.join(', ')}; resident memory ${found.memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`).join(', ')} over the time`);
  }
  return { figures, notes };
}

interface Freshness {
  readonly events: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly commits: readonly string[];
  /** At each twelfth of the time. */
  readonly memory: readonly number[];
}

async function followed(bench: Workbench, events: number, load: Load): Promise<Freshness> {
  const lakeDir = join(bench.folder, `lake-fresh-${events}`);
  const today = new Date().toISOString().slice(0, 10);
  const file = join(bench.folder, `fresh-${events}.ndjson`);
  await writeLines(generateShop({ events, days: 1, seed: 5, since: today, form: 'json' }), file);
  await landFrom(lakeDir, file, bench.dataset);
  const before = await withLake(lakeDir, async (lake) => {
    await buildSilver(lake, bench.dataset);
    await buildGold(lake, bench.dataset, goldDir, null);
    return versionsOf(lake);
  });
  const server = fork(fileURLToPath(new URL('./queue-server.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  try {
    const [{ endpoint }] = (await once(server, 'message')) as [{ endpoint: string }];
    const client = queueClient(endpoint);
    await createQueue(client, 'fresh');
    client.destroy();
    const uri = `sqs://fresh?region=${queueRegion}&endpoint=${encodeURIComponent(endpoint)}`;
    const memory = await follow(uri, lakeDir, load);
    return await withLake(lakeDir, async (lake) => ({ ...(await freshness(lake, before, load.warmUpSeconds)), memory }));
  } finally {
    await ended(server);
    rmSync(lakeDir, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}

async function follow(uri: string, lakeDir: string, { perSecond, warmUpSeconds, seconds }: Load): Promise<number[]> {
  const bin = fileURLToPath(new URL('../../bin/ingot.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'run', 'shop', '--from', uri, '--follow', '--lake', lakeDir, '--memory-limit', '2GB', '--retain', '10s'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const errors: string[] = [];
  child.stderr.on('data', (data: Buffer) => errors.push(data.toString()));
  const exit = once(child, 'exit');
  const memory: number[] = [];
  const producer = fork(fileURLToPath(new URL('./fresh-producer.ts', import.meta.url)), [uri, String(perSecond), String(warmUpSeconds + seconds)], { execArgv: ['--import', 'tsx'] });
  const sent = once(producer, 'exit');
  const timer = setInterval(() => memory.push(residentBytes(child.pid ?? 0)), ((warmUpSeconds + seconds) * 1000) / 12);
  await sent;
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  child.kill('SIGINT');
  const [status] = (await exit) as [number | null];
  if (status !== 0) throw new Error(`the process that follows ended with ${status ?? 'a signal'}: ${errors.slice(-3).join('')}`);
  return memory;
}

async function versionsOf(lake: Lake): Promise<Record<'bronze' | 'silver' | 'gold', number>> {
  const version = async (layer: string, table: string): Promise<number> => (await lake.table(layer, table).snapshot())?.version ?? -1;
  return { bronze: await version('bronze', 'shop'), silver: await version('silver', 'event'), gold: await version('gold', 'session') };
}

/** When a version was there, by its log entry's time. */
function committedAtMs(lake: Lake, folder: string, version: number): number {
  return statSync(lake.storage.locate(`${logFolder(folder)}/${commitName(version)}`)).mtimeMs;
}

/** From the logs alone: when each event was sent, which version of silver has it, and when gold had that one. */
async function freshness(lake: Lake, before: Awaited<ReturnType<typeof versionsOf>>, warmUpSeconds: number): Promise<Omit<Freshness, 'memory'>> {
  const now = await versionsOf(lake);
  const gold = await goldTimes(lake, before.gold, now.gold);
  const silver: { bronze: number; version: number }[] = [];
  for (let version = before.silver + 1; version <= now.silver; version++) {
    for (const { txn } of (await lake.table('silver', 'event').log.commit(version))?.actions ?? []) if (txn?.appId === 'bronze.shop') silver.push({ bronze: txn.version, version });
  }
  const session = await lake.session();
  const ages: number[] = [];
  const startedAtMs = committedAtMs(lake, 'bronze/shop', before.bronze + 1) + warmUpSeconds * 1000;
  for (let version = before.bronze + 1; version <= now.bronze; version++) {
    const built = silver.find(({ bronze }) => bronze >= version);
    const seenAtMs = gold.find((commit) => built !== undefined && commit.silver >= built.version)?.atMs;
    const paths = ((await lake.table('bronze', 'shop').log.commit(version))?.actions ?? []).flatMap(({ add }) => (add === undefined ? [] : [lake.storage.locate(`bronze/shop/${filePath(add.path)}`)]));
    if (paths.length === 0) continue;
    if (seenAtMs === undefined) throw new Error(`version ${version} of bronze never came to gold`);
    for (const row of await session.rows('SELECT epoch_ms(sent_at) AS sent_at FROM read_parquet($paths) WHERE event_timestamp > sent_at - INTERVAL 1 MINUTE', { paths: textList(paths) })) {
      const sentAtMs = Number(row['sent_at']);
      if (sentAtMs >= startedAtMs) ages.push(seenAtMs - sentAtMs);
    }
  }
  ages.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(ages[Math.min(ages.length - 1, Math.floor(ages.length * share))] ?? NaN);
  const commits = (['bronze', 'silver', 'gold'] as const).map((layer) => `${now[layer] - before[layer]} commits of ${layer}`);
  return { events: ages.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1), commits };
}

/** The version of silver that each of gold's commits shows of the newest dates, and when. */
async function goldTimes(lake: Lake, since: number, until: number): Promise<{ silver: number; atMs: number }[]> {
  const times: { silver: number; atMs: number }[] = [];
  for (let version = since + 1; version <= until; version++) {
    for (const { txn } of (await lake.table('gold', 'session').log.commit(version))?.actions ?? []) {
      if (txn?.appId === 'ingot.fresh') times.push({ silver: txn.version, atMs: committedAtMs(lake, 'gold/session', version) });
    }
  }
  return times;
}
