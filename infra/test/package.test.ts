import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  /** Comes within another package. */
  readonly inBundle?: boolean;
}

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const versions = ({ dependencies, devDependencies }: Manifest): Record<string, string> => ({ ...dependencies, ...devDependencies });

describe('the package', () => {
  const own = versions(read('../package.json') as Manifest);

  it('pins its packages, to the versions that the project has where both have one', () => {
    const project = versions(read('../../package.json') as Manifest);
    assert.ok(Object.keys(own).filter((name) => name in project).length >= 5);
    for (const [name, version] of Object.entries(own)) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
      assert.equal(version, project[name] ?? version, name);
    }
  });

  it('has one content for each of them, from the registry that npm is set to', () => {
    const { packages } = read('../package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> };
    const locked = Object.entries(packages).filter(([path, { inBundle }]) => path !== '' && inBundle !== true);
    assert.ok(locked.length > 50);
    for (const [path, { integrity, resolved }] of locked) {
      assert.match(integrity ?? '', /^sha512-/, path);
      assert.equal(resolved, undefined, path);
    }
  });
});
