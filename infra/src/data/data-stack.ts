import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { Repository } from 'aws-cdk-lib/aws-ecr';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { DatasetTables } from '../contract.js';
import { Buckets } from './buckets.js';
import { Catalog } from './catalog.js';
import { lakeKey } from './key.js';
import { EventQueue } from './queue.js';
import { imageRepository } from './registry.js';
import { workGroup } from './work-group.js';

/** What must outlive every deployment: deleting this stack leaves the lake, the queue, the key and the images. */
export class DataStack extends Stack {
  readonly key: Key;
  readonly lake: Bucket;
  readonly events: EventQueue;
  readonly images: Repository;
  readonly workGroup: CfnWorkGroup;

  constructor(scope: Construct, id: string, config: InfraConfig, tables: DatasetTables, props: StackProps) {
    super(scope, id, { ...props, description: 'Ingot: lake, queue, catalog', terminationProtection: true });
    this.key = lakeKey(this);
    this.lake = new Buckets(this, 'Buckets', config, this.key).lake;
    this.events = new EventQueue(this, 'Events', config);
    this.images = imageRepository(this, this.key);
    new Catalog(this, 'Catalog', config, tables, this.lake);
    this.workGroup = workGroup(this, config);

    new CfnOutput(this, 'LakeUri', { value: this.lake.s3UrlForObject(), description: 'INGOT_LAKE' });
    new CfnOutput(this, 'QueueUrl', { value: this.events.queue.queueUrl, description: 'Where producers send events' });
    new CfnOutput(this, 'DeadQueueArn', { value: this.events.dead.queueArn });
    new CfnOutput(this, 'ImageRepository', { value: this.images.repositoryUri, description: 'Where the image is pushed to' });
  }
}
