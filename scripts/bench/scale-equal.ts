import { identifier } from '../../src/lake/sql.js';
import { createView, readTables } from '../../src/lake/views.js';
import { withLake } from './workbench.js';

const mostApart = 1e-9;

/** Rows of a table in sums that the order of rows does not change. */
interface Digest {
  readonly exact: string;
  readonly doubles: readonly number[];
}

/** @throws Error unless each table of a layer has equal rows in two lakes: by count and hash, doubles by their sums */
export async function assertSameRows(oneLake: string, otherLake: string, layer: string): Promise<void> {
  const [one, other] = [await digests(oneLake, layer), await digests(otherLake, layer)];
  if (one.size === 0 || one.size !== other.size) throw new Error(`${layer} has ${one.size} and ${other.size} tables`);
  for (const [table, expected] of one) {
    const actual = other.get(table);
    const isNear = expected.doubles.every((sum, index) => Math.abs(sum - (actual?.doubles[index] ?? NaN)) <= mostApart * Math.max(1, Math.abs(sum)));
    if (actual?.exact !== expected.exact || !isNear) throw new Error(`${layer}.${table} differs: ${JSON.stringify([expected, actual])}`);
  }
}

function digests(lakeDir: string, layer: string): Promise<Map<string, Digest>> {
  return withLake(lakeDir, async (lake) => {
    const session = await lake.session();
    const found = new Map<string, Digest>();
    for (const table of await lake.tableNames(layer)) {
      const [reading] = await readTables(lake, [{ layer, table }]);
      if (reading === undefined) continue;
      await createView(session, lake, reading);
      const doubles = reading.snapshot.columns.filter(({ type }) => type === 'DOUBLE').map(({ name }) => identifier(name));
      const exact = reading.snapshot.columns.filter(({ type }) => type !== 'DOUBLE').map(({ name }) => identifier(name));
      const sums = doubles.map((name, index) => `, coalesce(sum(${name}), 0) AS double_${index}`).join('');
      const [row] = await session.rows(`SELECT concat_ws(' ', count(*), sum(CAST(hash(${exact.join(', ')}) AS HUGEINT))) AS exact${sums} FROM ${identifier(layer)}.${identifier(table)}`);
      found.set(table, { exact: String(row?.['exact']), doubles: doubles.map((_name, index) => Number(row?.[`double_${index}`])) });
    }
    return found;
  });
}
