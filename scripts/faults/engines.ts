import { join } from 'node:path';
import { cacheFolder, exists } from '../engines/cache.js';
import { compileShim } from './shim.js';
import type { Engines } from './servers.js';

/** What `npm run test:engines` has fetched once, or what the environment names. Nothing is fetched here. */
export async function findEngines(): Promise<Engines> {
  const found = async (variable: string, path: string): Promise<string | null> => {
    const named = process.env[variable] ?? join(cacheFolder(), path);
    return (await exists(named)) ? named : null;
  };
  const sparkPython = await found('INGOT_SPARK_PYTHON', 'pyspark-4.0.5/bin/python');
  const sparkJars = await found('INGOT_SPARK_JARS', 'delta-spark-4.0.1/libs');
  return {
    shim: await compileShim(),
    elasticMq: await found('INGOT_ELASTICMQ', 'elasticmq-1.7.1/libs'),
    versityGw: await found('INGOT_VERSITYGW', 'versitygw-1.8.0/versitygw'),
    httpfs: await found('INGOT_HTTPFS_EXTENSION', 'duckdb-httpfs-1.5.5/duckdb_extension_httpfs/extensions/v1.5.5/httpfs.duckdb_extension'),
    kafka: await found('INGOT_KAFKA', 'kafka-4.3.1/libs'),
    python: await found('INGOT_PYTHON', 'python-deltalake-1.6.6/bin/python'),
    delta: await found('INGOT_DELTA_EXTENSION', 'duckdb-delta-1.5.5/duckdb_extension_delta/extensions/v1.5.5/delta.duckdb_extension'),
    spark: sparkPython === null || sparkJars === null ? null : { python: sparkPython, jars: sparkJars },
  };
}
