import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * The key of the lake and of the alarms' topic. Who may use it is said by the roles' own policies; only the services that
 * publish alarms are named here, each for this account alone.
 */
export function lakeKey(scope: Construct): Key {
  const key = new Key(scope, 'Key', { description: 'Ingot: the lake and its alarms', enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
  for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com']) {
    key.addToResourcePolicy(new PolicyStatement({
      principals: [new ServicePrincipal(service)],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      // A key's policy can name no key but itself.
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }));
  }
  return key;
}
