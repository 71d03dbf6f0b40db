import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { LakeError } from '../../src/errors.js';
import { functionNames } from '../../src/dialect/bind-call.js';
import { macroNames, macrosOf } from '../../src/dialect/macros.js';
import { DialectSession } from './corpus.js';

/** Functions of Trino 476 that the dialect doesn't have. */
const missing = 'all_match_by any_value_by approx_most_frequent approx_set array_histogram array_first array_last bar bing_tile bit_count char2hexint classify color combinations concat_as cosine_similarity cosine_distance crc32 current_path date_add_months dot_product euclidean_distance evaluate_classifier_predictions features from_big_endian_32 from_big_endian_64 from_encoded_polyline from_geojson_geometry from_ieee754_32 from_ieee754_64 from_unixtime_nanos geometry_union hash_counts hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 human_readable_seconds index intersection_cardinality inverse_beta_cdf inverse_normal_cdf jaccard_index json_array_get json_object json_query kurtosis learn_classifier line_locate_point listagg_distinct luhn_check make_set_digest map_from_entries map_zip_with merge merge_set_digest multimap_from_entries murmur3 normal_cdf numeric_histogram objectid_timestamp parse_data_size parse_duration parse_presto_data_size qdigest_agg quantile_at_value rand random reduce_agg regexp_position regr_count render rgb sha512 shuffle simplify_geometry skewness spatial_partitioning split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 st_area st_contains st_distance st_point t_pdf tdigest_agg timezone_hour timezone_minute to_big_endian_32 to_big_endian_64 to_encoded_polyline to_geojson_geometry to_ieee754_32 to_ieee754_64 trim_array try_cast_as typeof uuid value_at_quantile values_at_quantiles version wilson_interval_lower wilson_interval_upper word_stem xxhash64'.split(' ');

const constructs: readonly (readonly [sql: string, named: RegExp])[] = [
  ['SHOW TABLES', /^SHOW /], ['CREATE TABLE x AS SELECT 1', /^CREATE /], ['INSERT INTO t VALUES 1', /^INSERT /], ["UNLOAD (SELECT 1) TO 's3://x'", /^UNLOAD /], ['EXPLAIN SELECT 1', /^EXPLAIN /], ['MSCK REPAIR TABLE x', /^MSCK /],
  ['SELECT k, row_number() OVER (ORDER BY k) r FROM t QUALIFY r = 1', /^QUALIFY /], ['SELECT * FROM t TABLESAMPLE BERNOULLI (10)', /^TABLESAMPLE /], ['SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A))', /^MATCH_RECOGNIZE /], ['SELECT * FROM t NATURAL JOIN t', /^NATURAL JOIN /],
  ["SELECT * FROM t FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00'", /^time travel/], ['SELECT * FROM TABLE(sequence(1, 3))', /^a table function /], ['SELECT k FROM t GROUP BY ALL', /^GROUP BY ALL /], ['SELECT CAST(k AS char(3)) FROM t', /^the type char /], ["SELECT CAST('x' AS uuid)", /^the type uuid /], ["SELECT CAST('x' AS timestamp(9))", /^timestamp\(9\) /],
  ["SELECT regexp_like(s, '(?=a)') FROM t", /^\(\?= in a pattern /], ["SELECT regexp_like(s, '(a)\\1') FROM t", /^\\1 in a pattern /], ["SELECT regexp_replace(s, 'a*', '') FROM t", /^a pattern that an empty text matches /], ['SELECT regexp_like(s, s) FROM t', /^regexp_like with a pattern that is not constant /], ["SELECT json_extract(s, '$..a') FROM t", /^the JSON path /], ["SELECT json_extract(s, '$.a[*]') FROM t", /^the JSON path /], ['SELECT json_extract_scalar(s, s) FROM t', /^json_extract_scalar with a path that is not constant /],
  ["SELECT json_value(s, 'strict $.a') FROM t", /^a strict path /], ["SELECT json_value(s, 'lax $.a' DEFAULT 1 ON EMPTY) FROM t", /^DEFAULT in json_value /], ["SELECT date_format(now(), s) FROM t", /^date_format with a format that is not constant /], ["SELECT date_parse(s, '%a %d') FROM t", /^%a in date_parse /], ["SELECT format_datetime(now(), 'ZZZ')", /^ZZZ in format_datetime /], ['SELECT now() AT TIME ZONE s FROM t', /^a time zone that is not constant /], ["SELECT now() AT TIME ZONE '+05:30'", /^the offset \+05:30 /], ["SELECT EXTRACT(timezone_hour FROM now())", /^EXTRACT of timezone_hour /],
  ["SELECT hour(IF(k > 1, now(), now() AT TIME ZONE 'Asia/Seoul')) FROM t", /^the local time of values with different time zones /], ["SELECT INTERVAL '1' DAY * 1.5", /^an interval times or by a fraction /], ["SELECT JSON '1' = JSON '1'", /^a comparison of JSON /], ["SELECT approx_percentile(k, 1, 0.5) FROM t", /^approx_percentile with weights /], ["SELECT listagg(s, ',' ON OVERFLOW TRUNCATE) WITHIN GROUP (ORDER BY s) FROM t", /^listagg with ON OVERFLOW TRUNCATE /], ['SELECT * FROM t LEFT JOIN UNNEST(ARRAY[1]) AS u(x) ON x = k', /^LEFT JOIN UNNEST with a condition /], ['SELECT CAST(CAST(1 AS real) AS varchar)', /^the text of a real /], ['SELECT CAST(ARRAY[s] AS array(varchar(3))) FROM t', /^varchar with a length within another type /], ['SELECT k FROM t WHERE k = ?', /^a \? without a name /], ["SELECT format('%x', k) FROM t", /^%x of bigint in format /],
];

/** What Trino rejects is no answer here either. */
const invalid: readonly (readonly [sql: string, message: RegExp])[] = [
  ["SELECT 1 FROM t WHERE s = 1", /varchar = integer/], ["SELECT s + 1 FROM t", /varchar \+ integer/], ['SELECT k AS m FROM t GROUP BY m', /no column m/], ['SELECT nothing FROM t', /no column nothing/], ['SELECT 1 FROM nowhere', /no table nowhere/], ["SELECT upper(k) FROM t", /upper\(bigint\)/], ['SELECT k FROM t UNION SELECT s FROM t', /UNION is bigint and varchar/], ["SELECT IF(k > 1, 'a', 2) FROM t", /no type in common/], ["SELECT DATE '2026-01-01' + INTERVAL '1' HOUR", /Cannot add hour/], ['SELECT checksum(k) = checksum(s) FROM t', /checksum/], ['SELECT k FROM t ORDER BY 3', /no column 3/], ["SELECT 'open FROM t", /not closed/], ['SELECT `k` FROM t', /backquote/], ['SELECT 1 FROM t a JOIN t b USING (k) WHERE a.k = 1', /no column a.k/],
];

describe('what the dialect athena refuses', () => {
  let session: DialectSession;

  before(async () => {
    session = await DialectSession.open();
    await session.make('t', "SELECT CAST(1 AS BIGINT) AS k, 'x' AS s");
  });

  const failure = async (sql: string): Promise<Error> => {
    try {
      await session.run(sql);
    } catch (error) {
      assert.ok(error instanceof Error);
      return error;
    }
    throw new assert.AssertionError({ message: `${sql} is answered` });
  };

  it('is each function that is not on its list, by its name and place', async () => {
    for (const name of missing.filter((each) => each !== 'json_query' && each !== 'index')) {
      const error = await failure(`SELECT ${name}(k) FROM t`);
      assert.ok(error instanceof LakeError);
      assert.equal(error.code, 'QUERY_FAILED');
      assert.match(error.message, new RegExp(`\\b${name}\\b.*line 1, column`), name);
      assert.ok(!functionNames.includes(name), name);
    }
  });

  it('is told of in docs/athena.md, which lists exactly the functions that there are', () => {
    const text = readFileSync(new URL('../../docs/athena.md', import.meta.url), 'utf8');
    const listed = /These functions:\n\n(.*)\n/.exec(text)?.[1] ?? '';
    assert.deepEqual(Array.from(listed.matchAll(/`(\w+)`/g), (match) => match[1]), functionNames);
  });

  for (const [sql, named] of constructs) {
    it(`is ${sql}`, async () => {
      const error = await failure(sql);
      assert.ok(error instanceof LakeError);
      assert.match(error.message, named);
      assert.match(error.message, /can't be had with the dialect athena \(line \d+, column \d+\)/);
      assert.ok((error.hint ?? '').length > 10);
    });
  }

  for (const [sql, message] of invalid) {
    it(`is, as Trino does, ${sql}`, async () => {
      assert.match((await failure(sql)).message, message);
    });
  }
});

describe('the macros of the dialect athena', () => {
  it('can all be made, each after those that it needs', async () => {
    const session = await DialectSession.open();
    for (const macro of macrosOf(macroNames().map((name) => `${name}()`).join(' '))) await session.connection.run(macro);
    assert.ok(macroNames().length > 80);
  });

  it('are made only where a query uses them, with those that they need', () => {
    assert.deepEqual(macrosOf('SELECT 1'), []);
    assert.deepEqual(macrosOf('SELECT tr_divide(a, b)').map((statement) => /MACRO (\w+)/.exec(statement)?.[1]), ['tr_fail', 'tr_divide']);
  });
});
