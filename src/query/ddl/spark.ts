import { isS3 } from '../../config.js';
import type { Lake } from '../../lake/lake.js';
import { backquoted, hiveText } from './quote.js';
import { databasesOf, statementsFor, type Ddl, type DdlOptions } from './tables.js';

/** Tables for Spark with Delta's library, which reads the log. */
export async function sparkDdl(lake: Lake, { location, databasePrefix, server }: DdlOptions): Promise<Ddl> {
  const { made, statements, omitted, tables } = await statementsFor(lake, location ?? sparkRoot(lake.storage.root), databasePrefix, ({ database, table, location: folder }) => [
    `CREATE TABLE IF NOT EXISTS ${backquoted(database)}.${backquoted(table)} USING DELTA LOCATION ${hiveText(folder)};`,
  ]);
  const endpoint = location === null ? (server?.endpoint ?? null) : null;
  return {
    statements: [...databasesOf(made).map((database) => `CREATE DATABASE IF NOT EXISTS ${backquoted(database)};`), ...statements],
    empty: [],
    omitted,
    tables,
    notes: [
      'Needs spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension and spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog. Each query reads the newest version of the log: nothing has to be run again.',
      ...(endpoint === null ? [] : [`Needs spark.hadoop.fs.s3a.endpoint=${endpoint.origin}${server?.pathStyle === true ? ' and spark.hadoop.fs.s3a.path.style.access=true' : ''}`]),
    ],
  };
}

/** Hadoop calls a bucket `s3a://`; of a path it takes each character as it is, so nothing is percent-encoded. */
function sparkRoot(root: string): string {
  return isS3(root) ? root.replace(/^s3:/, 's3a:') : `file://${root}`;
}
