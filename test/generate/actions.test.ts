import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { LakeError } from '../../src/errors.js';
import { actionText, brokenActionKinds } from '../../src/generate/action.js';
import { generateActions, generateActionsWithTruth, type GeneratedAction } from '../../src/generate/actions.js';

const options = { events: 30_000, days: 4, seed: 7, since: '2026-01-30' };
const sinceMs = Date.parse('2026-01-30T00:00:00Z');
const dayMs = 86_400_000;

interface Body {
  readonly timestamp: string;
  readonly event_name: string;
  readonly user_identifiers?: { readonly platform?: string; readonly id?: string };
  readonly product_information?: { readonly name?: string; readonly SKU?: string };
}

/** All that a contract makes of an action. */
function fieldsOf(text: string): string {
  const body = JSON.parse(text) as Body;
  const [, until = '', fraction = '', zone = ''] = /^(.{19})(?:\.(\d{3}|\d{6}))?(Z|\+02:00|)$/.exec(body.timestamp) ?? [];
  const seconds = Date.parse(`${until}${zone === '' ? 'Z' : zone}`) / 1000;
  assert.ok(Number.isInteger(seconds), text);
  return JSON.stringify([`${seconds}.${fraction.padEnd(6, '0')}`, body.event_name, body.user_identifiers?.platform?.toLowerCase(), body.user_identifiers?.id, body.product_information?.name, body.product_information?.SKU]);
}

describe('the actions generator', () => {
  let lines: GeneratedAction[];
  before(() => (lines = [...generateActionsWithTruth(options)]));

  const share = (test: (line: GeneratedAction) => boolean): number => lines.filter(test).length / lines.length;
  const between = (value: number, least: number, most: number): void => assert.ok(value >= least && value <= most, `${value} is not from ${least} to ${most}`);

  it('gives the same bytes for the same options, on any machine, and others for another seed', () => {
    const sha256 = (seed: number): string => createHash('sha256').update([...generateActions({ ...options, events: 500, seed })].join('\n')).digest('hex');
    assert.equal(sha256(7), 'f15c314bb6415b705b69881a2bc6f997592b92c5b7511c1812faf130c24739fe');
    assert.notEqual(sha256(8), sha256(7));
  });

  it('gives exactly as many lines as asked for, none with a newline, twice the same', () => {
    fc.assert(fc.property(fc.nat(300), fc.integer({ min: 1, max: 40 }), fc.maxSafeInteger(), (events, days, seed) => {
      const asked = { events, days, seed, since: '2024-02-29' };
      const made = [...generateActions(asked)];
      assert.equal(made.length, events);
      assert.ok(made.every((line) => line.length > 0 && !line.includes('\n')));
      assert.deepEqual([...generateActions(asked)], made);
    }), { seed: 11, numRuns: 20 });
  });

  it('refuses options out of range', () => {
    for (const part of [{ events: -1 }, { days: 0 }, { seed: 0.5 }, { since: '2026-02-30' }]) {
      assert.throws(() => generateActionsWithTruth({ ...options, ...part }), (error) => error instanceof LakeError && error.code === 'USAGE' && error.path === Object.keys(part)[0]);
    }
  });

  it('makes no two actions equal but for its duplicates, which are equal in every field and come later', () => {
    const byFields = new Map<string, number>();
    for (const line of lines) {
      if (line.kind === 'broken') continue;
      const fields = fieldsOf(line.text);
      assert.equal(byFields.has(fields), line.kind === 'duplicate', line.text);
      if (line.kind === 'duplicate') assert.equal(byFields.get(fields), line.event);
      byFields.set(fields, line.event);
    }
    between(share(({ kind }) => kind === 'duplicate'), 0.007, 0.013);
  });

  it('says what each line is, in order of arrival', () => {
    for (const { text, kind, action, broken, late } of lines) {
      if (kind !== 'broken') assert.equal(text, actionText(action));
      else assert.ok(broken !== null && text !== actionText(action));
      between(action.timeMs, sinceMs, sinceMs + options.days * dayMs - 1);
      assert.equal(typeof late, 'boolean');
    }
    between(share(({ late }) => late), 0.007, 0.013);
    between(share(({ kind }) => kind === 'broken'), 0.0004, 0.002);
    const many = [...generateActionsWithTruth({ ...options, events: 40_000, seed: 3 })];
    assert.deepEqual([...new Set(many.flatMap(({ broken }) => broken ?? []))].sort(), [...brokenActionKinds].sort());
  });

  it('looks like a topic: more views than clicks than purchases, several platforms, fields that are missing, times in several forms', () => {
    const good = lines.filter(({ kind }) => kind !== 'broken');
    const named = (name: string): number => good.filter(({ action }) => action.name === name).length / good.length;
    between(named('view'), 0.6, 0.8);
    between(named('click'), 0.15, 0.3);
    between(named('purchase'), 0.02, 0.08);
    between(named('add_to_cart'), 0.002, 0.03);
    assert.equal(new Set(good.map(({ action }) => action.platform?.toLowerCase())).size, 6);
    for (const missing of [({ userId }: GeneratedAction['action']) => userId === null, ({ platform }: GeneratedAction['action']) => platform === null, ({ product }: GeneratedAction['action']) => product === null || product.SKU === null || product.name === null]) {
      between(good.filter(({ action }) => missing(action)).length / good.length, 0.005, 0.04);
    }
    for (const form of [/:\d\dZ"/, /\.\d{3}Z"/, /\.\d{6}Z"/, /\+02:00"/, /:\d\d"/]) assert.ok(good.some(({ text }) => form.test(text)), String(form));
  });
});
