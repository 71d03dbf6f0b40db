import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run as runAudit } from '../../src/commands/audit.js';
import { run as runAll } from '../../src/commands/run.js';
import { run as runStatus } from '../../src/commands/status.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { withPipeline, type Pipeline, type Row } from '../support/pipeline.js';
import type { CommandRun } from '../../src/commands/context.js';

interface Told {
  readonly status: number;
  readonly summary: Record<string, unknown>;
  readonly lines: readonly string[];
}

/** Runs a command for the dataset `name` in a pipeline's lake. */
async function told(pipeline: Pipeline, command: CommandRun, name: string, options: Readonly<Record<string, unknown>> = {}): Promise<Told> {
  let said: Omit<Told, 'status'> = { summary: {}, lines: [] };
  const status = await command({ ...pipeline.context(options), args: [name], result: (summary, lines) => (said = { summary: summary as Record<string, unknown>, lines }) });
  return { status, ...said };
}

/** A folder of files. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const tracks = 'track_id,name,artist,genre,year,duration_ms\nT1,One,A,Rock,2004,1000\nT2,Two,B,,2006,1000\nT1,One,A,Rock,2004,1000\n';
const listening = 'track_id,user_id,playcount\nT1,u1,3\nT1,u2,1\nT2,u1,5\nT9,u1,7\nT1,u2,1\n';
const music = { 'Music Info.csv': tracks, 'User Listening History.csv': listening };
const topTracks = 'SELECT place, track_id, name, plays, listeners, has_track FROM gold.top_tracks ORDER BY place';

const top = (rows: readonly Row[]): unknown[][] => rows.map((row) => [Number(row['place']), row['track_id'], row['name'], Number(row['plays']), Number(row['listeners']), row['has_track']]);

const inMusic = { name: 'music_track' };

describe('a folder of several contracts', () => {
  after(removeTemporaryFolders);

  it('lands each kind of its files by its name, and gold joins them', () => withPipeline(async (pipeline) => {
    const { status, summary } = await told(pipeline, runAll, 'music', { from: folderOf(music) });
    assert.equal(status, 0);
    const parts = summary['parts'] as Record<string, { bronze: { landed: number }; silver: { tables: Record<string, { rows: number }> } }>;
    assert.deepEqual(Object.entries(parts).map(([name, part]) => [name, part.bronze.landed, Object.values(part.silver.tables).map(({ rows }) => rows)]), [['music_track', 3, [2, 0, 1]], ['music_listening', 5, [4, 0, 1]]]);
    assert.deepEqual(top(await pipeline.rows(topTracks)), [[1, 'T9', null, 7, 1, false], [2, 'T2', 'Two', 5, 1, true], [3, 'T1', 'One', 4, 2, true]]);
    assert.deepEqual((await pipeline.rows('SELECT genre, has_track, plays FROM gold.plays_by_genre ORDER BY ALL')).map((row) => [row['genre'], row['has_track'], Number(row['plays'])]), [['Rock', true, 4], [null, false, 7], [null, true, 5]]);
  }, inMusic));

  it('has nothing to do in a second run, and a row that comes again in another file counts once', () => withPipeline(async (pipeline) => {
    await told(pipeline, runAll, 'music', { from: folderOf(music) });
    const before = await pipeline.rows(topTracks);
    const again = await told(pipeline, runAll, 'music', { from: folderOf({ 'music_info_2.csv': tracks, 'listening_2.csv': `${listening}T2,u2,1\n` }) });
    assert.equal(again.status, 0);
    const rows = top(await pipeline.rows(topTracks));
    assert.deepEqual(rows[1], [2, 'T2', 'Two', 6, 2, true]);
    assert.deepEqual(rows.filter(([, track]) => track !== 'T2'), top(before).filter(([, track]) => track !== 'T2'));
    const idle = await told(pipeline, runAll, 'music', { from: folderOf(music) });
    assert.match(idle.lines.join('\n'), /gold {4}up to date/);
  }, inMusic));

  it('builds gold anew from either kind: listening first, then the tracks that it names', () => withPipeline(async (pipeline) => {
    await told(pipeline, runAll, 'music_listening', { from: folderOf({ 'any.csv': listening }) });
    assert.deepEqual(top(await pipeline.rows(topTracks)).map(([, track, name]) => [track, name]), [['T9', null], ['T2', null], ['T1', null]]);
    await told(pipeline, runAll, 'music_track', { from: folderOf({ 'any.csv': tracks }) });
    assert.deepEqual(top(await pipeline.rows(topTracks)).map(([, track, name]) => [track, name]), [['T9', null], ['T2', 'Two'], ['T1', 'One']]);
  }, inMusic));

  it('names files that are of no kind, lands the others, and ends with 1', () => withPipeline(async (pipeline) => {
    const { status, summary } = await told(pipeline, runAll, 'music', { from: folderOf({ ...music, 'notes.csv': 'a,b\n1,2\n' }) });
    assert.equal(status, 1);
    const parts = summary['parts'] as Record<string, { bronze: { landed: number; errors: string[] } }>;
    assert.deepEqual(Object.values(parts).map(({ bronze }) => bronze.landed), [3, 5]);
    assert.match(parts['music_listening']?.bronze.errors.join() ?? '', /1 file is of no kind of rows of music by its name, such as .*notes\.csv/);
  }, inMusic));

  it('is audited and told of part by part, those that nothing has landed of left out', () => withPipeline(async (pipeline) => {
    await told(pipeline, runAll, 'music', { from: folderOf(music) });
    const audited = await told(pipeline, runAudit, 'music');
    assert.equal(audited.status, 0);
    assert.deepEqual(Object.entries(audited.summary['parts'] as Record<string, { balanced: boolean; received: number }>).map(([name, part]) => [name, part.balanced, part.received]), [['music_track', true, 3], ['music_listening', true, 5]]);
    const status = await told(pipeline, runStatus, 'music');
    assert.deepEqual(Object.keys(status.summary['parts'] as object), ['music_track', 'music_listening']);
    assert.doesNotMatch(status.lines.join('\n'), /stale|error/);
  }, inMusic));

  it('asks which kind messages are of, and which one a process follows', () => withPipeline(async (pipeline) => {
    await assert.rejects(told(pipeline, runAll, 'music', { from: 'sqs://queue' }), /it can't be told of which kind these rows are/);
    await assert.rejects(told(pipeline, runAll, 'music', { from: folderOf(music), follow: true }), /--follow lands one kind of rows/);
    await assert.rejects(told(pipeline, runAll, 'music_albums', { from: folderOf(music) }), /there is no dataset music_albums/);
  }, inMusic));
});

const view = (product: string, at: string, more: readonly object[] = []): string =>
  JSON.stringify({ mpid: 1, events: [{ event_type: 'custom_event', data: { event_name: 'product', timestamp_unixtime_ms: Date.parse(at), custom_attributes: { codeColor: product } } }, ...more] });

const order = (id: string, version: number, at: string, products: readonly string[], more: object = {}): string =>
  JSON.stringify({ version, order_id: id, order_date: at, device: 'ios', platform: 'iOS', ...more, items: products.map((code_color) => ({ code_color })) });

const seconds = 'SELECT event_date, platform, product, second, product_views, purchases FROM gold.product_second ORDER BY ALL';

const inStorefront = { name: 'storefront_view' };

describe('the storefront', () => {
  after(removeTemporaryFolders);

  const texts = (rows: readonly Row[]): string[] => rows.map((row) => Object.values(row).map((value) => (value instanceof Date ? value.toISOString() : String(value))).join(' '));

  it('takes the platform from the folder, or the beginning of the file\'s name', () => withPipeline(async (pipeline) => {
    const same = `[${view('p', '2016-02-01T10:00:00Z')}]`;
    const from = folderOf({ 'iOS/a.json': same, 'Android/a.json': same, 'mobileweb_20160201.json': same, 'Windows/iosmosis.json': same });
    await told(pipeline, runAll, 'storefront', { from });
    assert.deepEqual((await pipeline.rows('SELECT platform, CAST(sum(product_views) AS BIGINT) AS views FROM gold.product_second GROUP BY platform ORDER BY platform')).map((row) => [row['platform'], Number(row['views'])]), [['Android', 1], ['MobileWeb', 1], ['iOS', 1]]);
    assert.deepEqual((await pipeline.rows('SELECT reason FROM silver.storefront_view_rejected')).map(({ reason }) => reason), ['platform_missing']);
  }, inStorefront));

  it('counts events of a batch by their own second, and puts right only the dates that either kind touches', () => withPipeline(async (pipeline) => {
    const late = { event_type: 'custom_event', data: { event_name: 'product', timestamp_unixtime_ms: Date.parse('2016-02-02T00:00:01Z'), custom_attributes: { codeColor: 'p' } } };
    const from = folderOf({ 'iOS/a.json': `[${view('p', '2016-02-01T23:59:59.999Z', [late, { event_type: 'session_start', data: {} }])}, ${view('q', '2016-02-03T10:00:00Z')}]` });
    await told(pipeline, runAll, 'storefront', { from });
    const before = (await pipeline.lake.table('gold', 'product_second').snapshot())?.files ?? new Map<string, unknown>();
    await told(pipeline, runAll, 'storefront_purchase', { from: folderOf({ 'o.ndjson': `${order('o-1', 1, '2016-02-01 22:00:00', ['p', 'p'])}\n${order('o-2', 1, '2016-02-01 22:00:00', ['p'])}\n${order('o-2', 2, '2016-02-01 22:00:00', ['p'], { withdrawn: true })}\n` }) });
    const after = (await pipeline.lake.table('gold', 'product_second').snapshot())?.files ?? new Map<string, unknown>();
    assert.equal([...before.keys()].filter((path) => after.has(path)).length, 2);
    assert.deepEqual(texts(await pipeline.rows(`SELECT CAST(event_date AS VARCHAR) AS event_date, * EXCLUDE (event_date, second), CAST(second AS VARCHAR) AS second FROM (${seconds})`)), [
      '2016-02-01 iOS p 1 0 2016-02-01 23:59:59+00', '2016-02-01 iOS p 1 0 2016-02-02 00:00:01+00', '2016-02-02 iOS p 0 2 2016-02-02 01:00:00+00', '2016-02-03 iOS q 1 0 2016-02-03 10:00:00+00',
    ]);
  }, inStorefront));
});
