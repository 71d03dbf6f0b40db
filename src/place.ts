import picomatch from 'picomatch';

/** A pattern whose group is the platform that a path tells: the innermost of its folders, or its name, that is one of the values or begins with it before `_`, `-`, `.` or a space. */
export function pathPattern(values: readonly string[]): string {
  const either = values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  return `(?is)^(?:.*/)?(${either})(?:[/_. -].*)?$`;
}

/** The platform of a path as it is written in `values`; empty: it tells none. */
export function platformOfPath(values: readonly string[], path: string): string {
  const found = new RegExp(pathPattern(values).replace('(?is)', ''), 'is').exec(path)?.[1]?.toUpperCase();
  return values.find((value) => value.toUpperCase() === found) ?? '';
}

/** Tells whether a file's name, or its path, is one of some globs; case aside. */
export function namedBy(globs: readonly string[]): (path: string) => boolean {
  const matches = picomatch([...globs], { nocase: true, dot: true });
  return (path) => matches(path) || matches(path.split('/').at(-1) ?? '');
}
