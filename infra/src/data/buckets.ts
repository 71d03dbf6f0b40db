import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, StorageClass, type BucketProps, type LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

const closed = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  removalPolicy: RemovalPolicy.RETAIN,
} satisfies BucketProps;

/** The lake, and the bucket that notes who has asked it for what. */
export class Buckets extends Construct {
  readonly lake: Bucket;
  readonly accessLogs: Bucket;

  constructor(scope: Construct, id: string, config: InfraConfig, key: IKey) {
    super(scope, id);
    // S3 delivers access logs into buckets with keys of its own only.
    this.accessLogs = new Bucket(this, 'AccessLogs', {
      ...closed,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
    this.lake = new Bucket(this, 'Lake', {
      ...closed,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      // One request to the key for many objects, instead of one for each.
      bucketKeyEnabled: true,
      versioned: config.noncurrentDays > 0,
      serverAccessLogsBucket: this.accessLogs,
      serverAccessLogsPrefix: 'lake/',
      lifecycleRules: lakeRules(config),
    });
  }
}

/**
 * No rule may expire what a table's log names, whatever its age: Ingot itself removes what nobody needs (`vacuum`). Nor may
 * anything go to a class that has to be restored before it is read.
 */
function lakeRules({ noncurrentDays }: InfraConfig): LifecycleRule[] {
  const versions: LifecycleRule[] = noncurrentDays === 0 ? [] : [
    { id: 'noncurrent', noncurrentVersionExpiration: Duration.days(noncurrentDays), expiredObjectDeleteMarker: true },
  ];
  return [
    // An upload of Ingot ends within minutes, or its process is dead.
    { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
    // Proofs that the bucket can be written; removed at once, if their process lives.
    { id: 'probes', prefix: '_ingot/probe-', expiration: Duration.days(1) },
    // What an engine wrote for a run that never came to be: a run's own files are copied out before it is written down.
    { id: 'engine-leftovers', prefix: '_ingot/engine/', expiration: Duration.days(7) },
    // Read again by backfills only; this class reads at once all the same.
    { id: 'old-bronze', prefix: 'bronze/', transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) }] },
    ...versions,
  ];
}
