import { parseConfig, type InfraConfig } from '../config.js';
import { assumed, measured, prices } from './facts.js';

const gib = 2 ** 30;
const hoursMonthly = 730;
const daysMonthly = 365 / 12;
const secondsDaily = 86_400;
/** Fargate gives a task no more. */
const mostDiskGib = 200;

/** A line of the bill, a month. */
export interface Line {
  readonly service: string;
  readonly arithmetic: string;
  readonly usd: number;
}

export interface Volume {
  readonly gibDaily: number;
  /** Runs of silver and of gold a day. */
  readonly refreshesDaily: number;
}

export interface Estimate extends Volume {
  readonly messagesDaily: number;
  readonly consumers: number;
  readonly gbMonthly: { readonly stored: number };
  /** What a date of gold takes of disk at most. */
  readonly scratchGib: number;
  readonly onFargate: boolean;
  readonly lines: readonly Line[];
  readonly usd: number;
  /** What each further month of history adds to the bill of every month after it. */
  readonly usdMonthMore: number;
}

/** What a month costs that begins with an empty lake, by the stacks' own defaults but for the number of consumers. */
export function estimate(volume: Volume, eventBytes: number = measured.eventBytes.value): Estimate {
  const config = parseConfig({ dataset: 'shop', consumerTasksMost: 100 });
  const load = loadOf(volume, eventBytes);
  const lines = [
    ...queueLines(config, load), consumerLine(config, load), ...layerLines(config, load),
    ...lakeLines(load), athenaLine(load), ...networkLines(load), ...watchLines(load),
  ];
  return {
    ...volume,
    messagesDaily: load.messagesDaily,
    consumers: load.consumers,
    gbMonthly: { stored: load.storedGbDaily * daysMonthly },
    scratchGib: load.scratchGib,
    onFargate: load.scratchGib <= mostDiskGib,
    lines,
    usd: lines.reduce((total, { usd }) => total + usd, 0),
    usdMonthMore: load.storedGbDaily * daysMonthly * prices.s3GbMonth.value,
  };
}

interface Load extends Volume {
  readonly bytesDaily: number;
  readonly messagesDaily: number;
  /** On average; peaks are landed by more, for as long as they last. */
  readonly consumers: number;
  readonly commitsDaily: number;
  readonly storedGbDaily: number;
  readonly silverGbDaily: number;
  readonly scratchGib: number;
}

function loadOf(volume: Volume, eventBytes: number): Load {
  const bytesDaily = volume.gibDaily * gib;
  const messagesDaily = bytesDaily / eventBytes;
  const perSecond = messagesDaily / secondsDaily;
  const byCpu = (perSecond * measured.drainCpuMs.value) / 1000 / assumed.utilization.value;
  const byDeletes = perSecond / ((8 * 10 * 1000) / assumed.sqsRoundTripMs.value);
  const consumers = Math.max(1, Math.ceil(Math.max(byCpu, byDeletes)));
  const windowRows = parseConfig({ dataset: 'shop', consumerTasksMost: Math.max(4, consumers) }).windowRows;
  const gb = (share: number): number => (bytesDaily * share * assumed.realShare.value) / 1e9;
  return {
    ...volume,
    bytesDaily, messagesDaily, consumers,
    commitsDaily: Math.max((consumers * secondsDaily) / 60, messagesDaily / windowRows),
    storedGbDaily: gb(measured.bronzeShare.value + measured.silverShare.value + measured.goldShare.value),
    silverGbDaily: gb(measured.silverShare.value),
    scratchGib: volume.gibDaily * measured.scratchShare.value,
  };
}

function queueLines(config: InfraConfig, { messagesDaily, consumers }: Load): Line[] {
  const messages = messagesDaily * daysMonthly * 0.3;
  const polls = (consumers * config.consumerReceivers * secondsDaily * daysMonthly) / 20;
  const line = (service: string, millions: number, how: string): Line => ({ service, arithmetic: `${how} = ${number(millions)} million requests × $${prices.sqsMillion.value}`, usd: millions * prices.sqsMillion.value });
  return [
    line('SQS, messages', messages / 1e6, `${number(messagesDaily)} messages a day × ${days} × 3 requests (send, receive, delete) for 10`),
    line('SQS, empty receives at most', polls / 1e6, `${consumers} × ${config.consumerReceivers} receivers, one in 20 s`),
  ];
}

const days = '365 / 12 days';

function fargateHour(cpuUnits: number, memoryMib: number, diskGib: number): number {
  return (cpuUnits / 1024) * prices.fargateVcpuHour.value + (memoryMib / 1024) * prices.fargateGibHour.value + (diskGib - 20) * prices.fargateDiskGibHour.value;
}

function consumerLine(config: InfraConfig, { consumers }: Load): Line {
  const hour = fargateHour(config.consumerCpuUnits, config.consumerMemoryMib, config.consumerDiskGib);
  return {
    service: 'Fargate, consumers',
    arithmetic: `${consumers} × ${hoursMonthly} h × $${hour.toFixed(5)} (${config.consumerCpuUnits / 1024} vCPU, ${config.consumerMemoryMib / 1024} GiB, ${config.consumerDiskGib} GiB of disk)`,
    usd: consumers * hoursMonthly * hour,
  };
}

function layerLines(config: InfraConfig, load: Load): Line[] {
  const { messagesDaily, refreshesDaily, scratchGib } = load;
  const keys = refreshesDaily * (0.5 + assumed.lateDates.value);
  const silverS = (messagesDaily * (measured.silverCpuMs.value + keys * measured.silverKeyCpuMs.value)) / 1000;
  const built = refreshesDaily * (0.5 + 1 + assumed.lateDates.value);
  const spilled = scratchGib * gib > config.transformerMemoryMib * 2 ** 20 ? measured.goldSpillFactor.value : 1;
  const goldS = (built * messagesDaily * measured.goldCpuMs.value * spilled) / 1000;
  const transitions = refreshesDaily * daysMonthly * 8;
  const work = `${number(messagesDaily)} events × (${measured.silverCpuMs.value} ms of silver + ${keys} × ${measured.silverKeyCpuMs.value} ms of keys) = ${number(silverS)} s, and ${refreshesDaily} runs × ${built / refreshesDaily} dates × as many events × ${measured.goldCpuMs.value} ms${spilled > 1 ? ` × ${spilled}` : ''} of gold = ${number(goldS)} s of CPU a day`;
  return [
    scratchGib <= mostDiskGib ? fargateLayers(config, refreshesDaily, silverS + goldS, scratchGib, work) : machineLayers(silverS + goldS, work),
    { service: 'Step Functions', arithmetic: `${refreshesDaily} runs a day × ${days} × 8 transitions = ${number(transitions)} × $${prices.transitionsThousand.value} a thousand`, usd: (transitions / 1000) * prices.transitionsThousand.value },
  ];
}

function fargateLayers(config: InfraConfig, refreshesDaily: number, cpuSDaily: number, scratchGib: number, work: string): Line {
  const vcpus = config.transformerCpuUnits / 1024;
  const hour = fargateHour(config.transformerCpuUnits, config.transformerMemoryMib, Math.max(config.transformerDiskGib, Math.ceil(scratchGib)));
  const taskHours = ((cpuSDaily / vcpus / assumed.utilization.value + 2 * refreshesDaily * 60) / 3600) * daysMonthly;
  return { service: 'Fargate, silver and gold', arithmetic: `${work}; on ${vcpus} vCPUs, ${assumed.utilization.value} of them at work, and a minute for each of two tasks to start: ${number(taskHours)} h × $${hour.toFixed(5)}`, usd: taskHours * hour };
}

function machineLayers(cpuSDaily: number, work: string): Line {
  const machines = Math.ceil(cpuSDaily / secondsDaily / (16 * assumed.utilization.value));
  return { service: 'A machine with NVMe, silver and gold', arithmetic: `${work}, which is ${(cpuSDaily / secondsDaily).toFixed(1)} cores: ${machines} × ${hoursMonthly} h × $${prices.nvmeHour.value}`, usd: machines * hoursMonthly * prices.nvmeHour.value };
}

function lakeLines(load: Load): Line[] {
  const { commitsDaily, refreshesDaily, storedGbDaily } = load;
  const average = (storedGbDaily * daysMonthly) / 2;
  const replaced = storedGbDaily * assumed.compactedDays.value;
  const { puts, gets } = requestsOf(load);
  return [
    { service: 'S3, stored', arithmetic: `${number(storedGbDaily)} GB more each day: ${number(average)} GB on average, and ${number(replaced)} GB of replaced versions, × $${prices.s3GbMonth.value}`, usd: (average + replaced) * prices.s3GbMonth.value },
    {
      service: 'S3, requests',
      arithmetic: `${number(commitsDaily)} commits a day × (${measured.commitPuts.value} puts + ${measured.commitGets.value} gets) and ${refreshesDaily} runs × (${measured.refreshPuts.value} puts + ${measured.refreshGets.value} gets): ${number(puts)} puts, ${number(gets)} gets a month`,
      usd: (puts / 1000) * prices.s3PutThousand.value + (gets / 1000) * prices.s3GetThousand.value,
    },
  ];
}

function requestsOf({ commitsDaily, refreshesDaily }: Load): { readonly puts: number; readonly gets: number } {
  const monthly = (commit: number, refresh: number): number => (commitsDaily * commit + refreshesDaily * refresh) * daysMonthly;
  return { puts: monthly(measured.commitPuts.value, measured.refreshPuts.value), gets: monthly(measured.commitGets.value, measured.refreshGets.value) };
}

function athenaLine({ silverGbDaily }: Load): Line {
  // A query is charged for 10 MB at least.
  const gb = Math.max(silverGbDaily * assumed.queryShare.value, 0.01);
  const tb = (assumed.queriesDaily.value * daysMonthly * gb) / 1000;
  return { service: 'Athena', arithmetic: `${assumed.queriesDaily.value} queries a day × ${days} × ${number(gb)} GB = ${number(tb)} TB × $${prices.athenaTb.value}`, usd: tb * prices.athenaTb.value };
}

function networkLines({ bytesDaily }: Load): Line[] {
  const gb = (bytesDaily * daysMonthly) / 1e9;
  return [
    { service: 'Endpoints', arithmetic: `4 endpoints × 2 zones × ${hoursMonthly} h × $${prices.endpointHour.value}; S3's costs nothing`, usd: 8 * hoursMonthly * prices.endpointHour.value },
    { service: 'Endpoints, bytes', arithmetic: `${number(gb)} GB of messages × $${prices.endpointGb.value}`, usd: gb * prices.endpointGb.value },
  ];
}

function watchLines(load: Load): Line[] {
  const { puts, gets } = requestsOf(load);
  const logsGb = (assumed.logsMbDaily.value * daysMonthly) / 1000;
  const keyRequests = (puts + gets) * assumed.keyShare.value;
  return [
    { service: 'CloudWatch', arithmetic: `9 alarms and 2 of scaling, with 3 metrics each, × $${prices.alarm.value}; a dashboard, $${prices.dashboard.value}; ${assumed.insightsMetrics.value} metrics × $${prices.metric.value}; ${number(logsGb)} GB of logs × $${prices.logsGb.value}`, usd: (9 + 2 * 3) * prices.alarm.value + prices.dashboard.value + assumed.insightsMetrics.value * prices.metric.value + logsGb * prices.logsGb.value },
    { service: 'KMS', arithmetic: `a key, $${prices.key.value}, and ${number(keyRequests)} requests × $${prices.keyTenThousand.value} for ten thousand`, usd: prices.key.value + (keyRequests / 10_000) * prices.keyTenThousand.value },
  ];
}

/** Three digits that mean something, with thousands apart: 35,400 · 0.173. */
export function number(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded >= 1_000 ? rounded.toLocaleString('en-US') : String(rounded);
}
