import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const shop = fileURLToPath(new URL('../../datasets/shop', import.meta.url));

/** Folders for --datasets. */
export interface Contracts {
  /** Rejects what it should not, in each of the ways that replay knows. */
  readonly narrow: string;
  /** The shop's own, of a later version. */
  readonly mended: string;
}

/** What the narrow contract has instead: a time that not every event has, platforms and names that are not all. */
const narrowings = [
  [/(time: \{ key: )'event_timestamp'/, "$1'event_time'"],
  [/'IOS', 'ANDROID'/, "'IOS'"],
  [/, 'purchase'\]/, ']'],
] as const;

export function writeContracts(folder: string): Contracts {
  const mendedFolder = join(folder, 'mended');
  const narrowFolder = join(folder, 'narrow');
  const text = readFileSync(join(shop, 'dataset.ts'), 'utf8');
  write(mendedFolder, replaced(text, /version: 1,/, 'version: 2,'));
  write(narrowFolder, narrowings.reduce((narrow, [what, by]) => replaced(narrow, what, by), text));
  return { narrow: narrowFolder, mended: mendedFolder };
}

function write(folder: string, text: string): void {
  mkdirSync(join(folder, 'shop'), { recursive: true });
  cpSync(join(shop, 'gold'), join(folder, 'shop', 'gold'), { recursive: true });
  writeFileSync(join(folder, 'shop', 'dataset.ts'), text);
}

function replaced(text: string, what: RegExp, by: string): string {
  const done = text.replace(what, by);
  if (done === text) throw new Error(`the shop's contract has no ${String(what)}`);
  return done;
}
