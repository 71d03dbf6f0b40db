/** A straight line through measurements: what any input costs, and what each row adds. */
export interface Line {
  readonly fixed: number;
  readonly perRow: number;
}

/** Least squares. @throws Error for fewer than two sizes */
export function fitted(points: readonly { readonly rows: number; readonly cost: number }[]): Line {
  const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;
  const rows = mean(points.map((point) => point.rows));
  const cost = mean(points.map((point) => point.cost));
  const spread = points.reduce((total, point) => total + (point.rows - rows) ** 2, 0);
  if (spread === 0) throw new Error('a line needs two sizes');
  const perRow = points.reduce((total, point) => total + (point.rows - rows) * (point.cost - cost), 0) / spread;
  return { fixed: cost - perRow * rows, perRow };
}

/**
 * From how many workers on the second engine is faster, however many rows there are: its workers have `workerCpus` each,
 * the first engine has one machine of `cpus`. Both lines are seconds of CPU, and both are taken to use all of their CPUs equally well.
 */
export function workersToWin(first: Line, second: Line, cpus: number, workerCpus: number): number {
  return Math.floor((second.perRow / first.perRow) * (cpus / workerCpus)) + 1;
}

/** From how many rows on, given so many workers, the fixed cost of the second is made up for; Infinity: never. */
export function rowsToWin(first: Line, second: Line, cpus: number, workers: number, workerCpus: number): number {
  const gained = first.perRow / cpus - second.perRow / (workers * workerCpus);
  return gained <= 0 ? Infinity : Math.max(0, second.fixed - first.fixed) / gained;
}
