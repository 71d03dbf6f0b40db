import { Duration } from 'aws-cdk-lib';
import { SubnetType, type SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PropagatedTagSource, type Cluster } from 'aws-cdk-lib/aws-ecs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Errors, Fail, IntegrationPattern, JitterType, TaskInput, Timeout, type IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { EcsFargateLaunchTarget, EcsRunTask, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { IngotTask } from './task.js';

export interface RunProps {
  readonly cluster: Cluster;
  readonly tasks: SecurityGroup;
  readonly alarms: ITopic;
  readonly task: IngotTask;
}

/** No room in Fargate, throttling: passes by itself. */
const passing = ['ECS.AmazonECSException', 'AmazonECS.Unknown', 'ECS.ServerException', 'ECS.ThrottlingException'];

/** Commands of Ingot as tasks that are waited for; one fails when the command exits other than with 0. */
export class IngotRuns {
  constructor(private readonly scope: Construct, private readonly config: InfraConfig, private readonly props: RunProps) {}

  /**
   * Every command may be run again: one that was killed goes on, or does its work anew. What a retry can't cure (a check
   * of a model that fails, a wrong setting) fails again, three times in all.
   * @param command words; `{% … %}` is JSONata
   */
  step(name: string, command: readonly string[], onFailure: IChainable): EcsRunTask {
    const { cluster, tasks, task } = this.props;
    const step = EcsRunTask.jsonata(this.scope, name, {
      integrationPattern: IntegrationPattern.RUN_JOB,
      cluster,
      taskDefinition: task.definition,
      launchTarget: new EcsFargateLaunchTarget(),
      assignPublicIp: false,
      subnets: cluster.vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_ISOLATED }),
      securityGroups: [tasks],
      containerOverrides: [{ containerDefinition: task.container, command: [...command] }],
      // The budget counts tasks by their tags.
      propagatedTagSource: PropagatedTagSource.TASK_DEFINITION,
      taskTimeout: Timeout.duration(Duration.minutes(this.config.runTimeoutMinutes)),
      // The next command is told what this one was told, not what became of its container.
      outputs: '{% $states.input %}',
    });
    step.addRetry({ errors: passing, interval: Duration.seconds(30), backoffRate: 2, maxAttempts: 6, maxDelay: Duration.minutes(10), jitterStrategy: JitterType.FULL });
    step.addRetry({ errors: [Errors.TASKS_FAILED], interval: Duration.minutes(1), backoffRate: 3, maxAttempts: 2, jitterStrategy: JitterType.FULL });
    step.addCatch(onFailure, { errors: [Errors.ALL], outputs: '{% $states.errorOutput %}' });
    return step;
  }

  /** Says what has failed, and fails. */
  failure(what: string): IChainable {
    const { environment, dataset } = this.config;
    const tell = SnsPublish.jsonata(this.scope, `Tell that ${what} failed`, {
      topic: this.props.alarms,
      subject: `Ingot ${environment}: ${what} of ${dataset} failed`,
      message: TaskInput.fromText('{% $string({"execution": $states.context.Execution.Id, "error": $states.input.Error, "cause": $substring($states.input.Cause, 0, 4000)}) %}'),
      outputs: '{% $states.input %}',
    });
    const fail = Fail.jsonata(this.scope, `${what} failed`, { error: '{% $states.input.Error %}', cause: '{% $states.input.Cause %}' });
    // That nobody could be told must not hide what failed.
    tell.addCatch(fail, { errors: [Errors.ALL], outputs: '{% $states.input %}' });
    return tell.next(fail);
  }
}
