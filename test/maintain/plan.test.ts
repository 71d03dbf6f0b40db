import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Action, AddFile } from '../../src/lake/actions.js';
import { creation, type TableSpec } from '../../src/lake/schema.js';
import { Snapshot } from '../../src/lake/snapshot.js';
import { closedPartitions, openPartitions, planMerges, type Merge } from '../../src/maintain/plan.js';

const spec: TableSpec = {
  layer: 'silver', table: 'event', partitionBy: ['event_date', 'platform'], statistics: ['event_timestamp'], anchor: 'silver/event',
  columns: [{ name: 'event_timestamp', type: 'TIMESTAMP WITH TIME ZONE' }, { name: 'event_date', type: 'DATE' }, { name: 'platform', type: 'VARCHAR' }],
};

interface Shape {
  readonly size?: number;
  readonly date?: string | null;
  readonly platform?: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  readonly stats?: string;
}

function snapshotOf(shapes: readonly Shape[]): Snapshot {
  const files = shapes.map(({ size = 1000, date = '2026-01-01', platform = 'IOS', tags, stats = '{"numRecords":10}' }, index): Action => {
    const add: AddFile = { path: `f${index}`, partitionValues: { event_date: date, platform }, size, modificationTime: 0, dataChange: true, stats };
    return { add: tags === undefined ? add : { ...add, tags } };
  });
  const snapshot = Snapshot.replay(null, [{ version: 0, actions: [...creation(spec, 0), ...files] }]);
  assert.ok(snapshot !== null);
  return snapshot;
}

const closed = closedPartitions(Date.parse('2026-03-10T12:00:00Z'), 86_400_000);
const plan = (shapes: readonly Shape[], rule = closed): Merge[] => planMerges(snapshotOf(shapes), spec, rule);
const merged = (merges: readonly Merge[]): string[][] => merges.map(({ paths }) => [...paths].sort());

describe('the plan of a compaction', () => {
  it('takes two small files of a closed partition, and leaves a single one, greater ones and those of open days', () => {
    assert.deepEqual(merged(plan([{}, {}])), [['f0', 'f1']]);
    assert.deepEqual(plan([{}, { platform: 'ANDROID' }, { date: '2026-01-02' }]), []);
    assert.deepEqual(merged(plan([{}, { size: 32e6 }, { size: 31_999_999 }])), [['f0', 'f2']]);
    assert.deepEqual(merged(plan([{ date: '2026-03-08' }, { date: '2026-03-08' }, { date: '2026-03-09' }, { date: '2026-03-09' }])), [['f0', 'f1']]);
    assert.deepEqual(merged(plan([{ date: null, platform: null }, { date: null, platform: null }])), [['f0', 'f1']]);
  });

  it('calls a partition closed at the instant when its date has ended long enough ago', () => {
    const at = (now: string, olderThanMs: number): string | null => closedPartitions(Date.parse(now), olderThanMs).closedBefore;
    assert.equal(at('2026-03-10T00:00:00Z', 0), '2026-03-10');
    assert.equal(at('2026-03-09T23:59:59Z', 0), '2026-03-09');
    assert.equal(at('2026-03-10T01:00:00Z', 2 * 3_600_000), '2026-03-09');
    assert.equal(at('2026-03-10T00:00:00Z', Number.MAX_SAFE_INTEGER), '1970-01-01');
  });

  it('never merges files of different contracts, of different tables of bronze, or with other differing tags', () => {
    const of = (contract: string, bronze: string, more = {}): Shape => ({ tags: { 'ingot.contract': contract, 'ingot.bronze': bronze, ...more } });
    assert.deepEqual(plan([of('1/a', '7/1'), of('2/b', '7/1'), of('1/a', '8/1'), {}, of('1/a', '7/1', { 'ingot.backfill': 'x' })]), []);
  });

  it('keeps equal tags, and of the versions of bronze the greatest by number', () => {
    const tags = (version: number) => ({ tags: { 'ingot.contract': '1/a', 'ingot.bronze': `7/${version}` } });
    assert.deepEqual(plan([tags(9), tags(10), tags(2)]).map((merge) => merge.tags), [{ 'ingot.contract': '1/a', 'ingot.bronze': '7/10' }]);
    assert.deepEqual(plan([{}, {}]).map((merge) => merge.tags), [null]);
    assert.deepEqual(plan([{ tags: { a: 'b' } }, { tags: { a: 'b' } }]).map((merge) => merge.tags), [{ a: 'b' }]);
  });

  it('leaves files alone whose rows the log does not count', () => {
    assert.deepEqual(plan([{}, { stats: '' }, { stats: '{}' }]), []);
  });

  it('fills files up to 256 MB, with rows that are near in time, and leaves one that is left over', () => {
    const at = (hour: number): Shape => ({ size: 30e6, stats: `{"numRecords":1,"minValues":{"event_timestamp":"2026-01-01T${String(hour).padStart(2, '0')}:00:00Z"},"maxValues":{"event_timestamp":"2026-01-01T23:59:59Z"}}` });
    const merges = plan(Array.from({ length: 17 }, (_none, index) => at(16 - index)));
    assert.deepEqual(merges.map(({ paths, bytes }) => [paths, bytes]), [
      [['f16', 'f15', 'f14', 'f13', 'f12', 'f11', 'f10', 'f9'], 240e6],
      [['f8', 'f7', 'f6', 'f5', 'f4', 'f3', 'f2', 'f1'], 240e6],
    ]);
  });

  it('merges in open partitions only where a tier of sizes has 32 files', () => {
    const files = (count: number, shape: Shape): Shape[] => Array.from({ length: count }, () => shape);
    const today = { date: '2026-03-10' };
    assert.deepEqual(plan([...files(31, { ...today, size: 999_999 }), ...files(31, { ...today, size: 1e6 })], openPartitions), []);
    const merges = plan([...files(32, { ...today, size: 10 }), ...files(31, { ...today, size: 1e6 }), { ...today, size: 32e6 }], openPartitions);
    assert.deepEqual(merges.map(({ paths, rows, bytes }) => [paths.length, rows, bytes]), [[32, 320, 320]]);
    assert.deepEqual(plan(files(40, { ...today, size: 10 })), []);
  });

  it('plans each file once at most, all of one partition and with its rows, and nothing more when done', () => {
    const shape = fc.record({ size: fc.constantFrom(10, 5e6, 31e6, 40e6), date: fc.constantFrom('2026-01-01', '2026-01-02', '2026-03-10'), platform: fc.constantFrom('IOS', null), tags: fc.constantFrom({ 'ingot.bronze': '1/2' }, { 'ingot.bronze': '2/2' }) });
    fc.assert(fc.property(fc.array(shape, { maxLength: 60 }), fc.constantFrom(closed, { ...openPartitions, leastFiles: 3 }), (shapes, rule) => {
      const merges = plan(shapes, rule);
      const paths = merges.flatMap((merge) => merge.paths);
      assert.equal(new Set(paths).size, paths.length);
      for (const merge of merges) {
        assert.ok(merge.bytes <= 256e6 && merge.paths.length >= 2);
        const own = merge.paths.map((path) => shapes[Number(path.slice(1))]);
        for (const each of own) assert.deepEqual([each?.date, each?.platform], [merge.partition['event_date'], merge.partition['platform']]);
        assert.deepEqual([merge.rows, merge.bytes], [own.length * 10, own.reduce((total, each) => total + (each?.size ?? 0), 0)]);
      }
      if (rule !== closed) return;
      const after: Shape[] = [...shapes.filter((_shape, index) => !paths.includes(`f${index}`)), ...merges.map(({ bytes, partition, tags }) => ({ size: bytes, date: partition['event_date'] ?? null, platform: partition['platform'] ?? null, tags: tags ?? {} }))];
      assert.deepEqual(plan(after, rule), []);
    }), { seed: 11, numRuns: 300 });
  });
});
