-- @ n01 mine ord : daily active users and sessions by hour in Seoul
SELECT date_format(event_timestamp AT TIME ZONE 'Asia/Seoul', '%Y-%m-%d %H') AS hour_kst, count(DISTINCT user_id) AS users, count(*) AS n FROM visits WHERE event_date = DATE '2026-01-02' GROUP BY 1 ORDER BY 1
-- @ n02 mine ord : funnel by user with flags
WITH steps AS (SELECT user_id, max(IF(event_name = 'view_item_list', 1, 0)) AS s1, max(IF(event_name = 'view_item', 1, 0)) AS s2, max(IF(event_name = 'add_to_cart', 1, 0)) AS s3, max(IF(event_name = 'purchase', 1, 0)) AS s4 FROM visits GROUP BY user_id) SELECT sum(s1) AS lists, sum(s2) AS views, sum(s3) AS carts, sum(s4) AS buys, round(100.0 * sum(s4) / nullif(sum(s1), 0), 2) AS pct FROM steps
-- @ n03 mine ord : strict funnel by times
WITH v AS (SELECT user_id, min(event_timestamp) AS t FROM visits WHERE event_name = 'view_item' GROUP BY 1), p AS (SELECT s.user_id, min(s.event_timestamp) AS t FROM visits s JOIN v ON v.user_id = s.user_id AND s.event_timestamp > v.t WHERE s.event_name = 'purchase' GROUP BY 1) SELECT count(v.user_id) viewers, count(p.user_id) buyers, avg(date_diff('second', v.t, p.t)) avg_seconds FROM v LEFT JOIN p ON p.user_id = v.user_id
-- @ n04 mine ord : retention triangle
WITH d AS (SELECT DISTINCT user_id, event_date FROM visits), f AS (SELECT user_id, min(event_date) AS first_day FROM d GROUP BY user_id) SELECT f.first_day, count(DISTINCT f.user_id) AS cohort, count(DISTINCT IF(date_diff('day', f.first_day, d.event_date) = 1, d.user_id)) AS d1, count(DISTINCT CASE WHEN date_diff('day', f.first_day, d.event_date) = 3 THEN d.user_id END) AS d3, CAST(count(DISTINCT IF(date_diff('day', f.first_day, d.event_date) = 1, d.user_id)) AS double) / count(DISTINCT f.user_id) AS r1 FROM f JOIN d USING (user_id) GROUP BY f.first_day ORDER BY f.first_day
-- @ n05 mine ord : sessions by gaps of 30 minutes
WITH e AS (SELECT DISTINCT user_id, event_id, event_timestamp FROM visits WHERE event_date <= DATE '2026-01-03'), g AS (SELECT *, CASE WHEN event_timestamp - lag(event_timestamp) OVER (PARTITION BY user_id ORDER BY event_timestamp, event_id) <= INTERVAL '30' MINUTE THEN 0 ELSE 1 END AS is_new FROM e), s AS (SELECT *, sum(is_new) OVER (PARTITION BY user_id ORDER BY event_timestamp, event_id ROWS UNBOUNDED PRECEDING) AS n FROM g) SELECT user_id, n, count(*) AS events, min(event_timestamp) AS began, date_diff('second', min(event_timestamp), max(event_timestamp)) AS seconds FROM s GROUP BY user_id, n HAVING count(*) > 5 ORDER BY user_id, n
-- @ n06 mine ord : path of events as text
SELECT user_id, array_join(array_agg(event_name ORDER BY event_timestamp, event_id), ' > ') AS path FROM (SELECT DISTINCT user_id, event_id, event_name, event_timestamp FROM visits WHERE event_date = DATE '2026-01-01') GROUP BY user_id ORDER BY user_id LIMIT 40
-- @ n07 mine ord : first and last touch
SELECT user_id, min_by(item_list_id, event_timestamp) AS first_list, max_by(item_list_id, event_timestamp) AS last_list FROM (SELECT user_id, min(item_list_id) item_list_id, event_timestamp FROM visits WHERE item_list_id IS NOT NULL GROUP BY user_id, event_timestamp) GROUP BY user_id ORDER BY user_id LIMIT 50
-- @ n08 mine ord : pivot by platform
SELECT event_name, count(*) FILTER (WHERE platform = 'IOS') AS ios, count(*) FILTER (WHERE platform = 'ANDROID') AS android, count_if(platform IS NULL) AS none FROM visits GROUP BY event_name ORDER BY event_name
-- @ n09 mine ord : moving average over days
SELECT event_date, n, avg(n) OVER (ORDER BY event_date ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS m3, n - lag(n) OVER (ORDER BY event_date) AS change, round(1e2 * n / sum(n) OVER (), 1) AS share FROM (SELECT event_date, count(*) AS n FROM visits GROUP BY 1) ORDER BY 1
-- @ n10 mine ord : top three brands by platform
SELECT * FROM (SELECT platform, item_brand, count(*) AS n, rank() OVER (PARTITION BY platform ORDER BY count(*) DESC, item_brand) AS r FROM visits WHERE item_brand IS NOT NULL GROUP BY platform, item_brand) WHERE r <= 3 ORDER BY platform, r
-- @ n11 mine ord : calendar with gaps filled
SELECT c.d, coalesce(s.n, 0) AS n FROM UNNEST(sequence(DATE '2025-12-30', DATE '2026-01-09')) AS c(d) LEFT JOIN (SELECT event_date, count(DISTINCT event_id) AS n FROM visits GROUP BY event_date) s ON s.event_date = c.d ORDER BY c.d
-- @ n12 mine ord : JSON of bodies
SELECT json_extract_scalar(body, '$.event_name') AS name, count(*) AS n, min(length(body)) AS shortest, count(json_extract_scalar(body, '$.nothing.here')) AS missing FROM raw GROUP BY 1 ORDER BY 1
-- @ n13 mine ord : cleaning texts
SELECT id, lower(trim(regexp_replace(coalesce(s, 'n/a'), '[^A-Za-z0-9]+', '-'))) AS slug, upper(substr(s, 1, 1)) || lower(substr(s, 2)) AS capital, length(trim(s)) AS l FROM kinds ORDER BY id
-- @ n14 mine ord : parsing of query strings
SELECT u, url_extract_parameter(u, 'utm_source') AS src, url_extract_parameter(u, 'q') AS q, url_extract_host(u) AS h, url_extract_query(u) AS qs, url_extract_protocol(u) AS pr, url_extract_port(u) AS po, url_extract_fragment(u) AS fr FROM (VALUES 'https://shop.example/a/b?utm_source=mail&q=red+shoes%21#top', 'http://x.example:8080/', 'https://y.example/p?q=', 'mailto:someone@example.com', 'not a url') AS t(u)
-- @ n15 mine ord : buckets of prices
SELECT width_bucket(price, 0e0, 1000e0, 10) AS bucket, count(*) AS n, min(price) AS low, max(price) AS high FROM visits WHERE price IS NOT NULL GROUP BY 1 ORDER BY 1
-- @ n16 mine ord : median by window of ranks
SELECT platform, avg(price) AS median FROM (SELECT platform, price, row_number() OVER (PARTITION BY platform ORDER BY price) AS r, count(*) OVER (PARTITION BY platform) AS c FROM visits WHERE price IS NOT NULL) WHERE r IN ((c + 1) / 2, (c + 2) / 2) GROUP BY platform ORDER BY platform
-- @ n17 mine ord : money in decimals
SELECT b, sum(amt) AS total, avg(amt) AS mean, sum(amt) / count(*) AS per_row, CAST(sum(amt) * 0.19 AS decimal(14, 2)) AS tax, min(amt) AS low, max(abs(amt)) AS high FROM kinds GROUP BY b ORDER BY b
-- @ n18 mine ord : maps of counts
SELECT platform, map_agg(event_name, n) AS counts, cardinality(map_agg(event_name, n)) AS c, element_at(map_agg(event_name, n), 'purchase') AS buys FROM (SELECT platform, event_name, count(*) AS n FROM visits GROUP BY 1, 2) GROUP BY platform ORDER BY platform
-- @ n19 mine ord : elements by CROSS JOIN with ordinals and fields
SELECT id, e.name, e.score, pos FROM (SELECT id, ARRAY[CAST(ROW('a', n) AS ROW(name varchar, score integer)), CAST(ROW('b', n + 1) AS ROW(name varchar, score integer))] AS es FROM kinds WHERE id <= 8) CROSS JOIN UNNEST(es) WITH ORDINALITY AS e(name, score, pos) ORDER BY id, pos
-- @ n20 mine ord : EXISTS and a scalar subquery
SELECT f.id, (SELECT count(*) FROM kinds g WHERE g.n < f.n) AS smaller, EXISTS (SELECT 1 FROM kinds g WHERE g.id = f.id + 1 AND g.n IS NOT NULL) AS followed FROM kinds f WHERE f.id <= 20 ORDER BY f.id
-- @ n21 mine ord : TRY around a division of sums
SELECT b, TRY(sum(n) / (count(*) - count(*))) AS nothing, TRY(sum(n) / count(n)) AS mean FROM kinds GROUP BY b ORDER BY b
-- @ n22 mine ord : dates of weeks and quarters
SELECT id, dt, date_trunc('quarter', dt) AS q, week(dt) AS w, day_of_week(dt) AS dow, date_add('day', 1 - day_of_week(dt), dt) AS monday, format_datetime(CAST(dt AS timestamp), 'yyyy-MM') AS ym, date_diff('month', dt, DATE '2026-12-25') AS months FROM kinds ORDER BY id
-- @ n23 mine ord : union of kinds with a total
SELECT event_name, n FROM (SELECT event_name, count(*) AS n FROM visits GROUP BY event_name UNION ALL SELECT 'all', count(*) FROM visits) ORDER BY n DESC, event_name
-- @ n24 mine ord : self join of carts and purchases
SELECT count(*) AS pairs, count(DISTINCT c.user_id) AS users FROM visits c JOIN visits p ON p.user_id = c.user_id AND p.item_id = c.item_id AND p.event_timestamp BETWEEN c.event_timestamp AND c.event_timestamp + INTERVAL '1' DAY WHERE c.event_name = 'add_to_cart' AND p.event_name = 'purchase'
-- @ n25 mine ord : numbers as text
SELECT id, CAST(n AS varchar) || ' of ' || CAST(d AS varchar) AS t, format('%05d|%.1f|%s', id, d, s) AS f, lpad(CAST(id AS varchar), 4, '0') AS padded FROM kinds WHERE n IS NOT NULL AND d IS NOT NULL AND s IS NOT NULL ORDER BY id
-- @ n26 mine ord : percentiles of gaps
SELECT approx_percentile(gap, 0.5) AS p50, count(*) AS n FROM (SELECT date_diff('second', lag(event_timestamp) OVER (PARTITION BY user_id ORDER BY event_timestamp), event_timestamp) AS gap FROM (SELECT DISTINCT user_id, event_timestamp FROM visits)) WHERE gap IS NOT NULL
-- @ n27 mine ord : arrays of users who came on all days
SELECT cardinality(array_agg(DISTINCT event_date)) AS days, count(*) AS rows, array_max(array_agg(event_date)) AS last FROM visits GROUP BY user_id ORDER BY 1 DESC, 2 DESC, 3 LIMIT 25
-- @ n28 mine ord : grouping sets with labels
SELECT coalesce(platform, '(all)') AS platform, coalesce(CAST(event_date AS varchar), '(all)') AS day, count(*) AS n, grouping(platform, event_date) AS g FROM visits WHERE platform IS NOT NULL GROUP BY CUBE (platform, event_date) ORDER BY 4, 1, 2
-- @ n29 mine ord : unix times both ways
SELECT id, to_unixtime(from_unixtime(sec)) AS s, from_unixtime(ms / 1000) AS whole, CAST(from_unixtime(sec) AS date) AS d, date_format(from_unixtime(sec), '%Y-%m-%dT%H:%i:%sZ') AS iso, CAST(from_unixtime(sec) AS varchar) AS t FROM kinds ORDER BY id
-- @ n30 mine ord : filter and fold of arrays
SELECT id, filter(split(iso, '-'), x -> length(x) > 2) AS long, reduce(tags, '', (a, x) -> a || coalesce(x, '?'), a -> upper(a)) AS folded, transform(sequence(1, 3), i -> i * id) AS times, any_match(tags, x -> x LIKE 't%') AS m FROM kinds ORDER BY id
-- @ p01 arith ord : whole shares, and what makes them fractions
SELECT platform, count_if(event_name = 'purchase') / count(*) AS whole, 100 * count_if(event_name = 'purchase') / count(*) AS percent, CAST(count_if(event_name = 'purchase') AS double) / count(*) AS share, count_if(event_name = 'purchase') * 1.0 / count(*) AS dec FROM visits GROUP BY platform ORDER BY platform
-- @ p02 arith ord : signs of quotients and remainders
SELECT id, n / 4 AS q, n % 4 AS r, -n / 4 AS nq, mod(-n, 4) AS nr, n / 4e0 AS f, n / 4.0 AS dec, amt / 4 AS da, amt / 2.50 AS db, amt % 1.5 AS dm, amt * amt AS sq FROM kinds ORDER BY id
-- @ p03 arith ord : rounding of every kind
SELECT id, round(amt) AS a, round(amt, 1) AS b, ceil(amt) AS c, floor(amt) AS d, truncate(amt) AS e, CAST(amt AS bigint) AS f, CAST(d AS bigint) AS g, CAST(d AS decimal(10, 1)) AS h, round(d, 2) AS i, truncate(d) AS j, sign(amt) AS k FROM kinds ORDER BY id
-- @ p04 arith ord : division by zero fails
SELECT id, 100 / n FROM kinds WHERE n BETWEEN -5 AND 5 OR n = 0 UNION ALL SELECT 0, 1 / (id - id) FROM kinds
-- @ p05 arith ord : nothing is equal to NaN, or greater
SELECT id, x > 1e0 AS gt, x < 1e0 AS lt, x = x AS eq, x <> x AS ne, is_nan(x) AS nan FROM (SELECT id, (n - n) / CAST(n - n AS double) AS x FROM kinds WHERE n IS NOT NULL) ORDER BY id
-- @ p06 arith ord : an integer overflows
SELECT 2147483647 + id - id + CAST(1 AS bigint) AS fine, CAST(2147483647 AS integer) + CAST(1 AS integer) AS fails FROM kinds
-- @ p07 string ord : texts of numbers
SELECT id, CAST(d AS varchar) AS a, CAST(d * 1e10 AS varchar) AS b, CAST(d / 1e9 AS varchar) AS c, CAST(amt AS varchar) AS e, CAST(b AS varchar) AS f, CAST(ts AS varchar) AS g, CAST(dt AS varchar) AS h FROM kinds ORDER BY id
-- @ p08 string ord : cuts from both ends
SELECT id, substr(s, -3) AS a, substr(s, 0) AS b, substr(s, 2, 2) AS c, substr(s, -2, 1) AS d, reverse(s) AS e, lpad(s, 4, '.') AS f, rpad(s, 2, '.') AS g, trim(s) AS h, ltrim(s) AS i, length(s) AS l, upper(s) AS u FROM kinds ORDER BY id
-- @ p09 string ord : NULL in texts put together
SELECT id, concat(s, ':', iso) AS a, s || CAST(NULL AS varchar) AS b, concat_ws('/', s, 'z') AS c, coalesce(nullif(trim(s), ''), 'none') AS d, replace(s, 'e', '3') AS e, translate(s, 'abc', 'ABC') AS f FROM kinds ORDER BY id
-- @ p10 string ord : parts
SELECT id, split(iso, 'T') AS a, split_part(iso, '-', 3) AS b, split_part(iso, '-', 4) AS c, split(iso, '-', 2) AS d, strpos(iso, '-') AS e, strpos(iso, '-', 2) AS f, position('T' IN iso) AS g, starts_with(iso, '2026') AS h FROM kinds ORDER BY id
-- @ p11 string ord : patterns
SELECT id, regexp_like(s, '[[:upper:]]|[A-Z]') AS a, regexp_extract(iso, 'T(\d+):(\d+)', 2) AS b, regexp_extract(s, '\d+') AS c, regexp_extract_all(iso, '\d\d') AS d, regexp_replace(iso, '(\d+)-(\d+)-(\d+)', '$3.$2.$1') AS e, regexp_split(iso, '[T:]') AS f, regexp_count(iso, '0') AS g FROM kinds ORDER BY id
-- @ p12 string ord : LIKE with and without ESCAPE
SELECT id, s LIKE '%e%' AS a, s LIKE '50!%' ESCAPE '!' AS b, s LIKE '_-%' AS c, s NOT LIKE 'r%' AS d, s IN ('red', 'LAST') AS e FROM kinds ORDER BY id
-- @ p13 string ord : bytes and hashes
SELECT id, to_hex(md5(to_utf8(s))) AS a, lower(to_hex(sha256(to_utf8(iso)))) AS b, to_base64(to_utf8(s)) AS c, from_utf8(from_base64(to_base64(to_utf8(s)))) AS d, to_hex(to_utf8(s)) AS e, to_hex(sha1(to_utf8(iso))) AS f FROM kinds ORDER BY id
-- @ p14 string ord : codes in and out of URLs
SELECT id, url_encode(s) AS a, url_decode(url_encode(s)) AS b, url_extract_parameter(concat('https://h.example/p?k=', url_encode(s), '&z=1'), 'k') AS c, url_extract_path(concat('https://h.example/a%20b/', CAST(id AS varchar), '?x')) AS d FROM kinds ORDER BY id
-- @ p15 date ord : parts of times
SELECT id, year(ts) AS a, quarter(ts) AS b, month(dt) AS c, week(dt) AS d, day_of_week(dt) AS e, day_of_year(ts) AS f, year_of_week(dt) AS g, hour(ts) AS h, minute(ts) AS i, second(ts) AS j, millisecond(ts) AS k, extract(year FROM dt) AS l, extract(doy FROM dt) AS m FROM kinds ORDER BY id
-- @ p16 date ord : units that have passed
SELECT id, date_diff('day', ts, TIMESTAMP '2026-03-01 12:00:00') AS a, date_diff('month', dt, DATE '2026-03-31') AS b, date_diff('week', ts, TIMESTAMP '2026-03-01 12:00:00') AS c, date_diff('year', dt, DATE '2028-02-29') AS d, date_diff('quarter', dt, DATE '2026-12-31') AS e, date_diff('minute', TIMESTAMP '2026-03-01 12:00:30', ts) AS f, date_diff('millisecond', ts, TIMESTAMP '2026-01-01 00:00:00') AS g FROM kinds ORDER BY id
-- @ p17 date ord : sums of dates
SELECT id, date_add('month', 1, dt) AS a, date_add('quarter', -1, ts) AS b, date_add('year', 1, dt) AS c, dt + INTERVAL '1' YEAR AS d, ts - INTERVAL '2' HOUR AS e, ts + INTERVAL '1 12:30' DAY TO MINUTE AS f, last_day_of_month(dt) AS g, dt - INTERVAL '3' MONTH AS h FROM kinds ORDER BY id
-- @ p18 date ord : clocks of other places
SELECT id, date_format(ts AT TIME ZONE 'America/New_York', '%Y-%m-%d %H:%i') AS a, hour(from_unixtime(sec) AT TIME ZONE 'Asia/Kolkata') AS b, CAST(from_unixtime(sec, 'Europe/Berlin') AS timestamp) AS c, date_trunc('day', from_unixtime(sec) AT TIME ZONE 'Asia/Seoul') AS d, with_timezone(ts, 'America/Bogota') AS e, CAST(with_timezone(ts, 'America/Bogota') AS varchar) AS f FROM kinds ORDER BY id
-- @ p19 date ord : formats
SELECT id, date_format(ts, '%d.%m.%Y %T') AS a, date_format(dt, '%a %e %b %y') AS b, date_format(ts, '%l:%i %p, %W, day %j') AS c, format_datetime(ts, 'EEEE d MMM yyyy HH:mm:ss.SSS') AS d, to_iso8601(ts) AS e, to_iso8601(dt) AS f, date_format(ts, '%v %x') AS g FROM kinds ORDER BY id
-- @ p20 date ord : texts read as times
SELECT id, from_iso8601_timestamp(iso) AS a, CAST(substr(iso, 1, 10) AS date) AS b, date_parse(substr(iso, 1, 10), '%Y-%m-%d') AS c, CAST(replace(substr(iso, 1, 19), 'T', ' ') AS timestamp) AS d, parse_datetime(substr(iso, 1, 10), 'yyyy-MM-dd') AS e, TRY_CAST(s AS date) AS f, TRY(date_parse(s, '%Y')) AS g, date(substr(iso, 1, 10)) AS h FROM kinds ORDER BY id
-- @ p21 date ord : a text is no date
SELECT count(*) FROM kinds WHERE substr(iso, 1, 10) > DATE '2026-02-01'
-- @ p22 date ord : a date has no hours
SELECT date_trunc('hour', dt) FROM kinds
-- @ p23 array ord : members of arrays
SELECT id, contains(tags, 'q') AS a, array_position(tags, 'q') AS b, element_at(tags, 2) AS c, element_at(tags, -1) AS d, element_at(tags, 7) AS e, cardinality(tags) AS f, array_sort(tags) AS g, array_distinct(tags || tags) AS h, array_remove(tags, 'q') AS i, array_max(tags) AS j FROM kinds ORDER BY id
-- @ p24 array ord : sets
SELECT id, array_sort(array_union(tags, ARRAY['q', 'x1'])) AS a, array_sort(array_intersect(tags, ARRAY['q', 'x1'])) AS b, array_sort(array_except(tags, ARRAY['q'])) AS c, arrays_overlap(tags, ARRAY['x1', 'y2']) AS d, slice(tags, 2, 2) AS e, slice(tags, -2, 1) AS f, reverse(tags) AS g, flatten(ARRAY[tags, ARRAY['w']]) AS h FROM kinds ORDER BY id
-- @ p25 array ord : no element at this place
SELECT tags[4] FROM kinds WHERE cardinality(tags) = 3
-- @ p26 array ord : lambdas within lambdas
SELECT id, transform(sequence(1, 3), x -> reduce(sequence(1, x), 0, (s, y) -> s + y, s -> s * id)) AS a, filter(ARRAY[1, 2, 3, NULL], x -> x > n % 3) AS b, zip_with(ARRAY[1, 2, 3], ARRAY['a', 'b'], (x, y) -> concat(CAST(x AS varchar), coalesce(y, '?'))) AS c, all_match(ARRAY[n, 1], x -> x > 0) AS d, none_match(tags, x -> x = 'zz') AS e, array_sort(ARRAY['bb', 'a', 'ccc'], (x, y) -> IF(length(x) > length(y), -1, IF(length(x) = length(y), 0, 1))) AS f FROM kinds WHERE n IS NOT NULL ORDER BY id
-- @ p27 array ord : maps
SELECT id, map_keys(attrs) AS a, element_at(attrs, 'k') AS b, cardinality(attrs) AS c, transform_values(attrs, (k, v) -> v * 10) AS d, map_filter(attrs, (k, v) -> v > 3) AS e, map_concat(attrs, MAP(ARRAY['z'], ARRAY[0])) AS f, map_values(transform_keys(attrs, (k, v) -> upper(k))) AS g FROM kinds ORDER BY id
-- @ p28 array ord : rows of elements, kept where there are none
SELECT k.id, t, o FROM kinds k LEFT JOIN UNNEST(k.tags) WITH ORDINALITY AS u(t, o) ON TRUE ORDER BY k.id, o
-- @ p29 array ord : several arrays side by side
SELECT id, x, y, o FROM kinds CROSS JOIN UNNEST(tags, split(iso, '-')) WITH ORDINALITY AS u(x, y, o) ORDER BY id, o
-- @ p30 array ord : aggregates over elements
SELECT k.id, count_if(t LIKE 'x%') AS xs, array_agg(t ORDER BY t DESC) AS sorted FROM kinds k CROSS JOIN UNNEST(tags) AS u(t) GROUP BY k.id ORDER BY k.id
-- @ p31 json ord : scalars of JSON
SELECT id, json_extract_scalar(js, '$.a') AS a, json_extract_scalar(js, '$.b.c') AS b, json_extract_scalar(js, '$.items[0].price') AS c, json_extract_scalar(js, '$.b') AS d, json_extract_scalar(js, '$["ok"]') AS e, json_extract_scalar(js, '$.b.n') AS f, CAST(json_extract_scalar(js, '$.items[1].price') AS double) * 2 AS g FROM kinds WHERE js <> '{broken' ORDER BY id
-- @ p32 json ord : JSON as rows
SELECT k.id, i.sku, i.qty, i.price FROM kinds k CROSS JOIN UNNEST(CAST(json_extract(k.js, '$.items') AS ARRAY(ROW(sku varchar, qty integer, price decimal(6, 2))))) AS i(sku, qty, price) WHERE k.js <> '{broken' ORDER BY 1, 2
-- @ p33 json ord : parameters of events as rows
SELECT p.key, count(*) AS n, max(json_extract_scalar(p.value, '$.string_value')) AS s, max(CAST(json_extract_scalar(p.value, '$.int_value') AS bigint)) AS i FROM raw CROSS JOIN UNNEST(CAST(json_extract(body, '$.params') AS ARRAY(ROW(key varchar, value json)))) AS p(key, value) GROUP BY p.key ORDER BY p.key
-- @ p34 json ord : what is no JSON
SELECT event_name, count(json_extract_scalar(body, '$.user_id')) AS read, count(*) AS n, count_if(TRY(json_parse(body)) IS NULL) AS bad, sum(CAST(json_extract_scalar(body, '$.amount') AS double)) AS amount FROM raw GROUP BY event_name ORDER BY event_name
-- @ p35 json ord : JSON made of values
SELECT id, json_format(CAST(attrs AS json)) AS a, json_format(CAST(tags AS json)) AS b, json_format(CAST(s AS json)) AS c, json_format(CAST(ARRAY[amt] AS json)) AS d, json_format(CAST(addr AS json)) AS e FROM kinds ORDER BY id
-- @ p36 json ord : sizes and members
SELECT id, json_array_length(json_extract(js, '$.arr')) AS a, json_size(js, '$.b') AS b, json_array_contains(json_extract(js, '$.arr'), 3) AS c, CAST(json_extract(js, '$.arr') AS array(bigint)) AS d, CAST(json_parse('{"x":1,"y":2}') AS map(varchar, bigint)) AS e, json_value(js, 'lax $.b.c') AS f, json_exists(js, 'lax $.b.z') AS g FROM kinds WHERE js <> '{broken' ORDER BY id
-- @ p37 json ord : a parse that fails
SELECT json_parse(js) FROM kinds
-- @ p38 agg ord : aggregates of little
SELECT b, count(*) AS a, count(n) AS c, sum(n) AS s, avg(n) AS m, min(s) AS lo, max(dt) AS hi, stddev(n) AS sd, variance(d) AS v, bool_or(n > 30) AS o, every(id >= 0) AS e, sum(amt) AS sa, avg(amt) AS ma FROM kinds GROUP BY b ORDER BY b
-- @ p39 agg ord : nothing to aggregate
SELECT count(*) AS a, sum(n) AS b, avg(amt) AS c, max(s) AS d, array_agg(n) AS e, map_agg(id, s) AS f, listagg(s, ',') WITHIN GROUP (ORDER BY s) AS g, histogram(s) AS h FROM kinds WHERE id < 0
-- @ p40 agg ord : lists in order
SELECT b, array_agg(s ORDER BY s, id) AS a, array_agg(DISTINCT n % 3 ORDER BY n % 3) AS c, listagg(s, '|') WITHIN GROUP (ORDER BY id DESC) AS d, array_agg(id ORDER BY id) FILTER (WHERE n > 0) AS e FROM kinds GROUP BY b ORDER BY b
-- @ p41 agg ord : values at the least and the greatest
SELECT b, min_by(s, id) AS a, max_by(s, id) AS c, max_by(id, n) AS d, min_by(id, amt, 2) AS e, max(n, 3) AS f, arbitrary(b) AS g, histogram(addr.city) AS h, multimap_agg(addr.city, id) FILTER (WHERE id < 7) AS i FROM kinds GROUP BY b ORDER BY b
-- @ p42 agg ord : rollup of days and platforms
SELECT event_date, platform, grouping(event_date, platform) AS g, count(*) AS n, count(DISTINCT user_id) AS u FROM visits GROUP BY ROLLUP (event_date, platform) ORDER BY 1, 3, 2
-- @ p43 agg - : approximate ones
SELECT event_name, approx_distinct(user_id) AS u FROM visits GROUP BY event_name
-- @ p44 window ord : neighbours
SELECT id, lag(s) OVER (ORDER BY id) AS a, lead(n, 2, 0) OVER (ORDER BY id) AS b, lag(n) IGNORE NULLS OVER (ORDER BY id) AS c, first_value(id) OVER (PARTITION BY b ORDER BY n, id) AS d, last_value(id) OVER (PARTITION BY b ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS e, nth_value(s, 3) OVER (ORDER BY id) AS f FROM kinds ORDER BY id
-- @ p45 window ord : ranks with ties and NULL
SELECT id, row_number() OVER (ORDER BY n DESC NULLS FIRST, id) AS a, rank() OVER (ORDER BY b) AS r, dense_rank() OVER (PARTITION BY b ORDER BY n % 5) AS d, ntile(3) OVER (ORDER BY id DESC) AS t, percent_rank() OVER (ORDER BY n, id) AS p, cume_dist() OVER (ORDER BY b) AS c FROM kinds ORDER BY id
-- @ p46 window ord : frames
SELECT id, sum(n) OVER w AS a, avg(amt) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING) AS m, count(*) OVER (ORDER BY dt RANGE BETWEEN INTERVAL '10' DAY PRECEDING AND CURRENT ROW) AS c, max(n) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING) AS x, sum(id) OVER (ORDER BY id RANGE BETWEEN 5 PRECEDING AND 5 FOLLOWING) AS r FROM kinds WHERE dt IS NOT NULL WINDOW w AS (PARTITION BY b ORDER BY id) ORDER BY id
-- @ p47 set ord : rows of both, of one, of none
SELECT user_id FROM visits WHERE event_name = 'purchase' AND event_date = DATE '2026-01-01' INTERSECT SELECT user_id FROM visits WHERE event_date = DATE '2026-01-02' EXCEPT SELECT user_id FROM visits WHERE platform IS NULL ORDER BY 1
-- @ p48 set ord : full join with USING
SELECT id, l.s AS left_s, r.n AS right_n FROM (SELECT id, s FROM kinds WHERE id < 5) l FULL JOIN (SELECT id, n FROM kinds WHERE id BETWEEN 3 AND 7) r USING (id) ORDER BY id
-- @ p49 set ord : NOT IN with NULL, ANY and ALL
SELECT id, id NOT IN (SELECT n FROM kinds) AS a, n > ALL (SELECT n FROM kinds WHERE id < 3) AS c, n = ANY (SELECT id FROM kinds WHERE id < 30) AS d FROM kinds ORDER BY id
-- @ p50 set ord : a query that names itself
WITH RECURSIVE days(d, k) AS (SELECT DATE '2026-01-29', 1 UNION ALL SELECT date_add('day', 1, d), k + 1 FROM days WHERE k < 6) SELECT d, k, day_of_week(d) AS w FROM days ORDER BY k
-- @ p51 set ord : VALUES of mixed numbers
SELECT x, x / 2 AS h FROM (VALUES 1, 2.5, 3) AS t(x) ORDER BY x
-- @ p52 set set : ties come too
SELECT id % 4 AS k, count(*) AS n FROM kinds WHERE id < 9 GROUP BY id % 4 ORDER BY n FETCH FIRST 2 ROWS WITH TIES
-- @ p53 set ord : LATERAL and row values
SELECT k.id, l.x, l.r FROM kinds k CROSS JOIN LATERAL (SELECT k.n * 2 AS x, CAST(ROW(k.id, k.s) AS ROW(i bigint, t varchar)) AS r) l WHERE k.id < 10 ORDER BY k.id
-- @ p54 set ord : an alias is no column yet
SELECT n + 1 AS m FROM kinds WHERE m > 3
-- @ p55 set ord : TRY and IF of every kind
SELECT id, TRY(10 / n) AS a, TRY(CAST(s AS bigint)) AS b, TRY_CAST(s AS double) AS c, IF(n > 0, 'up', 'down') AS d, IF(n > 0, n) AS e, CASE WHEN n IS NULL THEN 'null' WHEN n < 0 THEN 'less' ELSE 'more' END AS f, coalesce(n, id, 0) AS g, nullif(n, 13) AS h, TRY(coalesce(1 / (n - n), 7)) AS i FROM kinds ORDER BY id
-- @ p56 set ord : greatest, least, distinct from
SELECT id, greatest(n, 3, id) AS a, least(s, 'm') AS b, n IS DISTINCT FROM 13 AS c, n IS NOT DISTINCT FROM NULL AS d, n BETWEEN 0 AND 20 AS e, NOT (n > 0) AS f, b OR n > 0 AS g FROM kinds ORDER BY id
-- @ p57 set ord : order by what is not selected, and by an alias in a sum
SELECT id, n AS k FROM kinds ORDER BY abs(k) DESC, dt, id LIMIT 12
-- @ p58 set ord : cohort of weeks with shares
WITH f AS (SELECT user_id, date_trunc('week', min(event_timestamp)) AS w FROM visits GROUP BY user_id), a AS (SELECT DISTINCT v.user_id, f.w, date_diff('day', CAST(f.w AS date), v.event_date) AS d FROM visits v JOIN f ON f.user_id = v.user_id) SELECT CAST(w AS date) AS week, d, count(*) AS users, round(1e0 * count(*) / max(count(*)) OVER (PARTITION BY w), 3) AS share FROM a GROUP BY w, d ORDER BY 1, 2
-- @ p59 set ord : revenue by day with the day before
SELECT d, revenue, prev, round((revenue - prev) / nullif(prev, 0) * 100, 1) AS change FROM (SELECT event_date AS d, sum(price * quantity) AS revenue, lag(sum(price * quantity)) OVER (ORDER BY event_date) AS prev FROM visits WHERE event_name = 'purchase' GROUP BY event_date) ORDER BY d
-- @ p60 set ord : baskets of pairs
SELECT a.item_category AS x, b.item_category AS y, count(DISTINCT a.event_id) AS n FROM visits a JOIN visits b ON a.event_id = b.event_id AND a.item_category < b.item_category WHERE a.event_name = 'purchase' GROUP BY 1, 2 ORDER BY n DESC, 1, 2
-- @ p61 string ord : groups that are absent
SELECT id, regexp_extract(iso, '(\d+)-(x)?', 2) AS a, regexp_extract(iso, '(T)(\d)', 2) AS b, regexp_replace(s, '\s+', '_') AS c, regexp_like(s, '^\s') AS d, regexp_extract(s, '[a-z]+') AS e FROM kinds ORDER BY id
-- @ p62 agg ord : correlations of one row and of many
SELECT b, corr(d, id) AS a, regr_slope(d, id) AS r, covar_samp(d, id) AS c, geometric_mean(id + 1) AS g FROM kinds GROUP BY b UNION ALL SELECT NULL, corr(d, id), regr_slope(d, id), covar_samp(d, id), geometric_mean(id) FROM kinds WHERE id = 1 ORDER BY 1
-- @ q01 edge ord : casts to shorter texts
SELECT CAST('abcdef' AS varchar(3)) a, CAST(12345 AS varchar(5)) b, CAST(1.5 AS real) c, CAST(CAST(1.1 AS real) AS double) d, typeof_missing FROM (SELECT 1 typeof_missing)
-- @ q02 edge ord : dates and timestamps compared
SELECT id FROM kinds WHERE ts >= DATE '2026-02-01' AND ts < TIMESTAMP '2026-03-01 00:00:00' AND dt < TIMESTAMP '2026-03-10 12:00:00' ORDER BY id
-- @ q03 edge ord : numbers of several types compared
SELECT n IN (1, 13.0, 24e0) a, id IN (1, 2.5) b, amt = 3 c, d > amt e, n <> 1.5 f FROM kinds ORDER BY id
-- @ q04 edge ord : days over a change of the clock
SELECT date_diff('hour', from_unixtime(sec), from_unixtime(sec + 7199, 'Asia/Seoul')) a, date_diff('day', with_timezone(ts, 'America/New_York'), TIMESTAMP '2026-03-01 00:00:00 America/New_York') b, date_add('day', 1, with_timezone(TIMESTAMP '2026-03-07 12:00:00', 'America/New_York')) c, date_add('hour', 24, with_timezone(TIMESTAMP '2026-03-07 12:00:00', 'America/New_York')) e, with_timezone(TIMESTAMP '2026-03-07 12:00:00', 'America/New_York') + INTERVAL '1' DAY f FROM kinds ORDER BY id
-- @ q05 edge ord : aggregates over windows
SELECT id, avg(amt) OVER (PARTITION BY b ORDER BY id) a, sum(amt) OVER (ORDER BY id) s, max_by(s, id) OVER (PARTITION BY b ORDER BY id) m, array_agg(n) OVER (ORDER BY id ROWS 1 PRECEDING) l, count_if(n > 0) OVER (ORDER BY id) c FROM kinds ORDER BY id
-- @ q07 edge ord : rows
SELECT CAST(row(1, 'a') AS row(x integer, y varchar)).y a, ROW(1, 2) = ROW(1, 2) b, ROW(1, 2) IN (ROW(1, 2), ROW(3, 4)) c, (1, 'x') = (1, 'y') d
-- @ q08 edge ord : windows over aggregates
SELECT id, sum(sum(n)) OVER (ORDER BY id) r, rank() OVER (ORDER BY sum(n) DESC NULLS LAST) k FROM kinds GROUP BY id ORDER BY id
-- @ q09 edge ord : distinct rows by an alias
SELECT DISTINCT b, n % 3 AS k FROM kinds ORDER BY k DESC NULLS FIRST, b
-- @ q10 edge ord : filters of aggregates
SELECT approx_distinct(s) > 0 a, max(n) FILTER (WHERE b) m, min(ts) t, sum(d) FILTER (WHERE n > 1000) z, count(DISTINCT (b, n % 2)) c FROM kinds
-- @ q11 edge ord : a double divided by zero
SELECT d / 0 a FROM kinds WHERE id = 1
-- @ q12 edge ord : a decimal divided by zero
SELECT amt / 0 a FROM kinds WHERE id = 1
-- @ q13 edge ord : arithmetic of mixed numbers
SELECT id, d / n q, d / nullif(n, 0) r, n / d s, CAST(n AS double) / 3 t, n * 1.5 u, n + 0.5 v, n - amt w FROM kinds WHERE n <> 0 ORDER BY id
-- @ q14 edge ord : differences of extremes
SELECT max(dt) - min(dt) a, max(ts) - INTERVAL '1' DAY b, date_diff('day', min(dt), max(dt)) c FROM kinds
-- @ q15 edge ord : branches of several types
SELECT id, CASE WHEN n > 0 THEN 1 ELSE 2.5 END a, coalesce(n, 1.5) b, IF(b, dt, ts) c, nullif(n, 13.0) e, coalesce(amt, d) f FROM kinds ORDER BY id
-- @ q16 edge ord : an outer join with two conditions
SELECT a.id, b.id FROM kinds a LEFT JOIN kinds b ON a.n = b.id AND b.n > 0 WHERE a.id < 12 ORDER BY 1, 2
-- @ q17 edge ord : a star of one table
SELECT k.*, 1 AS one FROM (SELECT id, s FROM kinds) k WHERE k.id < 5 ORDER BY k.id
-- @ q18 edge ord : a correlated mean
SELECT id FROM kinds k WHERE n > (SELECT avg(n) FROM kinds j WHERE j.b = k.b) ORDER BY id
-- @ q19 edge ord : members of maps and rows
SELECT id, attrs['k'] a, TRY(attrs['zz']) b, addr.zip c FROM kinds WHERE attrs IS NOT NULL ORDER BY id
-- @ q20 edge ord : no such key
SELECT attrs['zz'] FROM kinds WHERE attrs IS NOT NULL
-- @ q21 edge ord : parts of JSON
SELECT json_extract(js, '$.items[0]') a, json_extract(js, '$.b.n') b, json_format(json_extract(js, '$.arr')) c, json_extract_scalar(json_extract(js, '$.b'), '$.c') d, CAST(json_extract(js, '$') AS map(varchar, json)) IS NULL e FROM kinds WHERE js <> '{broken' ORDER BY id
-- @ q22 edge ord : JSON as rows and maps
SELECT CAST(json_extract(js, '$.b') AS ROW(c varchar, n integer)) a, CAST(json_extract(js, '$.a') AS varchar) b, CAST(json_extract(js, '$.ok') AS boolean) c, CAST(json_extract(js, '$.items') AS array(map(varchar, varchar))) d FROM kinds WHERE js <> '{broken' ORDER BY id
-- @ q23 edge ord : an object is no text
SELECT CAST(json_extract(js, '$.b') AS varchar) FROM kinds WHERE id = 1
-- @ q24 edge ord : formats of clocks
SELECT date_format(ts, '%Y-%m-%d %h:%i:%s %p') a, date_format(TIMESTAMP '2026-01-05 00:05:00', '%k|%l|%c|%e|%I|%r') b, format_datetime(ts, 'yyyy/M/d H:m:s a') c, date_format(ts, '100%% %Y') d FROM kinds ORDER BY id
-- @ q25 edge ord : precisions and zones of timestamps
SELECT CAST(TIMESTAMP '2026-01-01 10:00:00.123456' AS timestamp(3)) a, CAST(TIMESTAMP '2026-01-01 10:00:00.9996' AS timestamp(3)) b, CAST(TIMESTAMP '2026-01-01 10:00:00' AS varchar) c, TIMESTAMP '2026-01-01 10:00:00 +09:00' d, CAST(TIMESTAMP '2026-01-01 10:00:00 Asia/Seoul' AS varchar) e, CAST('2026-01-01 10:00:00.5' AS timestamp) f, DATE '2026-01-01' = TIMESTAMP '2026-01-01 00:00:00' g
-- @ q26 edge ord : rounding to digits
SELECT round(1234.5678, -2) a, round(1234.5678e0, -2) b, round(15, -1) c, ceil(-1.5) e, floor(-1.5e0) f, mod(5.5, 2) g, 10 % 3.5 h, power(2, 0.5) i, abs(-2.5) j, sign(-3) k
-- @ q27 edge ord : literals of decimals
SELECT 0.1 + 0.2 a, 1.0 * 3 b, 10.00 / 3 c, 1 / 3.0 d, -1.005 * 100 e, 12345678901234567890.5 + 1 f, 2 * 0.5 g, 1e-7 h, CAST(1e-7 AS varchar) i, CAST(123456789.123e0 AS varchar) j
-- @ q28 edge ord : texts and arrays at their edges
SELECT strpos('abcabc', 'c', 2) a, split('a,b,,c', ',') b, split_part('', ',', 1) c, regexp_split('a1b22c', '\d+') d, concat(ARRAY[1], ARRAY[2, 3]) e, array_join(ARRAY[1, NULL, 3], ',') f, array_join(ARRAY[1.5e0, 2e0], ',') g, reverse('abc') h, chr(8364) i, codepoint('€') j, substr('héllo', 2, 3) k, lpad('x', 3, 'ab') l, upper('straße') m
-- @ q30 edge ord : VALUES with NULL
SELECT * FROM (VALUES (1, 'a', NULL), (2, NULL, 2.5)) AS t(a, b, c) ORDER BY a
-- @ q31 edge ord : a map as rows
SELECT x, y FROM UNNEST(MAP(ARRAY['b', 'a'], ARRAY[1, 2])) AS t(x, y) ORDER BY x
-- @ q32 edge ord : sequences
SELECT sequence(DATE '2026-01-31', DATE '2026-05-31', INTERVAL '1' MONTH) a, sequence(TIMESTAMP '2026-01-01 00:00:00', TIMESTAMP '2026-01-01 03:00:00', INTERVAL '1' HOUR) b, sequence(5, 1) c
-- @ q33 edge ord : NULL in conditions
SELECT count(*) FROM kinds WHERE NOT (n > 3 OR s IS NULL) AND (b OR d < 1.5) AND s NOT IN ('red', 'LAST')
-- @ q34 edge ord : the row before
SELECT id, lag(dt) OVER (ORDER BY id) a, date_diff('day', lag(dt) OVER (ORDER BY id), dt) b, first_value(ts) IGNORE NULLS OVER (ORDER BY id) c FROM kinds ORDER BY id
-- @ q35 edge ord : unix and ISO times
SELECT from_unixtime(1767225600.5) a, from_unixtime(0) b, to_unixtime(TIMESTAMP '2026-01-01 00:00:00.123') c, from_iso8601_timestamp('2026-01-01T10:00:00+09:00') d, from_iso8601_timestamp('2026-01-01') e, to_iso8601(TIMESTAMP '2026-01-01 00:00:00.5') f, date(TIMESTAMP '2026-01-01 23:00:00 America/New_York') g, hour(TIMESTAMP '2026-01-01 23:00:00 America/New_York') h
-- @ q36 edge ord : arrays with NULL
SELECT slice(ARRAY[1, 2, 3], 5, 1) a, ARRAY[] b, cardinality(ARRAY[]) c, ARRAY[1, 2.5] d, contains(ARRAY[1, NULL], 2) e, array_position(ARRAY[1, NULL], 3) f, element_at(ARRAY[1], 5) g, array_max(ARRAY[1, NULL]) h, array_union(ARRAY[1, NULL], ARRAY[NULL, 2]) i, array_sort(ARRAY[3, NULL, 1]) j, arrays_overlap(ARRAY[1, NULL], ARRAY[2]) k
-- @ q37 edge ord : maps at their edges
SELECT CAST(MAP(ARRAY['a'], ARRAY[1]) AS map(varchar, bigint)) a, MAP(ARRAY[1, 2], ARRAY['x', 'y'])[2] b, map_concat(MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['a'], ARRAY[2])) c, map_entries(MAP(ARRAY['a'], ARRAY[1])) d, split_to_map('', ',', '=') e, MAP() f
-- @ q38 edge ord : order and cuts of texts
SELECT 'a' || CAST(1 AS varchar) || 'b' a, concat('x', 'y', 'z') b, '50' < '6' c, 'Z' < 'a' d, 'é' > 'z' e, greatest('a', 'B') f, trim(BOTH 'x' FROM 'xxaxx') g, trim(TRAILING FROM 'a  ') h, position('b' IN 'abc') i, substring('hello' FROM 2 FOR 2) j
-- @ q39 edge ord : queries on queries
WITH a AS (SELECT id, n FROM kinds), b AS (SELECT id, n * 2 AS n2 FROM a WHERE n > 0), c AS (SELECT b.id, a.n, n2 FROM a JOIN b ON a.id = b.id) SELECT count(*) k, sum(n2 - n) s FROM c
-- @ q40 edge ord : HAVING
SELECT b, count(*) c FROM kinds GROUP BY 1 HAVING count(*) > 5 AND b IN (true, false) ORDER BY count(*) DESC, b
-- @ q41 edge ord : a number too long for a text
SELECT CAST(123456 AS varchar(3))
-- @ q42 edge ord : decimals rounded before their point
SELECT id, round(amt, -1) a, round(amt, -3) b, truncate(amt, 1) c, truncate(amt, 0) d, round(id, -1) e, round(-n, -1) f FROM kinds ORDER BY id
-- @ q43 edge ord : texts cut to a length
SELECT CAST(s AS varchar(2)) a, CAST(id AS varchar(4)) b, upper(s) c, lower(upper(s)) d, TRY(CAST(id * 1000 AS varchar(4))) e FROM kinds ORDER BY id
-- @ q44 edge ord : sequences backwards
SELECT sequence(TIMESTAMP '2026-01-31 10:00:00', TIMESTAMP '2025-10-30 00:00:00', INTERVAL '-1' MONTH) a, sequence(DATE '2026-01-05', DATE '2026-01-01', INTERVAL '-2' DAY) b, sequence(DATE '2026-01-05', DATE '2026-01-06') c
-- @ q45 edge ord : texts of odd doubles
SELECT CAST(-0e0 AS varchar) a, -0e0 = 0e0 b, CAST(1e15 AS varchar) c, CAST(1.7976931348623157e308 AS varchar) d, CAST(DOUBLE '0.1' + DOUBLE '0.2' AS varchar) g
-- @ q46 edge ord : a text too great for a bigint
SELECT CAST('9223372036854775808' AS bigint)
-- @ q47 edge ord : a double too great for an integer
SELECT CAST(3e9 AS integer)
-- @ q48 edge ord : casts that fail under TRY
SELECT TRY(CAST(3e9 AS integer)) a, TRY_CAST('128' AS tinyint) b, TRY_CAST(1e40 AS bigint) c, TRY(CAST(1234567.5 AS decimal(5,1))) d, TRY_CAST('abc' AS boolean) e, TRY_CAST('2026-02-30' AS date) f, TRY_CAST('25:00' AS timestamp) g, TRY(date_parse('2026-13-01', '%Y-%m-%d')) h, TRY(from_iso8601_date('x')) i, TRY(json_extract(json_parse('x'), '$.a')) j
-- @ q49 edge ord : a bigint overflows
SELECT 9223372036854775807 + 1
-- @ q50 edge ord : patterns and order of texts
SELECT id, s = 'red ' a, s < 'b' b, s BETWEEN 'a' AND 'm' c, lower(s) LIKE '%\_%' ESCAPE '\' d, length(s || 'é') e, strpos(s, '') f, split(s, ' ') g, regexp_like(s, '(?i)GREEN') h FROM kinds ORDER BY id
