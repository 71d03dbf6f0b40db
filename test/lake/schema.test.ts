import assert from 'node:assert/strict';
import { LakeError } from '../../src/errors.js';
import { columnsOf, deltaType, evolvedMetaData, metaDataOf, type TableColumn, type TableSpec } from '../../src/lake/schema.js';
import { sqlType } from '../../src/lake/types.js';

function spec(columns: readonly TableColumn[], change: Partial<TableSpec> = {}): TableSpec {
  return { layer: 'silver', table: 'event', columns, partitionBy: ['platform'], statistics: ['n'], anchor: 'silver/event', ...change };
}

const columns: TableColumn[] = [
  { name: 'n', type: 'INTEGER' },
  { name: 'amount', type: 'DECIMAL(18,4)' },
  { name: 'platform', type: 'VARCHAR' },
];

function withType(name: string, type: string): TableColumn[] {
  return columns.map((column) => (column.name === name ? { name, type } : column));
}

function unsupported(what: RegExp) {
  return (error: unknown): boolean => error instanceof LakeError && error.code === 'TABLE_UNSUPPORTED' && what.test(error.message) && error.hint !== undefined;
}

describe('a type', () => {
  for (const type of ['BIGINT', 'INTEGER', 'SMALLINT', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'DECIMAL(20,0)', 'BLOB', 'VARCHAR[]', 'BIGINT[][]', 'MAP(VARCHAR, DECIMAL(18,4)[])', 'STRUCT("key" VARCHAR, "value" STRUCT("a, b" BIGINT, "say ""(x)""" DOUBLE[]))[]']) {
    it(`goes into the log and comes back: ${type}`, () => {
      assert.equal(sqlType(deltaType(type)), type);
    });
  }

  it('of a struct is written as Delta has it', () => {
    assert.deepEqual(deltaType('STRUCT(a BIGINT, b MAP(VARCHAR, DATE))'), {
      type: 'struct',
      fields: [
        { name: 'a', type: 'long', nullable: true, metadata: {} },
        { name: 'b', type: { type: 'map', keyType: 'string', valueType: 'date', valueContainsNull: true }, nullable: true, metadata: {} },
      ],
    });
  });

  for (const type of ['TIMESTAMP', 'TIMESTAMP_NS', 'HUGEINT', 'UBIGINT', 'UUID', 'TIME', 'INTERVAL', 'FLOAT', 'TIME[]', 'STRUCT(a UUID)', 'MAP(VARCHAR, HUGEINT)']) {
    it(`that some reader takes wrongly is refused: ${type}`, () => {
      assert.throws(() => deltaType(type), unsupported(/no Delta type/));
    });
  }
});

describe('the columns of a table', () => {
  const before = metaDataOf(spec(columns), 'id', 5);

  it('stay as they are when a run has the same, in whichever order, or fewer', () => {
    assert.equal(evolvedMetaData(before, spec(columns)), null);
    assert.equal(evolvedMetaData(before, spec([...columns].reverse())), null);
    assert.equal(evolvedMetaData(before, spec(columns.slice(1))), null);
  });

  it('grow by those that a run brings, at the end', () => {
    const after = evolvedMetaData(before, spec([{ name: 'new', type: 'DATE' }, ...columns]));
    assert.ok(after);
    assert.deepEqual(columnsOf(after), [...columns, { name: 'new', type: 'DATE' }]);
    assert.equal(after.id, 'id');
    assert.equal(after.createdTime, 5);
  });

  for (const [name, type] of [['n', 'BIGINT'], ['n', 'DOUBLE'], ['amount', 'DECIMAL(20,4)']] as const) {
    it(`are widened: ${name} to ${type}, and stay so when a run brings the narrow type again`, () => {
      const after = evolvedMetaData(before, spec(withType(name, type)));
      assert.ok(after);
      assert.deepEqual(columnsOf(after), withType(name, type));
      assert.equal(evolvedMetaData(after, spec(columns)), null);
    });
  }

  for (const [name, type] of [['n', 'VARCHAR'], ['amount', 'DECIMAL(18,6)'], ['amount', 'DOUBLE'], ['platform', 'VARCHAR[]']] as const) {
    it(`do not change to what old files can not be read as: ${name} to ${type}`, () => {
      assert.throws(() => evolvedMetaData(before, spec(withType(name, type))), unsupported(new RegExp(`column ${name}`)));
    });
  }

  it('do not change from BIGINT to DOUBLE', () => {
    const long = metaDataOf(spec(withType('n', 'BIGINT')), 'id', 0);
    assert.throws(() => evolvedMetaData(long, spec(withType('n', 'DOUBLE'))), unsupported(/column n is BIGINT, not DOUBLE/));
  });

  it('do not differ by case only', () => {
    assert.throws(() => evolvedMetaData(before, spec([...columns, { name: 'N', type: 'INTEGER' }])), unsupported(/by case only/));
  });

  it('do not become other partitions', () => {
    assert.throws(() => evolvedMetaData(before, spec(columns, { partitionBy: ['n'] })), unsupported(/partitioned by platform, not by n/));
  });

  it('keep what others have written about them and about the table', () => {
    const field = (JSON.parse(before.schemaString) as { fields: { name: string }[] }).fields.map((each) => ({ ...each, metadata: { comment: 'theirs' } }));
    const theirs = { ...before, schemaString: JSON.stringify({ type: 'struct', fields: field }), configuration: { ...before.configuration, 'delta.logRetentionDuration': 'interval 1 days' } };
    assert.equal(evolvedMetaData(theirs, spec(columns)), null);
    const after = evolvedMetaData(theirs, spec([...columns, { name: 'new', type: 'DATE' }]));
    assert.ok(after);
    assert.equal(after.configuration['delta.logRetentionDuration'], 'interval 1 days');
    assert.match(after.schemaString, /theirs/);
  });

  it('get new statistics when the contract lists others', () => {
    const after = evolvedMetaData(before, spec(columns, { statistics: ['n', 'amount'] }));
    assert.equal(after?.configuration['delta.dataSkippingStatsColumns'], 'n,amount');
  });
});
