import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { projectTag, type InfraConfig } from '../config.js';

/** Says when four fifths of the month's money are spent, and when all of it is going to be. */
export function budget(scope: Construct, config: InfraConfig, alarms: ITopic): CfnBudget {
  const subscribers = [{ subscriptionType: 'SNS', address: alarms.topicArn }];
  const notification = (notificationType: string, threshold: number) => ({
    notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
    subscribers,
  });
  return new CfnBudget(scope, 'Budget', {
    budget: {
      budgetName: `ingot-${config.environment}`,
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: config.budgetUsdMonthly, unit: 'USD' },
      // Counts what bears the tag, once it is activated as a cost allocation tag.
      costFilters: { TagKeyValue: [`user:${projectTag}$${config.environment}`] },
    },
    notificationsWithSubscribers: [notification('ACTUAL', 80), notification('FORECASTED', 100)],
  });
}
