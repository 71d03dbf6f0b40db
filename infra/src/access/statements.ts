import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { objectsOf, type LakeAccess } from './lake-access.js';

/**
 * What a role may do in the lake. The names of all objects may be listed: S3 says that an object is absent only to those
 * who may list its bucket, whatever its prefix, and Ingot asks for versions that are not there yet.
 */
export function lakeStatements(lake: IBucket, key: IKey, { reads, writes }: LakeAccess): PolicyStatement[] {
  const objects = (prefixes: readonly string[]): string[] => prefixes.map((prefix) => lake.arnForObjects(objectsOf(prefix)));
  return [
    new PolicyStatement({ sid: 'Names', actions: ['s3:ListBucket'], resources: [lake.bucketArn] }),
    new PolicyStatement({ sid: 'Read', actions: ['s3:GetObject'], resources: objects([...reads, ...writes]) }),
    ...(writes.length === 0 ? [] : [new PolicyStatement({ sid: 'Write', actions: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'], resources: objects(writes) })]),
    new PolicyStatement({
      sid: 'Key',
      actions: writes.length === 0 ? ['kms:Decrypt'] : ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(lake).region}.amazonaws.com` } },
    }),
  ];
}
