import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

const gib = 2 ** 30;

/**
 * Where analysts ask. Results stay with Athena, encrypted, for a day: so nobody who only reads needs leave to write into
 * a bucket. A query that would read more than the bound is cancelled.
 */
export function workGroup(scope: Construct, config: InfraConfig): CfnWorkGroup {
  return new CfnWorkGroup(scope, 'WorkGroup', {
    name: `ingot-${config.environment}`,
    description: 'Ingot: silver and gold, read only',
    recursiveDeleteOption: false,
    workGroupConfiguration: {
      enforceWorkGroupConfiguration: true,
      publishCloudWatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: config.athenaScannedGibMost * gib,
      engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
      managedQueryResultsConfiguration: { enabled: true },
      requesterPaysEnabled: false,
    },
  });
}
