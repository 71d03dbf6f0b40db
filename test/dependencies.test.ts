import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Package {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as { readonly dependencies: Readonly<Record<string, string>>; readonly devDependencies: Readonly<Record<string, string>> };
const locked = Object.entries((JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Package>> }).packages).filter(([path]) => path !== '');

/** None asks anything of those who use Ingot but to keep its text. */
const licences = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', '0BSD', 'Python-2.0', '(MIT AND Zlib)']);

describe('dependencies', () => {
  it('are pinned to one version each, and to one content', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, name);
      assert.equal(locked.find(([path]) => path === `node_modules/${name}`)?.[1].version, version, `${name}: package-lock.json`);
    }
    assert.ok(locked.length > 100);
    for (const [path, { integrity }] of locked) assert.match(integrity ?? '', /^sha512-/, path);
  });

  it('come from the registry that npm is set to, wherever it is', () => {
    assert.deepEqual(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path), []);
  });

  it('run nothing when they are installed, but for esbuild, which only the tests use', () => {
    assert.deepEqual(locked.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path, { dev }]) => [path, dev]), [['node_modules/esbuild', true]]);
  });

  it('have licences that ask for no more than a notice', () => {
    assert.deepEqual(locked.filter(([, { license }]) => !licences.has(license ?? '')).map(([path, { license }]) => [path, license]), []);
  });

  it('have their reasons in docs/design.md', () => {
    const technologies = read('docs/design.md').split('## Technologies')[1] ?? '';
    assert.deepEqual(Object.keys(manifest.dependencies).filter((name) => !technologies.includes(name)), []);
  });
});
