import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** Where the image of the root's Dockerfile is pushed to. A tag means one image for ever. */
export function imageRepository(scope: Construct, key: IKey): Repository {
  return new Repository(scope, 'Images', {
    encryption: RepositoryEncryption.KMS,
    encryptionKey: key,
    imageScanOnPush: true,
    imageTagMutability: TagMutability.IMMUTABLE,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [
      { rulePriority: 1, description: 'untagged', tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(7) },
      { rulePriority: 2, description: 'the newest thirty', tagStatus: TagStatus.ANY, maxImageCount: 30 },
    ],
  });
}
