import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { cliReferenceIsCurrent } from '../scripts/docs.js';
import { bronzeSpec, rejectedSpec as bronzeRejectedSpec } from '../src/bronze/tables.js';
import actions from '../datasets/actions/dataset.js';
import bank from '../datasets/bank/dataset.js';
import music from '../datasets/music/dataset.js';
import shop from '../datasets/shop/dataset.js';
import storefront from '../datasets/storefront/dataset.js';
import users from '../datasets/users/dataset.js';
import { duplicatesSpec, eventSpec, itemSpec, rejectedSpec } from '../src/silver/tables.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('documentation', () => {
  it('docs/cli.md is what the command line says: `npm run docs` writes it', () => {
    assert.ok(cliReferenceIsCurrent());
  });

  it('docs/schemas.md names every table and every column of bronze and silver with its type', () => {
    const schemas = read('docs/schemas.md');
    const common = [shop, actions].flatMap((dataset) => [bronzeSpec(dataset), bronzeRejectedSpec(dataset), eventSpec(dataset), rejectedSpec(dataset), duplicatesSpec(dataset)]);
    const others = [bank, users, ...music, ...storefront].flatMap((dataset) => [eventSpec(dataset), rejectedSpec(dataset), duplicatesSpec(dataset)]);
    for (const spec of [...common, itemSpec(shop), ...others, itemSpec(users), ...storefront.map(itemSpec)]) {
      const section = schemas.split(/^## /m).find((each) => each.startsWith(`${spec.layer}.${spec.table}\n`));
      assert.ok(section !== undefined, `${spec.layer}.${spec.table} is missing`);
      const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map((match) => ({ name: match[1], type: match[2]?.trim() }));
      assert.deepEqual(rows, spec.columns.map(({ name, type }) => ({ name, type: type.replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ') })), `${spec.layer}.${spec.table}`);
    }
  });

  it('the README shows only commands and files that exist', () => {
    const readme = read('README.md');
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    for (const [, script] of readme.matchAll(/npm run (?:-s )?([a-z:]+)/g)) assert.ok(scripts[script ?? ''] !== undefined, `npm run ${script}`);
    for (const [, link] of readme.matchAll(/\]\(([^)#:]+)\)/g)) assert.ok(existsSync(new URL(`../${link}`, import.meta.url)), `the link ${link}`);
  });
});
