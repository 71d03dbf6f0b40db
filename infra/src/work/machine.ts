import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Choice, Condition, DefinitionBody, Errors, Fail, JitterType, LogLevel, QueryLanguage, StateMachine, StateMachineType, Succeed, type IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

/** Gives the work of a machine, as states below the scope. */
export type Work = (scope: Construct) => IChainable;

/** `skip`: an execution that finds another one at work succeeds at once; `fail`: it fails, since somebody waits for it. */
export type WhenBusy = 'skip' | 'fail';

/**
 * A state machine whose executions do not overlap: runs at once would be right, as Ingot settles them, but the second would
 * do the first one's work in vain.
 */
export class Machine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, config: InfraConfig, whenBusy: WhenBusy, work: Work) {
    super(scope, id);
    const stateMachineName = `ingot-${config.environment}-${id.toLowerCase()}`;
    const others = CallAwsService.jsonata(this, 'Who is at work', {
      service: 'sfn',
      action: 'listExecutions',
      iamAction: 'states:ListExecutions',
      iamResources: [Stack.of(this).formatArn({ service: 'states', resource: 'stateMachine', resourceName: stateMachineName, arnFormat: ArnFormat.COLON_RESOURCE_NAME })],
      parameters: { StateMachineArn: '{% $states.context.StateMachine.Id %}', StatusFilter: 'RUNNING', MaxResults: 100 },
      outputs: { input: '{% $states.context.Execution.Input %}', busy: busyExpression },
    });
    others.addRetry({ errors: [Errors.ALL], interval: Duration.seconds(5), backoffRate: 2, maxAttempts: 5, jitterStrategy: JitterType.FULL });
    const busy = whenBusy === 'skip'
      ? Succeed.jsonata(this, 'Another one is at work')
      : Fail.jsonata(this, 'Another one is at work', { error: 'Busy', cause: 'Another execution is running: begin this one again when it has ended.' });
    const alone = Choice.jsonata(this, 'Alone?').when(Condition.jsonata('{% $states.input.busy %}'), busy).otherwise(work(this));
    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(others.next(alone)),
      logs: {
        level: LogLevel.ERROR,
        includeExecutionData: true,
        // This prefix spares the account's resource policy for logs an entry for each group.
        destination: new LogGroup(this, 'Log', { logGroupName: `/aws/vendedlogs/states/${stateMachineName}`, retention: retentionOf(config), removalPolicy: RemovalPolicy.DESTROY }),
      },
    });
  }
}

const retentions = { 7: RetentionDays.ONE_WEEK, 14: RetentionDays.TWO_WEEKS, 30: RetentionDays.ONE_MONTH, 90: RetentionDays.THREE_MONTHS, 365: RetentionDays.ONE_YEAR } as const;

export function retentionOf({ logDays }: InfraConfig): RetentionDays {
  return retentions[logDays];
}

/** Whether another execution goes first: it began earlier, or at the same moment under a lower name. */
export const busyExpression = `{% (
  $me := $states.context.Execution;
  $mine := $toMillis($me.StartTime);
  $count($states.result.Executions[Name != $me.Name and ($toMillis(StartDate) < $mine or ($toMillis(StartDate) = $mine and Name < $me.Name))]) > 0
) %}`;
