import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { DataStack } from '../data/data-stack.js';
import type { Layers } from './layers.js';

/** Where everything that somebody should look at is told. */
export function alarmTopic(scope: Construct, config: InfraConfig, key: IKey): Topic {
  const topic = new Topic(scope, 'Alarms', { masterKey: key, enforceSSL: true, displayName: `Ingot ${config.environment}` });
  for (const email of config.alarmEmails) topic.addSubscription(new EmailSubscription(email));
  for (const service of ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com']) {
    topic.addToResourcePolicy(new PolicyStatement({
      principals: [new ServicePrincipal(service)],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }));
  }
  return topic;
}

/** Each says what has gone wrong, and what to do first. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];

  constructor(scope: Construct, id: string, config: InfraConfig, data: DataStack, layers: Layers, private readonly topic: Topic) {
    super(scope, id);
    const minute = Duration.minutes(1);
    const { queue, dead } = data.events;
    this.alarm('DeadLetters', dead.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: 'Maximum' }), 1, 1,
      'Consumers have died on these messages again and again: read their logs, then move the messages back into the queue (start-message-move-task).');
    this.alarm('MessageAge', queue.metricApproximateAgeOfOldestMessage({ period: minute, statistic: 'Maximum' }), config.messageAgeMinutesMost * 60, 5,
      'Events wait too long: consumers are away, or too few (consumerTasksMost).');
    for (const [what, { stateMachine }] of Object.entries(layers.machines)) {
      const name = what.charAt(0).toUpperCase() + what.slice(1);
      this.alarm(`${name}Failed`, stateMachine.metricFailed({ period: Duration.minutes(5), statistic: 'Sum' }), 1, 1, `The ${what} has failed: the execution says on which command, its task's log why.`);
      this.alarm(`${name}TimedOut`, stateMachine.metricTimedOut({ period: Duration.minutes(5), statistic: 'Sum' }), 1, 1, `The ${what} has timed out.`);
    }
    const refreshed = layers.refresh.stateMachine.metricSucceeded({ period: Duration.minutes(config.refreshEveryMinutes), statistic: 'Sum' });
    this.alarm('NotRefreshed', refreshed, 0, 3, 'Silver and gold have not been refreshed three times in a row, and no run says why: is the schedule on?', {
      comparisonOperator: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  private alarm(id: string, metric: IMetric, threshold: number, evaluationPeriods: number, alarmDescription: string, other: { readonly comparisonOperator?: ComparisonOperator; readonly treatMissingData?: TreatMissingData } = {}): void {
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      evaluationPeriods,
      alarmDescription,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...other,
    });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.all.push(alarm);
  }
}
