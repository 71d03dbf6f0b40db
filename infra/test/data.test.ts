import assert from 'node:assert/strict';
import { Match } from 'aws-cdk-lib/assertions';
import { Stacks, type Resource } from './support/stacks.js';

describe('the data stack', () => {
  let stacks: Stacks;

  before(async () => {
    stacks = await Stacks.synth();
  });

  it('encrypts every bucket and queue, and closes them to the public and to plain HTTP', () => {
    const buckets = stacks.all('AWS::S3::Bucket');
    assert.equal(buckets.length, 2);
    const open = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };
    for (const [id, { Properties }] of buckets) {
      assert.ok(Properties['BucketEncryption'] !== undefined, id);
      assert.deepEqual(Properties['PublicAccessBlockConfiguration'], open, id);
    }
    const queues = stacks.all('AWS::SQS::Queue');
    assert.equal(queues.length, 2);
    for (const [id, { Properties }] of queues) assert.equal(Properties['SqsManagedSseEnabled'], true, id);
    for (const type of ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy']) {
      const found = stacks.all(type);
      assert.equal(found.length, 2, type);
      for (const [id, { Properties }] of found) {
        const denied = (Properties['PolicyDocument'] as { readonly Statement: readonly { readonly Effect: string; readonly Condition?: unknown }[] }).Statement.filter(({ Effect }) => Effect === 'Deny');
        assert.ok(denied.some(({ Condition }) => JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}'), id);
      }
    }
  });

  it('keeps the lake, the queue, the key and the images when it is deleted', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::KMS::Key', 'AWS::ECR::Repository']) {
      for (const [id, { DeletionPolicy }] of stacks.all(type)) assert.equal(DeletionPolicy, 'Retain', id);
    }
  });

  it('hides a message for longer than a window and its commit take, and gives up on it after ten tries', () => {
    stacks.data.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 300,
      RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: Match.anyValue() },
      MessageRetentionPeriod: 7 * 86_400,
    });
    stacks.data.hasResourceProperties('AWS::SQS::Queue', { RedrivePolicy: Match.absent(), MessageRetentionPeriod: 14 * 86_400 });
  });

  it('expires nothing that a table may name, and sends nothing where it can\'t be read at once', () => {
    const rules = rulesOf(lake(stacks));
    const expiring = rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined).map(({ Prefix }) => Prefix);
    assert.deepEqual(expiring, ['_ingot/probe-', '_ingot/engine/']);
    const classes = rules.flatMap(({ Transitions = [] }) => Transitions.map(({ StorageClass }) => StorageClass));
    assert.deepEqual(classes, ['INTELLIGENT_TIERING']);
    assert.deepEqual(rules.flatMap(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload ?? []), [{ DaysAfterInitiation: 1 }]);
  });

  it('keeps replaced objects for a week, or no versions at all', async () => {
    assert.deepEqual(lake(stacks).Properties['VersioningConfiguration'], { Status: 'Enabled' });
    assert.deepEqual(rulesOf(lake(stacks)).flatMap(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration ?? []), [{ NoncurrentDays: 7 }]);
    const without = lake(await Stacks.synth({ noncurrentDays: '0' }));
    assert.equal(without.Properties['VersioningConfiguration'], undefined);
    assert.ok(rulesOf(without).every(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration === undefined));
  });

  it('has every table of the dataset in the catalog, as a Delta table that is read from its own log', () => {
    const tables = stacks.all('AWS::Glue::Table').map(([, { Properties }]) => Properties as unknown as GlueTable);
    const names = tables.map(({ DatabaseName, TableInput }) => `${DatabaseName}.${TableInput.Name}`).sort();
    assert.deepEqual(names, [
      'ingot_prod_bronze.shop', 'ingot_prod_bronze.shop_rejected',
      'ingot_prod_gold.funnel_daily', 'ingot_prod_gold.list_metrics', 'ingot_prod_gold.product_metrics', 'ingot_prod_gold.session',
      'ingot_prod_silver.event', 'ingot_prod_silver.item_event', 'ingot_prod_silver.shop_duplicates', 'ingot_prod_silver.shop_rejected',
    ]);
    const bucket = stacks.all('AWS::S3::Bucket').find(([id]) => id.startsWith('BucketsLake'))?.[0] ?? '';
    for (const { DatabaseName, TableInput } of tables) {
      const location = `s3://<${bucket}>/${DatabaseName.replace('ingot_prod_', '')}/${TableInput.Name}/`;
      assert.equal(stacks.text(TableInput.StorageDescriptor.Location), location);
      assert.equal(stacks.text(TableInput.StorageDescriptor.SerdeInfo.Parameters.path), location);
      assert.equal(TableInput.Parameters['spark.sql.sources.provider'], 'delta');
    }
  });

  it('has the tables of a folder of several contracts, whichever of them the queue\'s events are of', async () => {
    const names = async (dataset: string) => (await Stacks.synth({ dataset })).all('AWS::Glue::Table').map(([, { Properties }]) => (Properties as unknown as GlueTable).TableInput.Name).sort();
    const all = await names('music_track');
    assert.ok(['track', 'listening', 'music_track', 'music_listening', 'top_tracks'].every((table) => all.includes(table)), all.join(', '));
    assert.deepEqual(await names('music_listening'), all);
    await assert.rejects(names('music'), /several kinds of rows: name the one that the queue's events are of, music_track, music_listening/);
  });

  it('bounds what a query reads, and lets nobody set the work group aside', () => {
    stacks.data.hasResourceProperties('AWS::Athena::WorkGroup', {
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 100 * 2 ** 30,
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        ManagedQueryResultsConfiguration: { Enabled: true },
      },
    });
  });
});

interface GlueTable {
  readonly DatabaseName: string;
  readonly TableInput: {
    readonly Name: string;
    readonly Parameters: Readonly<Record<string, string>>;
    readonly StorageDescriptor: { readonly Location: unknown; readonly SerdeInfo: { readonly Parameters: { readonly path: unknown } } };
  };
}

interface Rule {
  readonly Prefix?: string;
  readonly ExpirationInDays?: number;
  readonly Transitions?: readonly { readonly StorageClass: string }[];
  readonly AbortIncompleteMultipartUpload?: unknown;
  readonly NoncurrentVersionExpiration?: unknown;
}

function lake(stacks: Stacks): Resource {
  const found = stacks.all('AWS::S3::Bucket').find(([id]) => id.startsWith('BucketsLake'));
  assert.ok(found !== undefined);
  return found[1];
}

function rulesOf({ Properties }: Resource): readonly Rule[] {
  return (Properties['LifecycleConfiguration'] as { readonly Rules: readonly Rule[] }).Rules;
}
