import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Folders and files of src by height: imports go to a lower rank, or stay within their folder. */
const ranks: Readonly<Record<string, number>> = {
  'errors.ts': 0, 'clock.ts': 0, 'columns.ts': 0, 'dataset.ts': 0.5, 'place.ts': 0, 'config.ts': 1, 'load.ts': 1, s3: 1,
  lake: 2, sources: 2, generate: 2, engines: 3, dialect: 3,
  bronze: 4, silver: 4, gold: 4, query: 4, serve: 4, maintain: 4, report: 5, infer: 5, forget: 5, backfill: 5,
  'library.ts': 6, 'index.ts': 7, commands: 8, 'cli.ts': 9,
};

const modules = new Map(sourceFiles(src).map((file) => [relative(src, file), importsOf(file).map((target) => relative(src, target))]));

describe('imports', () => {
  it('every file of src has a rank', () => {
    assert.ok(modules.size > 30);
    for (const name of modules.keys()) assert.notEqual(ranks[placeOf(name)], undefined, `${name} has no place`);
  });

  it('go down only, and layers never import each other', () => {
    for (const [name, targets] of modules) {
      for (const target of targets) {
        if (placeOf(name) === placeOf(target)) continue;
        assert.ok((ranks[placeOf(target)] ?? 99) < (ranks[placeOf(name)] ?? 0), `${name} imports ${target}`);
      }
    }
  });

  it('make no cycle between files, but for types', () => {
    const done = new Set<string>();
    const visit = (name: string, trail: readonly string[]): void => {
      assert.ok(!trail.includes(name), `a cycle: ${[...trail, name].join(' → ')}`);
      if (done.has(name)) return;
      for (const target of modules.get(name) ?? []) visit(target, [...trail, name]);
      done.add(name);
    };
    for (const name of modules.keys()) visit(name, []);
  });

  it('reach argv and the environment from the command line only', () => {
    for (const name of modules.keys()) {
      if (name === 'cli.ts' || name.startsWith('commands/')) continue;
      assert.doesNotMatch(readFileSync(join(src, name), 'utf8'), /process\.(argv|env)\b/, name);
    }
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Relative imports that exist at run time; `import type` leaves nothing behind. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+'(\.[^']+)'/gms), ...text.matchAll(/import\('(\.[^']+)'\)/g)];
  return found.map((match) => resolve(dirname(file), (match[1] ?? '').replace(/\.js$/, '.ts')));
}

function placeOf(name: string): string {
  return name.split('/')[0] ?? name;
}
