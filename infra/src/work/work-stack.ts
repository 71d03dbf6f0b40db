import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { Roles } from '../access/roles.js';
import type { InfraConfig } from '../config.js';
import type { DatasetTables } from '../contract.js';
import type { DataStack } from '../data/data-stack.js';
import { Alarms, alarmTopic } from './alarms.js';
import { budget } from './budget.js';
import { Consumers } from './consumers.js';
import { dashboard } from './dashboard.js';
import { Layers } from './layers.js';
import { retentionOf } from './machine.js';
import { Network } from './network.js';

/** What works on the data stack's lake. It holds nothing: it may be deleted and made again at any time. */
export class WorkStack extends Stack {
  constructor(scope: Construct, id: string, config: InfraConfig, tables: DatasetTables, data: DataStack, props: StackProps) {
    super(scope, id, { ...props, description: 'Ingot: consumers, layers, roles, alarms' });
    const { vpc, tasks } = new Network(this, 'Network', config);
    // Scaling goes by the number of tasks that run, which Container Insights counts.
    const cluster = new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const logs = new LogGroup(this, 'Logs', { logGroupName: `/ingot/${config.environment}`, retention: retentionOf(config), removalPolicy: RemovalPolicy.DESTROY });
    const roles = new Roles(this, 'Roles', config, tables, data);
    const alarms = alarmTopic(this, config, data.key);
    const consumers = new Consumers(this, 'Consumers', config, { data, roles, cluster, tasks, logs });
    const layers = new Layers(this, 'Layers', config, { tables, data, roles, cluster, tasks, logs, alarms });
    dashboard(this, config, { data, consumers, layers, alarms: new Alarms(this, 'Watch', config, data, layers, alarms) });
    budget(this, config, alarms);

    new CfnOutput(this, 'AnalystRoleArn', { value: roles.analyst.roleArn });
    new CfnOutput(this, 'BackfillArn', { value: layers.backfill.stateMachine.stateMachineArn });
  }
}
