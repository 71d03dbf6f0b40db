import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget, MathExpression, Metric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { DataStack } from '../data/data-stack.js';
import type { Alarms } from './alarms.js';
import type { Consumers } from './consumers.js';
import type { Layers } from './layers.js';

export interface DashboardProps {
  readonly data: DataStack;
  readonly consumers: Consumers;
  readonly layers: Layers;
  readonly alarms: Alarms;
}

const width = 12;
const period = Duration.minutes(1);

/** One page: is anything wrong, do events wait, who lands them, what became of the runs, what do analysts read. */
export function dashboard(scope: Construct, config: InfraConfig, props: DashboardProps): Dashboard {
  const board = new Dashboard(scope, 'Dashboard', { dashboardName: `ingot-${config.environment}`, defaultInterval: Duration.hours(12) });
  board.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: props.alarms.all, width: 2 * width }));
  board.addWidgets(...queueWidgets(props));
  board.addWidgets(...taskWidgets(props));
  board.addWidgets(...runWidgets(props, config));
  return board;
}

function queueWidgets({ data: { events: { queue, dead } } }: DashboardProps): IWidget[] {
  return [
    new GraphWidget({
      title: 'Messages', width,
      left: [
        queue.metricApproximateNumberOfMessagesVisible({ period, label: 'wait' }),
        queue.metricApproximateNumberOfMessagesNotVisible({ period, label: 'in flight' }),
        dead.metricApproximateNumberOfMessagesVisible({ period, label: 'dead letters' }),
      ],
      right: [queue.metricNumberOfMessagesSent({ period, label: 'sent' }), queue.metricNumberOfMessagesDeleted({ period, label: 'landed' })],
    }),
    new GraphWidget({ title: 'Age of the oldest message', width, left: [queue.metricApproximateAgeOfOldestMessage({ period, label: 'seconds' })] }),
  ];
}

function taskWidgets({ consumers: { service } }: DashboardProps): IWidget[] {
  const running = new Metric({
    namespace: 'ECS/ContainerInsights', metricName: 'RunningTaskCount', period, statistic: 'Average', label: 'running',
    dimensionsMap: { ClusterName: service.cluster.clusterName, ServiceName: service.serviceName },
  });
  return [
    new GraphWidget({ title: 'Consumers', width, left: [running] }),
    new GraphWidget({ title: 'Consumers: share of CPU and memory', width, left: [service.metricCpuUtilization({ period, label: 'CPU %' }), service.metricMemoryUtilization({ period, label: 'memory %' })] }),
  ];
}

function runWidgets({ data, layers }: DashboardProps, config: InfraConfig): IWidget[] {
  const machines = Object.entries(layers.machines);
  const runPeriod = Duration.minutes(5);
  const scanned = new Metric({ namespace: 'AWS/Athena', metricName: 'ProcessedBytes', statistic: 'Sum', period: Duration.hours(1), dimensionsMap: { WorkGroup: data.workGroup.name, QueryType: 'DML' } });
  return [
    new GraphWidget({
      title: 'Runs', width,
      left: machines.flatMap(([what, { stateMachine }]) => [
        stateMachine.metricSucceeded({ period: runPeriod, label: `${what} succeeded` }),
        stateMachine.metricFailed({ period: runPeriod, label: `${what} failed` }),
      ]),
      right: machines.map(([what, { stateMachine }]) => stateMachine.metricTime({ period: runPeriod, label: `${what}, ms` })),
    }),
    new GraphWidget({ title: `Athena, GiB read (a query may read ${config.athenaScannedGibMost})`, width, left: [new MathExpression({ expression: 'scanned / 1024 / 1024 / 1024', usingMetrics: { scanned }, period: Duration.hours(1), label: 'GiB' })] }),
  ];
}
