import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Admin, Producer } from '@platformatic/kafka';
import { generateShop } from '../../src/generate/shop.js';
import { textList } from '../../src/lake/duckdb.js';
import { cachedKafka, KafkaBroker } from '../engines/kafka.js';
import { commands, type CommandCost } from './scale-process.js';
import { grouped, seconds, threeDigits, type ScaleResult } from './scale-table.js';
import { datasetsDir, generated, tableFiles, withLake, type Workbench } from './workbench.js';

const partitions = 8;
const batchRows = 250;
const consumerCounts = [1, 2, 4] as const;
/** Of the windows that show what commits cost: as small as those of a consumer that hardly waits. */
const smallWindowRows = '500';
const shareInSmallWindows = 5;
/** Large enough for the start of a process not to count. */
const timesEvents = 3;

/** What is in a topic. */
interface Topic {
  readonly name: string;
  readonly events: number;
  readonly bytes: number;
}

/** One topic of eight partitions by 1, 2 and 4 consumer processes of a group; then the same in small windows, which queue up at the log. */
export async function consumers(bench: Workbench): Promise<ScaleResult> {
  const libs = await cachedKafka();
  if (libs === null) return { part: 'consumers', tables: [], notes: ['Kafka is not in the cache: `npm run test:engines` puts it there; nothing was measured'] };
  const broker = await KafkaBroker.start({ properties: { 'group.initial.rebalance.delay.ms': '1000' } }, libs);
  try {
    const large = await fill(broker.address, 'large', bench.events * timesEvents);
    const small = await fill(broker.address, 'small', Math.ceil(bench.events / shareInSmallWindows));
    await drained(bench, broker, small, 1, []);
    const rows: string[][] = [];
    for (const count of consumerCounts) rows.push(speedRow([small, await drained(bench, broker, small, count, [])], [large, await drained(bench, broker, large, count, [])], count));
    const commitRows: string[][] = [];
    for (const count of consumerCounts) commitRows.push(commitRow(count, await drained(bench, broker, small, count, ['--window-rows', smallWindowRows])));
    return {
      part: 'consumers',
      tables: [
        { head: ['consumers', 'seconds', 'events a second', 'MB a second', 'CPU seconds a GB', '… without starting', 'starting, CPU seconds', 'broker, CPU seconds a GB', 'most resident, each', 'commits'], rows },
        { head: ['consumers, small windows', 'seconds', 'commits', 'commits a second', 'CPU seconds a commit'], rows: commitRows },
      ],
      notes: [
        `${grouped(large.events)} events of shop, ${grouped(large.bytes / 1e6)} MB, in ${partitions} partitions, from the start of the processes to the end of the last, a second of which is the group's own wait for its members. Small windows: ${grouped(small.events)} events with \`--window-rows ${smallWindowRows}\`, a fetch being the least that a window takes. Every record has landed once, by its topic, partition and offset`,
        `${availableParallelism()} CPUs for broker and consumers: one consumer uses more than one of them, so more of them gain nothing here and cost their starts. What carries over to more machines are the CPU seconds a GB without starting`,
      ],
    };
  } finally {
    await broker.stop();
  }
}

async function fill(address: string, name: string, events: number): Promise<Topic> {
  const options = { clientId: 'bench', bootstrapBrokers: [address] };
  const admin = new Admin(options);
  await admin.createTopics({ topics: [name], partitions, replicas: 1 });
  await admin.close();
  const producer = new Producer(options);
  let bytes = 0;
  let sent = 0;
  let batch: Buffer[] = [];
  const send = async (): Promise<void> => {
    const partition = Math.floor(sent / batchRows) % partitions;
    if (batch.length > 0) await producer.send({ messages: batch.map((value) => ({ topic: name, partition, value })), acks: 1 });
    sent += batch.length;
    batch = [];
  };
  for (const line of generateShop({ ...generated, events, form: 'json' })) {
    const value = Buffer.from(line);
    bytes += value.length;
    if (batch.push(value) === batchRows) await send();
  }
  await send();
  await producer.close();
  return { name, events, bytes };
}

let runs = 0;

/** @throws Error unless each record has landed exactly once */
async function drained(bench: Workbench, broker: KafkaBroker, topic: Topic, count: number, more: readonly string[]): Promise<CommandCost> {
  const lakeDir = join(bench.folder, `lake-consumers-${++runs}`);
  const command = ['bronze', 'shop', '--from', `kafka://${broker.address}/${topic.name}?group=scale-${runs}`, '--drain', '--lake', lakeDir, '--datasets', datasetsDir, ...more];
  const cost = await commands(Array.from({ length: count }, () => command));
  await withLake(lakeDir, async (lake) => {
    const names = ['shop', 'shop_rejected'].filter((table) => existsSync(join(lakeDir, 'bronze', table)));
    const files = await Promise.all(names.map((table) => tableFiles(lake, 'bronze', table)));
    const [row] = await (await lake.session()).rows('SELECT count(*) AS n, count(DISTINCT source || source_position) AS places FROM read_parquet($files, union_by_name = true)', { files: textList(files.flat()) });
    if (Number(row?.['n']) !== topic.events || Number(row?.['places']) !== topic.events) throw new Error(`${topic.events} records were sent: ${String(row?.['n'])} rows of ${String(row?.['places'])} places have landed`);
  });
  return cost;
}

const commitsOf = (cost: CommandCost): number => cost.printed.reduce((total, { commits }) => total + Number(commits), 0);

/** What starting costs, a process and its part in the group, is what a line through the two topics has at no bytes. */
function speedRow([small, smallCost]: readonly [Topic, CommandCost], [{ events, bytes }, cost]: readonly [Topic, CommandCost], count: number): string[] {
  const perGb = (cost.cpuMs - smallCost.cpuMs) / 1e3 / ((bytes - small.bytes) / 1e9);
  return [
    String(count), seconds(cost.wallMs), grouped((events * 1000) / cost.wallMs), threeDigits(bytes / 1e3 / cost.wallMs),
    threeDigits(cost.cpuMs / 1e3 / (bytes / 1e9)), threeDigits(perGb), threeDigits(cost.cpuMs / 1e3 - (perGb * bytes) / 1e9), threeDigits(cost.serverCpuMs / 1e3 / (bytes / 1e9)), `${grouped(cost.peakBytes / 1e6)} MB`, String(commitsOf(cost)),
  ];
}

function commitRow(count: number, cost: CommandCost): string[] {
  const commits = commitsOf(cost);
  return [String(count), seconds(cost.wallMs), String(commits), threeDigits((commits * 1000) / cost.wallMs), threeDigits(cost.cpuMs / 1e3 / commits)];
}
