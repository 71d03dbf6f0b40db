/** Values in their order, in as few groups as a size allows; a value that is greater alone has a group of its own. */
export function chunksOf<T>(values: readonly T[], sizeOf: (value: T) => number, mostSize: number): T[][] {
  const chunks: T[][] = [];
  let size = 0;
  for (const value of values) {
    const open = chunks.at(-1);
    if (open === undefined || size + sizeOf(value) > mostSize) {
      chunks.push([value]);
      size = sizeOf(value);
    } else {
      open.push(value);
      size += sizeOf(value);
    }
  }
  return chunks;
}
