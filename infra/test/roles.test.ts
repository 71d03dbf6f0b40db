import assert from 'node:assert/strict';
import { isAllowed, policies, statementsOf, type Statement } from './support/policy.js';
import { Stacks } from './support/stacks.js';

/** What AWS lets be said of all resources only, or CDK says so, each of one kind of work. */
const ofAllResources = [
  'ecr:GetAuthorizationToken', 'ecs:DescribeTasks', 'ecs:StopTask',
  'logs:CreateLogDelivery', 'logs:DeleteLogDelivery', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies', 'logs:GetLogDelivery',
  'logs:ListLogDeliveries', 'logs:PutResourcePolicy', 'logs:UpdateLogDelivery',
];

describe('roles', () => {
  let stacks: Stacks;
  let lake: string;

  before(async () => {
    stacks = await Stacks.synth();
    lake = `<${stacks.all('AWS::S3::Bucket').find(([id]) => id.startsWith('BucketsLake'))?.[0] ?? ''}.Arn>`;
  });

  const may = (role: string, action: string, path: string): boolean => isAllowed(statementsOf(stacks, `Roles${role}`), action, `${lake}/${path}`);
  const everything = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'];

  it('may nothing by a wildcard of actions, and of all resources only what has no other form', () => {
    const all = policies(stacks);
    assert.ok(all.length >= 10);
    for (const { id, statements } of all) {
      for (const { actions, resources } of statements) {
        assert.deepEqual(actions.filter((action) => action.includes('*')), [], id);
        if (resources.some((resource) => /^\*|:::?\*$/.test(resource))) assert.deepEqual(actions.filter((action) => !ofAllResources.includes(action)), [], id);
      }
    }
  });

  it('of a consumer: lands its own dataset, and may not read gold, silver or another dataset', () => {
    for (const action of everything) {
      assert.ok(may('Consumer', action, 'bronze/shop/event_date=2026-01-01/platform=IOS/x.parquet'));
      assert.ok(may('Consumer', action, 'bronze/shop_rejected/_delta_log/00000000000000000000.json'));
      assert.ok(may('Consumer', action, '_ingot/intents/bronze.shop/00000000000000000001.json'));
      for (const path of ['gold/session/x.parquet', 'silver/event/x.parquet', 'bronze/bank/x.parquet', 'bronze/shopping/x.parquet', '_ingot/intents/gold.shop/1.json', '_ingot/receipts/x.json']) {
        assert.ok(!may('Consumer', action, path), `${action} ${path}`);
      }
    }
    assert.ok(may('Consumer', 's3:GetObject', '_ingot/forget.key'));
    assert.ok(!may('Consumer', 's3:PutObject', '_ingot/forget.key'));
  });

  it('of a consumer: receives and deletes, sends nothing, and empties no queue', () => {
    const actions = statementsOf(stacks, 'RolesConsumer').flatMap((statement) => statement.actions.filter((action) => action.startsWith('sqs:')));
    assert.deepEqual(actions.sort(), ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage']);
    assert.deepEqual(['Transformer', 'Keeper', 'Analyst'].filter((role) => statementsOf(stacks, `Roles${role}`).some((statement) => statement.actions.some((action) => action.startsWith('sqs:')))), []);
  });

  it('of a transformer: writes silver and gold, and can\'t change bronze', () => {
    for (const action of everything) {
      for (const path of ['silver/event/x.parquet', 'silver/shop_rejected/x.parquet', 'gold/session/x.parquet', '_ingot/backfill/shop/1.json']) assert.ok(may('Transformer', action, path), `${action} ${path}`);
      assert.equal(may('Transformer', action, 'bronze/shop/x.parquet'), action === 's3:GetObject');
      assert.ok(!may('Transformer', action, '_ingot/forget.key'));
    }
  });

  it('of an analyst: reads typed rows and metrics, no body as it came, and writes nowhere', () => {
    assert.ok(may('Analyst', 's3:GetObject', 'silver/event/x.parquet'));
    assert.ok(may('Analyst', 's3:GetObject', 'gold/session/_delta_log/00000000000000000000.json'));
    for (const path of ['bronze/shop/x.parquet', 'silver/shop_rejected/x.parquet', '_ingot/forget.key', '_ingot/intents/silver.shop/1.json']) assert.ok(!may('Analyst', 's3:GetObject', path), path);
    const actions = statementsOf(stacks, 'RolesAnalyst').flatMap((statement) => statement.actions);
    assert.deepEqual(actions.filter((action) => !/^(?:s3:GetObject|s3:ListBucket|s3:GetBucketLocation|kms:Decrypt|glue:Get\w+|athena:(?:Get|List)\w+|athena:St(?:art|op)QueryExecution)$/.test(action)), []);
    const catalog = statementsOf(stacks, 'RolesAnalyst').filter((statement) => statement.actions.includes('glue:GetTable')).flatMap(({ resources }) => resources);
    assert.ok(catalog.length > 5);
    assert.deepEqual(catalog.filter((resource) => /bronze|rejected/.test(resource)), []);
  });

  it('are for tasks of this account alone, and for the analysts that are named', async () => {
    const trusted = (from: Stacks, role: string): string => JSON.stringify(from.all('AWS::IAM::Role').find(([id]) => id.startsWith(`Roles${role}`))?.[1].Properties['AssumeRolePolicyDocument']);
    for (const role of ['Consumer', 'Transformer', 'Keeper']) assert.match(trusted(stacks, role), /"StringEquals":\{"aws:SourceAccount".*"Service":"ecs-tasks\.amazonaws\.com"/s);
    assert.match(trusted(stacks, 'Analyst'), /:root/);
    const named = trusted(await Stacks.synth({ analystPrincipalArns: 'arn:aws:iam::123456789012:role/analysts' }), 'Analyst');
    assert.match(named, /arn:aws:iam::123456789012:role\/analysts/);
    assert.doesNotMatch(named, /:root/);
  });

  it('are told apart by the policy reader of this test', () => {
    const statement = (effect: string, action: string, resource: string): Statement => ({ effect, actions: [action], resources: [resource] });
    const allowed = [statement('Allow', 's3:Get*', 'lake/a/*')];
    assert.ok(isAllowed(allowed, 's3:GetObject', 'lake/a/b'));
    assert.ok(!isAllowed(allowed, 's3:GetObject', 'lake/ab'));
    assert.ok(!isAllowed(allowed, 's3:PutObject', 'lake/a/b'));
    assert.ok(!isAllowed([...allowed, statement('Deny', 's3:GetObject', 'lake/a/b')], 's3:GetObject', 'lake/a/b'));
  });
});
