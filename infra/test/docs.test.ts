import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { settingNames } from '../src/config.js';

const docs = new URL('../../docs/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, docs), 'utf8');

describe('the cloud\'s pages', () => {
  it('link to pages and name files that exist', () => {
    for (const name of ['cloud.md', 'cost.md']) {
      const text = read(name);
      const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = '']) => new URL(link, docs));
      const files = [...text.matchAll(/`((?:infra|test)\/[\w./-]+)`/g)].map(([, path = '']) => new URL(`../${path}`, docs));
      assert.ok(links.length > 0 && files.length > 0, name);
      for (const url of [...links, ...files]) assert.ok(existsSync(url), url.pathname);
    }
  });

  it('name settings that exist', () => {
    const text = read('cloud.md');
    const named = [...text.matchAll(/-c ingot:(\w+)=/g), ...text.matchAll(/`([a-z]+(?:[A-Z]\w+)+)`/g)].map(([, name = '']) => name);
    assert.ok(new Set(named).size > 10);
    assert.deepEqual(named.filter((name) => !settingNames.includes(name)), []);
  });
});
