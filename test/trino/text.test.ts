import assert from 'node:assert/strict';
import { parseDurationMs } from '../../src/config.js';
import { toTrino } from '../../src/engines/trino/dialect.js';
import { bound, literal, piecesOf, positional } from '../../src/engines/trino/literal.js';
import { namedTables } from '../../src/engines/trino/names.js';
import { trinoTarget, type EngineSecrets } from '../../src/engines/trino/target.js';
import { hiveType, trinoType } from '../../src/engines/trino/types.js';

const target = (text: string, secrets: EngineSecrets = {}) => trinoTarget(text, secrets, parseDurationMs);

describe('the URL of an engine', () => {
  it('names server, user and catalog; the rest has defaults', () => {
    assert.deepEqual(target('trino://ada@trino.example/hive'), { origin: 'http://trino.example:8080', user: 'ada', password: null, token: null, catalog: 'hive', stagingCatalog: 'iceberg', schema: 'ingot', lake: null, timeoutMs: 21_600_000, mostPartitions: 100 });
    assert.deepEqual(target('trino://t:443/lake?staging=ice&schema=work&lake=local:///a/b/&timeout=30m'), { origin: 'https://t:443', user: 'ingot', password: null, token: null, catalog: 'lake', stagingCatalog: 'ice', schema: 'work', lake: 'local:///a/b', timeoutMs: 1_800_000, mostPartitions: 100 });
    assert.equal(target('trino://t:80/hive').origin, 'http://t:80');
  });

  it('goes over TLS as soon as there is a secret, which the environment may have', () => {
    assert.deepEqual([target('trino://t:8443/hive', { password: 'x' }).origin, target('trino://a:b%40c@t/hive').password, target('trino://t/hive', { token: 'j' }).token], ['https://t:8443', 'b@c', 'j']);
  });

  for (const [text, message] of [
    ['postgres://t/hive', /is no engine/], ['trino://t', /names no catalog/], ['trino://t/Hive', /Hive is no name/], ['trino://t/hive?colour=red', /no setting colour/], ['trino://t/hive?tls=maybe', /neither true nor false/],
    ['trino://a:secret@t/hive?tls=false', /never sent without TLS/], ['trino://t/hive?lake=/a', /is no URL/], ['trino://t/hive?timeout=soon', /no duration/], ['trino://t/hive?partitions=0', /no number/], ['trino://t:notaport/hive', /can't be read/],
  ] as const) {
    it(`refuses ${text}, and shows no password`, () => {
      assert.throws(() => target(text), (error: unknown) => {
        assert.deepEqual([(error as { code: string }).code, message.test((error as Error).message), (error as Error).message.includes('secret')], ['USAGE', true, false]);
        return true;
      });
    });
  }
});

describe('a statement for the engine', () => {
  it('has question marks for names, and values after USING, quoted in one place', () => {
    const statement = positional(`SELECT '$since', "$x" FROM t -- $y\nWHERE a = $since AND b IN (SELECT 1 WHERE contains($list, c)) AND d = $since`, { since: "2026'01", list: ['a', "b'c"] });
    assert.deepEqual(statement.values, ["2026'01", ['a', "b'c"], "2026'01"]);
    assert.equal(bound(statement).endsWith(`USING '2026''01', ARRAY['a', 'b''c'], '2026''01'`), true);
    assert.throws(() => positional('SELECT $other', {}), /no value for \$other/);
  });

  it('writes each kind of value as the engine reads it', () => {
    assert.deepEqual([null, true, 7, 0.1, 12345678901234567890n, [], { date: '2026-01-01' }, { instant: '2026-01-01T00:00:00.000Z' }].map(literal),
      ['NULL', 'true', '7', '1e-1', '12345678901234567890', 'CAST(ARRAY[] AS ARRAY(VARCHAR))', `DATE '2026-01-01'`, `from_iso8601_timestamp_nanos('2026-01-01T00:00:00.000Z')`]);
  });

  it('joined again from its pieces is the text', () => {
    const text = `SELECT 'it''s', "a""b" /* 'no' */ -- "none"\nFROM x`;
    assert.equal(piecesOf(text).map((piece) => piece.text).join(''), text);
    assert.deepEqual(piecesOf(text).map(({ kind }) => kind), ['code', 'text', 'code', 'name', 'code', 'comment', 'code', 'comment', 'code']);
  });
});

describe('names in a SELECT', () => {
  const selects = new Map([['silver.event', 'SELECT 1 AS a'], ['step', 'SELECT 2 AS a']]);

  it('are put before it, and keep the name that the SELECT knows them by', () => {
    assert.equal(namedTables('SELECT event.a FROM silver.event WHERE 1 = 1', selects), 'WITH ingot_silver__event AS (SELECT 1 AS a) SELECT event.a FROM ingot_silver__event AS event WHERE 1 = 1');
    assert.equal(namedTables('SELECT e.a FROM silver.event AS e JOIN Silver.Event f ON true, step', selects), 'WITH ingot_silver__event AS (SELECT 1 AS a), "step" AS (SELECT 2 AS a) SELECT e.a FROM ingot_silver__event AS e JOIN ingot_silver__event f ON true, step');
  });

  it('stand before those of its own WITH, recursive ones too', () => {
    assert.equal(namedTables('WITH x AS (SELECT * FROM step) SELECT * FROM x', selects), 'WITH "step" AS (SELECT 2 AS a), x AS (SELECT * FROM step) SELECT * FROM x');
    assert.match(namedTables('with recursive x(n) AS (SELECT 1) SELECT * FROM x, step', selects), /^WITH recursive "step" AS .*, x\(n\) AS/);
  });

  it('in texts, comments and longer names are none', () => {
    assert.equal(namedTables(`SELECT 'silver.event', t.step, silver.event_x -- step`, new Map([['silver.event', ''], ['other', '']])).trim(), `SELECT 'silver.event', t.step, silver.event_x`);
  });
});

describe('a model for the engine', () => {
  it('differs in the name of instants, the place of IGNORE NULLS and a few functions, nested ones too', () => {
    assert.equal(toTrino(`SELECT md5(a || '(' || CAST(epoch_us(b) AS VARCHAR)), CAST(c AS TIMESTAMPTZ), last_value(d IGNORE NULLS) OVER (), 'md5(x) TIMESTAMPTZ'`),
      `SELECT lower(to_hex(md5(to_utf8(a || '(' || CAST(CAST(round(to_unixtime(b) * 1E6) AS bigint) AS VARCHAR))))), CAST(c AS timestamp(6) with time zone), last_value(d) IGNORE NULLS OVER (), 'md5(x) TIMESTAMPTZ'`);
  });
});

describe('types of the engine', () => {
  it('are those of the lake’s columns, and what it has not is refused by name', () => {
    assert.deepEqual(['VARCHAR[]', 'MAP(VARCHAR, VARCHAR)', 'DECIMAL(18,4)', 'TIMESTAMP WITH TIME ZONE', 'BLOB'].map(trinoType), ['array(varchar)', 'map(varchar, varchar)', 'decimal(18, 4)', 'timestamp(6) with time zone', 'varbinary']);
    assert.equal(hiveType('TIMESTAMP WITH TIME ZONE'), 'timestamp(6)');
    assert.throws(() => trinoType('HUGEINT'), { code: 'ENGINE_FAILED', message: /HUGEINT/ });
  });
});
