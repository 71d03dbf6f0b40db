import { Duration, Stack } from 'aws-cdk-lib';
import { CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { FargateService, PropagatedTagSource, type Cluster } from 'aws-cdk-lib/aws-ecs';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { DataStack } from '../data/data-stack.js';
import type { Roles } from '../access/roles.js';
import { IngotTask } from './task.js';

export interface ConsumersProps {
  readonly data: DataStack;
  readonly roles: Roles;
  readonly cluster: Cluster;
  readonly tasks: SecurityGroup;
  readonly logs: LogGroup;
}

/** Lands the queue into bronze, by more processes when more waits. They need not know of each other: commits queue up for milliseconds. */
export class Consumers extends Construct {
  readonly service: FargateService;

  constructor(scope: Construct, id: string, private readonly config: InfraConfig, private readonly props: ConsumersProps) {
    super(scope, id);
    const { data, roles, cluster, tasks, logs } = props;
    const { queue } = data.events;
    const from = `sqs://${queue.queueName}?region=${Stack.of(this).region}&visibility=${config.visibilityS}&receivers=${config.consumerReceivers}`;
    const { definition } = new IngotTask(this, 'Consumer', config, {
      cpuUnits: config.consumerCpuUnits,
      memoryMib: config.consumerMemoryMib,
      diskGib: config.consumerDiskGib,
      role: roles.consumer,
      images: data.images,
      logs,
      lakeUri: lakeUri(data),
      command: ['bronze', config.dataset, '--follow', '--json'],
      environment: { INGOT_FROM: from, INGOT_WINDOW_AGE: `${config.windowAgeS}s`, INGOT_WINDOW_ROWS: String(config.windowRows) },
    });
    this.service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: definition,
      desiredCount: config.consumerTasksLeast,
      securityGroups: [tasks],
      assignPublicIp: false,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      enableECSManagedTags: true,
      propagateTags: PropagatedTagSource.SERVICE,
    });
    this.scale();
  }

  /**
   * Keeps what waits for each task near the target. A task that is stopped commits its window first, so scaling in needs no
   * protection; it is slower than scaling out, so that tasks do not come and go with every burst.
   */
  private scale(): void {
    const { config, service } = this;
    const { cluster, data } = this.props;
    const tasks = service.autoScaleTaskCount({ minCapacity: config.consumerTasksLeast, maxCapacity: config.consumerTasksMost });
    const policy = new CfnScalingPolicy(this, 'BacklogPerTask', {
      policyName: 'backlog-per-task',
      policyType: 'TargetTrackingScaling',
      serviceNamespace: 'ecs',
      resourceId: `service/${cluster.clusterName}/${service.serviceName}`,
      scalableDimension: 'ecs:service:DesiredCount',
      targetTrackingScalingPolicyConfiguration: {
        targetValue: config.consumerBacklogPerTask,
        scaleOutCooldown: Duration.minutes(1).toSeconds(),
        scaleInCooldown: Duration.minutes(10).toSeconds(),
        customizedMetricSpecification: { metrics: backlogMetrics(data.events.queue.queueName, cluster.clusterName, service.serviceName) },
      },
    });
    policy.node.addDependency(tasks);
  }
}

/** Metric math: messages that wait, for each task that runs; before the first one runs, as if it did. */
function backlogMetrics(queueName: string, clusterName: string, serviceName: string): CfnScalingPolicy.TargetTrackingMetricDataQueryProperty[] {
  const metric = (id: string, namespace: string, metricName: string, stat: string, dimensions: Readonly<Record<string, string>>) => ({
    id,
    returnData: false,
    metricStat: { stat, metric: { namespace, metricName, dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })) } },
  });
  return [
    metric('waiting', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'Maximum', { QueueName: queueName }),
    metric('running', 'ECS/ContainerInsights', 'RunningTaskCount', 'Average', { ClusterName: clusterName, ServiceName: serviceName }),
    { id: 'backlog', expression: 'waiting / IF(FILL(running, 1) > 0, FILL(running, 1), 1)', label: 'messages that wait for each task', returnData: true },
  ];
}

/** `s3://bucket`: what the roles may do is told by prefixes of the whole bucket. */
export function lakeUri(data: DataStack): string {
  return `s3://${data.lake.bucketName}`;
}
