/** A figure with where it is from: `docs/cost.md` shows both. */
export interface Fact {
  readonly value: number;
  readonly unit: string;
  readonly from: string;
}

function fact(value: number, unit: string, from: string): Fact {
  return { value, unit, from };
}

const list = 'list';
const pages = 'list, found in public pages of March to June 2026';

/** USD in us-east-1, on demand, without free tiers. */
export const prices = {
  fargateVcpuHour: fact(0.04048, 'a vCPU hour, Linux on x86', pages),
  fargateGibHour: fact(0.004445, 'a GiB hour of memory', pages),
  fargateDiskGibHour: fact(0.000111, 'a GiB hour of disk beyond 20', pages),
  sqsMillion: fact(0.4, 'a million requests, standard queue', pages),
  s3GbMonth: fact(0.023, 'a GB month, Standard', pages),
  s3PutThousand: fact(0.005, 'a thousand puts, copies and lists', pages),
  s3GetThousand: fact(0.0004, 'a thousand gets', pages),
  endpointHour: fact(0.01, 'an hour of an interface endpoint in one zone', pages),
  endpointGb: fact(0.01, 'a GB through an interface endpoint', pages),
  natHour: fact(0.045, 'an hour of a NAT gateway', pages),
  natGb: fact(0.045, 'a GB through a NAT gateway', pages),
  athenaTb: fact(5, 'a TB that Athena reads', list),
  transitionsThousand: fact(0.025, 'a thousand state transitions', list),
  alarm: fact(0.1, 'a metric of an alarm', list),
  dashboard: fact(3, 'a dashboard', list),
  metric: fact(0.3, 'a metric of Container Insights', list),
  logsGb: fact(0.5, 'a GB of logs taken in', list),
  key: fact(1, 'a key', list),
  keyTenThousand: fact(0.03, 'ten thousand requests to a key', list),
  nvmeHour: fact(1.373, 'an hour of i4i.4xlarge: 16 vCPUs, 128 GiB, 3.75 TB of NVMe', list),
} as const;

const benchmarks = '[benchmarks.md](benchmarks.md)';
const sizing = '[sizing.md](sizing.md)';
const generated = 'generate shop, 100,000 events';
const roles = 'counted by test/engines/cloud-roles.test.ts';

/** What was measured of Ingot. */
export const measured = {
  eventBytes: fact(1_515, 'bytes of JSON an event', generated),
  bronzeShare: fact(0.072, 'bytes of bronze for a byte of JSON', generated),
  silverShare: fact(0.063, 'bytes of silver for a byte of JSON', generated),
  goldShare: fact(0.012, 'bytes of gold for a byte of JSON', generated),
  drainCpuMs: fact(0.0969, 'CPU ms to land a message of a queue: 1,938 for 20,000', benchmarks),
  silverCpuMs: fact(0.03998, 'CPU ms of silver an event: 2,246 and 5,749 for 100,000, both forms of items alike', benchmarks),
  silverKeyCpuMs: fact(0.00035, 'CPU ms of silver for a key of a date that gets new rows: 0.35 s a million', sizing),
  goldCpuMs: fact(0.01159, 'CPU ms of gold an event of a date that is built: 1,159 for 100,000', benchmarks),
  goldSpillFactor: fact(3.2, 'times as much CPU of gold when a date does not fit into memory: 20 to 6.3', sizing),
  scratchShare: fact(1.1, 'bytes of memory and scratch files of gold for a byte of JSON of a date', sizing),
  commitPuts: fact(14, 'puts and lists of a commit of bronze in S3', roles),
  commitGets: fact(23, 'gets of a commit of bronze', roles),
  refreshPuts: fact(120, 'puts and lists of a run of silver and of gold, small ones', roles),
  refreshGets: fact(480, 'gets of a run of silver and of gold, small ones', roles),
} as const;

/** What nobody has measured. */
export const assumed = {
  realShare: fact(2, 'times as many stored bytes as made events take: real ones repeat themselves less', sizing),
  utilization: fact(0.6, 'of the cores at work', sizing),
  sqsRoundTripMs: fact(50, 'ms that a request to SQS takes; a consumer has 8 deletes of 10 messages under way', 'assumed'),
  lateDates: fact(3, 'dates before today that each run of gold builds again, for late events', sizing),
  queriesDaily: fact(200, 'queries of analysts a day', 'assumed'),
  queryShare: fact(0.1, 'of a day of silver that a query reads: its columns, of one date', 'assumed'),
  insightsMetrics: fact(40, 'metrics of Container Insights', 'assumed'),
  logsMbDaily: fact(20, 'MB of logs a day', 'assumed'),
  keyShare: fact(0.01, 'requests to the key for a request to S3, as buckets keep keys of their own', 'assumed'),
  compactedDays: fact(7, 'days that replaced versions stay; each day is compacted once', 'noncurrentDays'),
} as const;
