import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractParameters, landSelect } from '../../src/bronze/contract.js';
import { defineDataset, text, type Dataset } from '../../src/dataset.js';
import { inSession, type Row } from '../silver/harness.js';

const event = { table: 'row', columns: { id: text() } };
const range = { notBefore: '2000-01-01', maxAheadMs: 0 };
const receivedAt = '2023-10-24T10:00:00Z';

/** What bronze makes of bodies: time, date, platform and reason of each. */
function landed(time: Dataset['time'], bodies: readonly unknown[], source = 'rows.ndjson'): Promise<Row[]> {
  const dataset = defineDataset({ name: 'rows', version: 1, nulls: [], time, event });
  return inSession(async (session, folder) => {
    const input = join(folder, 'in.ndjson');
    writeFileSync(input, bodies.map((body, n) => `${JSON.stringify({ n, body: typeof body === 'string' ? body : JSON.stringify(body) })}\n`).join(''));
    const messages = `SELECT body, n AS message_id, $source AS source, n AS source_position, CAST(NULL AS TIMESTAMPTZ) AS sent_at, CAST($received_at AS TIMESTAMPTZ) AS received_at
      FROM read_json($input, format = 'newline_delimited', columns = {n: 'BIGINT', body: 'VARCHAR'})`;
    return session.rows(`SELECT event_timestamp AS at, event_date AS "on", platform, reason FROM (${landSelect(dataset, messages)}) ORDER BY message_id`, { ...contractParameters(dataset), input, source, received_at: receivedAt });
  });
}

const times = (rows: readonly Row[]): unknown[] => rows.map(({ at, reason }) => at ?? reason);

describe('event times by the contract', () => {
  it('are read by a pattern and a clock, a whole number of hours, minutes and seconds without padding', async () => {
    const day = { Day: '2/8/16' };
    const rows = await landed({ key: 'Day', format: { pattern: '%d/%m/%y', clock: '/at/clock' }, ...range }, [
      { ...day, at: { clock: '143207' } }, { ...day, at: { clock: 100 } }, { ...day, at: { clock: '0' } }, { ...day, at: { clock: '94' } }, { ...day, at: { clock: '240000' } }, { ...day, at: { clock: '000130' } },
      day, { ...day, at: { clock: 'noon' } }, { Day: '31/2/16', at: { clock: '1' } }, { at: { clock: '1' } }, { Day: 'epoch', at: { clock: '1' } }, '{"Day"', '[1]', '',
    ]);
    assert.deepEqual(times(rows), ['2016-08-02 14:32:07+00', '2016-08-02 00:01:00+00', '2016-08-02 00:00:00+00', 'at_clock_unreadable', 'at_clock_unreadable', '2016-08-02 00:01:30+00',
      'at_clock_missing', 'at_clock_unreadable', 'Day_unreadable', 'Day_missing', 'Day_unreadable', 'not_json', 'not_an_object', 'empty']);
    assert.deepEqual(rows[0], { at: '2016-08-02 14:32:07+00', on: '2016-08-02', platform: null, reason: null });
  });

  it('are of their zone when they name none, by an offset or by name', async () => {
    const bodies = ['2016-01-02T23:30:00', '2016-07-02 23:30:00', '2016-01-02', '2016-01-02T23:30:00Z', '2016-01-02T23:30:00+0100', 1451777400000].map((at) => ({ at }));
    assert.deepEqual(times(await landed({ key: 'at', zone: '-03:00', ...range }, bodies)), ['2016-01-03 02:30:00+00', '2016-07-03 02:30:00+00', '2016-01-02 03:00:00+00', '2016-01-02 23:30:00+00', '2016-01-02 22:30:00+00', '2016-01-02 23:30:00+00']);
    assert.deepEqual(times(await landed({ key: 'at', zone: 'Europe/Madrid', format: 'iso', ...range }, bodies)), ['2016-01-02 22:30:00+00', '2016-07-02 21:30:00+00', '2016-01-01 23:00:00+00', '2016-01-02 23:30:00+00', '2016-01-02 22:30:00+00', 'at_unreadable']);
    assert.deepEqual(times(await landed({ key: 'at', zone: 'Asia/Kolkata', format: { pattern: '%d/%m/%Y %H:%M' }, ...range }, [{ at: '2/8/2016 3:00' }])), ['2016-08-01 21:30:00+00']);
    assert.deepEqual(times(await landed({ key: 'at', zone: '-03:00', format: { pattern: '%d/%m/%Y %H:%M %z' }, ...range }, [{ at: '2/8/2016 3:00 +0100' }])), ['2016-08-02 02:00:00+00']);
  });

  it('take no name of a zone but those of UTC: it would move the rows after it', async () => {
    const bodies = ['2021-01-01 10:00:00 Asia/Calcutta', '2021-01-01 10:00:00', '2021-01-01', '2021-01-01T10:00:00.5 GMT', '2021-01-01 10:00:00 UTC', '2021-01-01T10:00:00 Europe/Madrid', '2021-01-01T10:00:00+01', '2021-01-01 10:00:00Z'].map((at) => ({ at }));
    assert.deepEqual(times(await landed({ key: 'at', ...range }, bodies)),
      ['at_unreadable', '2021-01-01 10:00:00+00', '2021-01-01 00:00:00+00', '2021-01-01 10:00:00.5+00', '2021-01-01 10:00:00+00', 'at_unreadable', '2021-01-01 09:00:00+00', '2021-01-01 10:00:00+00']);
  });

  it('are those of receipt where the contract says so; what is no object is rejected still', async () => {
    const rows = await landed({ load: true }, [{ id: 'a' }, {}, '[1]', 'x', '', '5']);
    assert.deepEqual(rows.map(({ at, on, reason }) => [at, on, reason]), [
      ['2023-10-24 10:00:00+00', '2023-10-24', null], ['2023-10-24 10:00:00+00', '2023-10-24', null],
      [null, null, 'not_an_object'], [null, null, 'not_json'], [null, null, 'empty'], [null, null, 'not_an_object'],
    ]);
  });

  it('are not looked for in a record of a CSV file that has too many or too few fields', async () => {
    for (const [name, reason] of [['/in/rows.csv', 'csv_columns'], ['rows.TSV.gz', 'csv_columns'], ['rows.csv.json', 'not_an_object']] as const) assert.deepEqual(times(await landed({ load: true }, ['["a","b"]'], name)), [reason]);
  });
});
