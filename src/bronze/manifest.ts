import type { Dataset } from '../dataset.js';
import type { Lake } from '../lake/lake.js';
import type { FileMark } from '../sources/source.js';

/** The transaction of `bronze.<dataset>` that numbers the manifests of files taken. */
export const filesTxn = 'ingot.files';

/** Every this many manifests one repeats all entries, so that few have to be read. */
const wholeEvery = 64;

interface Manifest {
  readonly whole: boolean;
  readonly files: readonly FileMark[];
}

/** Which files' content is in the lake, by content hash. */
export interface Taken {
  /** The newest manifest's number; 0 for none. A window commits only on top of the number it was read against. */
  readonly version: number;
  readonly marks: ReadonlyMap<string, FileMark>;
}

export function manifestPath(dataset: Dataset, version: number): string {
  return `bronze/${dataset.name}/_files/${String(version).padStart(20, '0')}.json`;
}

/** Reads the manifests from the newest back to the last whole one. */
export async function readTaken(lake: Lake, dataset: Dataset): Promise<Taken> {
  const snapshot = await lake.table('bronze', dataset.name).snapshot();
  const version = snapshot?.txn(filesTxn, 0) ?? 0;
  const manifests: Manifest[] = [];
  for (let number = version; number > 0; number--) {
    const content = await lake.storage.read(manifestPath(dataset, number));
    if (content === null) break;
    const manifest = JSON.parse(content.toString('utf8')) as Manifest;
    manifests.push(manifest);
    if (manifest.whole) break;
  }
  const marks = new Map<string, FileMark>();
  for (const { files } of manifests.reverse()) {
    for (const mark of files) marks.set(mark.sha256, mark);
  }
  return { version, marks };
}

/** The next manifest's text, and what is taken once it is committed. */
export function nextManifest(taken: Taken, marks: Iterable<FileMark>): { readonly text: string; readonly taken: Taken } {
  const added = [...marks];
  const version = taken.version + 1;
  const all = new Map(taken.marks);
  for (const mark of added) all.set(mark.sha256, mark);
  const whole = version % wholeEvery === 1;
  const manifest: Manifest = { whole, files: whole ? [...all.values()] : added };
  return { text: JSON.stringify(manifest), taken: { version, marks: all } };
}
