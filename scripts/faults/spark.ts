import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.js';
import { Spark } from '../../test/engines/spark.js';
import type { FaultLake } from './lakes.js';
import { copiesDiffer, readingsOf } from './readers.js';

export interface SparkEngine {
  readonly python: string;
  readonly jars: string;
}

/**
 * What Spark sees otherwise than Ingot does, by lake: one Spark for all, as it takes long to start. A lake in S3 it reads
 * where the server keeps its objects: no library that speaks S3 is fetched for it.
 */
export async function sparkDifferences(places: readonly FaultLake[], { python, jars }: SparkEngine, workspace: string): Promise<string[][]> {
  Object.assign(process.env, { INGOT_SPARK_PYTHON: python, INGOT_SPARK_JARS: jars });
  const spark = await Spark.start();
  try {
    await spark.sql('SET spark.sql.parquet.outputTimestampType = TIMESTAMP_MICROS');
    const all: string[][] = [];
    for (const place of places) all.push(await differencesIn(spark, place, workspace));
    return all;
  } finally {
    await spark.stop();
  }
}

async function differencesIn(spark: Spark, place: FaultLake, workspace: string): Promise<string[]> {
  const folder = join(workspace, 'spark');
  mkdirSync(folder, { recursive: true });
  const readings = await readingsOf(place);
  const failed = new Map<string, string>();
  for (const { name } of readings) {
    try {
      await spark.sql(`INSERT OVERWRITE DIRECTORY '${join(folder, name)}' USING parquet SELECT * FROM delta.\`${join(place.folder, name.replace('.', '/'))}\``);
    } catch (error) {
      failed.set(name, `Spark can't read ${name}: ${messageOf(error).slice(0, 1_000)}`);
    }
  }
  const differences = await copiesDiffer('Spark', readings.filter(({ name }) => !failed.has(name)), (name) => join(folder, name, '*.parquet'), workspace);
  rmSync(folder, { recursive: true, force: true });
  return [...failed.values(), ...differences];
}
