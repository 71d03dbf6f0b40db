import { familyOf, type Dataset } from '../dataset.js';
import { LakeError } from '../errors.js';
import { namedBy } from '../place.js';
import { plural } from './output.js';

/** Tells the files of a source apart when several contracts land from it, and keeps in mind which were of none. */
export class FilesOfParts {
  private readonly seen = new Map<string, boolean>();

  constructor(private readonly parts: readonly Dataset[]) {}

  /** Which files have rows of a contract; undefined: all, since no other lands from the source. */
  takes({ files }: Dataset): ((path: string) => boolean) | undefined {
    if (this.parts.length < 2) return undefined;
    const isNamed = files === undefined ? () => true : namedBy(files);
    return (path) => {
      const own = isNamed(path);
      this.seen.set(path, own || this.seen.get(path) === true);
      return own;
    };
  }

  /** Files that no contract took: their rows are not in the lake. */
  failures(): LakeError[] {
    const left = [...this.seen].filter(([, taken]) => !taken).map(([path]) => path).sort();
    const [first, other] = [left[0], this.parts[0]];
    if (first === undefined || other === undefined) return [];
    const names = this.parts.map(({ name, files = ['*'] }) => `${name} (${files.join(', ')})`).join(', ');
    return [new LakeError(`${plural(left.length, 'file is', 'files are')} of no kind of rows of ${familyOf(other).name} by ${left.length === 1 ? 'its name' : 'their names'}, such as ${first}`, {
      code: 'SOURCE_UNREADABLE',
      op: 'find files',
      path: first,
      hint: `Kinds, and the names of their files: ${names}. Rename it, or land it by the name of its kind: ingot run ${other.name} --from '${first}'`,
    })];
  }
}
