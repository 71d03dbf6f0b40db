/** Whether all is done that takes long: by `npm run test:engines`; `npm test` does a share of it, always the same. */
const thorough = process.env['INGOT_THOROUGH'] === '1';

/** A test that takes long, and is left to `npm run test:engines`. */
export const onlyThorough: (title: string, work: () => Promise<void>) => void = thorough ? (title, work) => void it(title, work) : () => undefined;

/** How many runs of a property. */
export function runs(few: number, many: number): number {
  return thorough ? many : few;
}

/** Of the places where a process may die: all, or every second one. */
export function share<T>(places: readonly T[]): T[] {
  return places.filter((_place, index) => thorough || index % 2 === 0);
}

/** Numbers from `first` to `last`, each `step`. */
export function every(first: number, last: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.floor((last - first) / step) + 1) }, (_none, index) => first + index * step);
}
