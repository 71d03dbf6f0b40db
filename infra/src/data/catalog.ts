import { Stack } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { DatasetTables } from '../contract.js';

/** Glue names a database once in an account: `ingot_prod_silver`. */
export function databaseName({ environment }: InfraConfig, layer: string): string {
  return `ingot_${environment}_${layer}`;
}

/**
 * Databases of the layers, and their Delta tables. Athena reads columns and partitions from the table's own log, so the
 * catalog says only where it is, with the one column that every engine puts into such an entry: a contract that changes
 * leaves nothing stale here. Source: Athena user guide, "Synchronize Delta Lake metadata". Views, row filters and
 * Lake Formation want the columns in Glue too: `ingot ddl --engine athena` has statements that put them there.
 */
export class Catalog extends Construct {
  constructor(scope: Construct, id: string, config: InfraConfig, tables: DatasetTables, lake: IBucket) {
    super(scope, id);
    const layers = { bronze: tables.bronze, silver: [...tables.silver, ...tables.silverRaw], gold: tables.gold };
    for (const [layer, names] of Object.entries(layers)) {
      const name = databaseName(config, layer);
      const database = new CfnDatabase(this, layer, { catalogId: Stack.of(this).account, databaseInput: { name, description: `Ingot: ${layer} of ${tables.family}` } });
      for (const table of names) this.deltaTable(database, name, table, `${lake.s3UrlForObject(`${layer}/${table}`)}/`);
    }
  }

  private deltaTable(database: CfnDatabase, databaseName: string, name: string, location: string): void {
    const entry = new CfnTable(database, name, {
      catalogId: Stack.of(this).account,
      databaseName,
      tableInput: {
        name,
        tableType: 'EXTERNAL_TABLE',
        parameters: { EXTERNAL: 'TRUE', 'spark.sql.sources.provider': 'delta' },
        partitionKeys: [],
        storageDescriptor: {
          columns: [{ name: 'col', type: 'array<string>' }],
          location,
          serdeInfo: { parameters: { 'serialization.format': '1', path: location } },
        },
      },
    });
    entry.addResourceDependency(database);
  }
}
