import assert from 'node:assert/strict';
import { Match } from 'aws-cdk-lib/assertions';
import { Stacks } from './support/stacks.js';

interface Container {
  readonly Command: readonly string[];
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Secrets?: readonly { readonly Name: string }[];
  readonly StopTimeout: number;
  readonly ReadonlyRootFilesystem: boolean;
  readonly HealthCheck: { readonly Command: readonly string[] };
  readonly LogConfiguration: unknown;
  readonly LinuxParameters: { readonly InitProcessEnabled: boolean };
  readonly MountPoints: readonly { readonly ContainerPath: string }[];
}

describe('the work stack', () => {
  let stacks: Stacks;

  before(async () => {
    stacks = await Stacks.synth({ alarmEmails: 'on-call@example.com' });
  });

  const containers = (from: Stacks): Container[] => from.all('AWS::ECS::TaskDefinition').flatMap(([, { Properties }]) => Properties['ContainerDefinitions'] as Container[]);
  const environment = (container: Container | undefined): Record<string, unknown> => Object.fromEntries((container?.Environment ?? []).map(({ Name, Value }) => [Name, Value]));

  it('lands the queue by tasks that have two minutes to commit, write into a scratch volume alone, and say how they are', () => {
    const all = containers(stacks);
    assert.equal(all.length, 3);
    for (const container of all) {
      assert.equal(container.StopTimeout, 120);
      assert.equal(container.ReadonlyRootFilesystem, true);
      assert.equal(container.LinuxParameters.InitProcessEnabled, true);
      assert.deepEqual(container.MountPoints.map(({ ContainerPath }) => ContainerPath), ['/scratch']);
      assert.deepEqual(container.HealthCheck.Command, ['CMD', 'node', 'health.mjs']);
    }
    const consumer = all.find(({ Command }) => Command[0] === 'bronze');
    assert.deepEqual(consumer?.Command, ['bronze', 'shop', '--follow', '--json']);
    const { INGOT_FROM: from, INGOT_LAKE: lake, ...others } = environment(consumer);
    assert.match(stacks.text(from), /^sqs:\/\/<EventsQueue\w+\.QueueName>\?region=<AWS::Region>&visibility=300&receivers=16$/);
    assert.match(stacks.text(lake), /^s3:\/\/<BucketsLake\w+>$/);
    assert.deepEqual({ ...others, AWS_REGION: null }, { AWS_REGION: null, INGOT_MEMORY: '1843MiB', INGOT_SCRATCH: '/scratch', TMPDIR: '/scratch', HOME: '/scratch', INGOT_WINDOW_AGE: '60s', INGOT_WINDOW_ROWS: '15000' });
  });

  it('keeps the windows of all consumers below what a queue lets be in flight', async () => {
    for (const most of ['1', '2', '10']) {
      const consumer = containers(await Stacks.synth({ consumerTasksMost: most })).find(({ Command }) => Command[0] === 'bronze');
      const rows = Number(environment(consumer)['INGOT_WINDOW_ROWS']);
      assert.ok(rows * 2 * Number(most) <= 120_000 && rows <= 50_000 && rows > 0, `${most} tasks: ${rows}`);
    }
  });

  it('scales by what waits for each task, between the least and the most', () => {
    stacks.work.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 1, MaxCapacity: 4 });
    stacks.work.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 30_000,
        CustomizedMetricSpecification: {
          Metrics: [
            { Id: 'waiting', ReturnData: false, MetricStat: { Metric: { Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible' } } },
            { Id: 'running', ReturnData: false, MetricStat: { Metric: { Namespace: 'ECS/ContainerInsights', MetricName: 'RunningTaskCount' } } },
            { Id: 'backlog', ReturnData: true, Expression: Match.stringLikeRegexp('waiting / ') },
          ],
        },
      },
    });
    stacks.work.hasResourceProperties('AWS::ECS::Cluster', { ClusterSettings: [{ Name: 'containerInsights', Value: 'enabled' }] });
  });

  it('has tasks no way to the internet, and nobody a way to them', () => {
    for (const type of ['AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway']) assert.deepEqual(stacks.all(type), []);
    const groups = stacks.all('AWS::EC2::SecurityGroup');
    assert.deepEqual(groups.filter(([, { Properties }]) => JSON.stringify(Properties['SecurityGroupIngress'] ?? []).includes('0.0.0.0/0')), []);
    const services = stacks.all('AWS::EC2::VPCEndpoint').map(([, { Properties }]) => stacks.text(Properties['ServiceName']).replace(/^com\.amazonaws\.<AWS::Region>\./, '')).sort();
    assert.deepEqual(services, ['ecr.api', 'ecr.dkr', 'logs', 's3', 'sqs']);
  });

  it('gives silver and gold another engine, its password by a secret, and a way to it, when there is one', async () => {
    const engineOf = (from: Stacks) => containers(from).map((container) => [container.Command[0], environment(container)['INGOT_ENGINE'] ?? null, (container.Secrets ?? []).map(({ Name }) => Name)]).sort();
    const ports = (from: Stacks) => from.all('AWS::EC2::SecurityGroup').flatMap(([, { Properties }]) => (Properties['SecurityGroupEgress'] as readonly { readonly FromPort: number }[]).map(({ FromPort }) => FromPort));
    assert.deepEqual(engineOf(stacks), [['bronze', null, []], ['silver', null, []], ['vacuum', null, []]]);
    assert.ok(!ports(stacks).includes(8443));
    const engineUri = 'trino://ingot@trino.example.com:8443/hive?lake=s3://lake';
    const withEngine = await Stacks.synth({ engineUri, engineSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:trino-AbCdEf' });
    assert.deepEqual(engineOf(withEngine), [['bronze', null, []], ['silver', engineUri, ['INGOT_ENGINE_PASSWORD']], ['vacuum', null, []]]);
    assert.ok(ports(withEngine).includes(8443));
    assert.ok(withEngine.all('AWS::EC2::VPCEndpoint').some(([, { Properties }]) => stacks.text(Properties['ServiceName']).endsWith('.secretsmanager')));
  });

  it('has an action for every alarm, and an alarm for dead letters, old messages, and each way that runs fail', () => {
    const alarms = stacks.all('AWS::CloudWatch::Alarm');
    for (const [id, { Properties }] of alarms) {
      assert.match(stacks.text((Properties['AlarmActions'] as unknown[])[0]), /^<Alarms/, id);
      assert.notEqual(Properties['AlarmDescription'], undefined, id);
    }
    const names = alarms.map(([, { Properties }]) => Properties['MetricName']).sort();
    assert.deepEqual(names, [
      'ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible',
      'ExecutionsFailed', 'ExecutionsFailed', 'ExecutionsFailed', 'ExecutionsSucceeded', 'ExecutionsTimedOut', 'ExecutionsTimedOut', 'ExecutionsTimedOut',
    ]);
    stacks.work.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    stacks.work.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'on-call@example.com' });
  });

  it('says in time that the month\'s money runs out', () => {
    stacks.work.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: { BudgetLimit: { Amount: 500, Unit: 'USD' }, TimeUnit: 'MONTHLY', CostFilters: { TagKeyValue: ['user:ingot$prod'] } },
      NotificationsWithSubscribers: [
        { Notification: { NotificationType: 'ACTUAL', Threshold: 80 }, Subscribers: [{ SubscriptionType: 'SNS' }] },
        { Notification: { NotificationType: 'FORECASTED', Threshold: 100 }, Subscribers: [{ SubscriptionType: 'SNS' }] },
      ],
    });
  });

  it('shows queue, tasks, runs and what analysts read on one page', () => {
    const [[, board] = ['', null]] = stacks.all('AWS::CloudWatch::Dashboard');
    const text = stacks.text(board?.Properties['DashboardBody']);
    for (const metric of ['ApproximateNumberOfMessagesVisible', 'ApproximateAgeOfOldestMessage', 'RunningTaskCount', 'CPUUtilization', 'ExecutionsFailed', 'ProcessedBytes']) assert.ok(text.includes(`"${metric}"`), metric);
    assert.equal((JSON.parse(text) as { readonly widgets: readonly unknown[] }).widgets.length, 7);
  });

  it('tags all that it makes, tasks among it, so that the budget can count it', () => {
    stacks.work.hasResourceProperties('AWS::ECS::Service', { PropagateTags: 'SERVICE' });
    for (const [, { Properties }] of stacks.all('AWS::StepFunctions::StateMachine')) assert.match(stacks.text(Properties['DefinitionString']), /"PropagateTags":"TASK_DEFINITION"/);
    for (const type of ['AWS::S3::Bucket', 'AWS::ECS::Service', 'AWS::ECS::TaskDefinition', 'AWS::StepFunctions::StateMachine']) {
      for (const [id, { Properties }] of stacks.all(type)) assert.deepEqual((Properties['Tags'] as readonly { readonly Key: string }[]).filter(({ Key }) => Key === 'ingot'), [{ Key: 'ingot', Value: 'prod' }], id);
    }
  });
});
