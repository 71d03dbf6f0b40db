import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import type { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Chain, Map as DateMap, Errors, Fail, ProvideItems, Succeed, type IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Roles } from '../access/roles.js';
import type { InfraConfig } from '../config.js';
import type { DatasetTables } from '../contract.js';
import type { DataStack } from '../data/data-stack.js';
import { lakeUri } from './consumers.js';
import { Machine } from './machine.js';
import { IngotRuns } from './run-task.js';
import { IngotTask, type TaskProps } from './task.js';

export interface LayersProps {
  readonly tables: DatasetTables;
  readonly data: DataStack;
  readonly roles: Roles;
  readonly cluster: Cluster;
  readonly tasks: SecurityGroup;
  readonly logs: LogGroup;
  readonly alarms: ITopic;
}

/** Runs silver and gold, on a schedule and over ranges of dates, and keeps the lake's files in order. */
export class Layers extends Construct {
  /** Silver, then gold: what is stale, and nothing else. */
  readonly refresh: Machine;
  /** Input `{"since": "2026-01-01", "until": "2026-01-31"}`: rebuilds date by date. */
  readonly backfill: Machine;
  /** Compact, then vacuum. */
  readonly maintain: Machine;

  constructor(scope: Construct, id: string, private readonly config: InfraConfig, private readonly props: LayersProps) {
    super(scope, id);
    // Gold joins all contracts of a folder, whichever of them this queue's events are of.
    const { family } = props.tables;
    const builder = new IngotTask(this, 'Transformer', config, this.taskProps('silver', { role: props.roles.transformer, takesEngine: true }));
    const keeper = new IngotTask(this, 'Keeper', config, this.taskProps('vacuum', { role: props.roles.keeper }));
    this.refresh = new Machine(this, 'Refresh', config, 'skip', (states) => this.inTurn(states, builder, 'refresh', {
      Silver: ['silver', family, '--jobs', String(config.transformerJobs), '--json'],
      Gold: ['gold', family, '--jobs', String(config.transformerJobs), '--json'],
    }));
    this.backfill = new Machine(this, 'Backfill', config, 'fail', (states) => this.byDate(states, builder));
    this.maintain = new Machine(this, 'Maintain', config, 'skip', (states) => this.inTurn(states, keeper, 'maintenance', {
      Compact: ['compact', family, '--json'],
      Vacuum: ['vacuum', family, '--json'],
    }));
    for (const { stateMachine } of Object.values(this.machines)) {
      stateMachine.addToRolePolicy(mayPublish(props.data.key));
      stateMachine.addToRolePolicy(mayTag(props.cluster));
    }
    this.schedule('RefreshSchedule', ScheduleExpression.rate(Duration.minutes(config.refreshEveryMinutes)), this.refresh);
    this.schedule('MaintainSchedule', ScheduleExpression.cron({ minute: '30', hour: String(config.maintainAtHour), timeZone: TimeZone.ETC_UTC }), this.maintain);
  }

  get machines(): Readonly<Record<string, Machine>> {
    return { refresh: this.refresh, backfill: this.backfill, maintenance: this.maintain };
  }

  private taskProps(command: string, own: Pick<TaskProps, 'role' | 'takesEngine'>): TaskProps {
    const { config, props } = this;
    return {
      ...own,
      cpuUnits: config.transformerCpuUnits,
      memoryMib: config.transformerMemoryMib,
      diskGib: config.transformerDiskGib,
      images: props.data.images,
      logs: props.logs,
      lakeUri: lakeUri(props.data),
      command: [command, props.tables.family],
    };
  }

  private runs(states: Construct, task: IngotTask): IngotRuns {
    const { cluster, tasks, alarms } = this.props;
    return new IngotRuns(states, this.config, { cluster, tasks, alarms, task });
  }

  /** Commands one after the other; the first that fails ends it. */
  private inTurn(states: Construct, task: IngotTask, what: string, commands: Readonly<Record<string, readonly string[]>>): IChainable {
    const runs = this.runs(states, task);
    const failure = runs.failure(what);
    const steps = Object.entries(commands).map(([name, command]) => runs.step(name, command, failure));
    return steps.slice(1).reduce((chain: Chain, step) => chain.next(step), Chain.start(steps[0] ?? failure)).next(Succeed.jsonata(states, 'Done'));
  }

  /**
   * One date at a time: Ingot lets a dataset have one backfill, and its `--jobs` work at once on what a date has. A date that
   * fails ends it; begun again, dates that are done are rebuilt once more, to the same rows.
   */
  private byDate(states: Construct, task: IngotTask): IChainable {
    const runs = this.runs(states, task);
    const failure = runs.failure('backfill');
    const dates = DateMap.jsonata(states, 'Each date', {
      items: ProvideItems.jsonata(datesExpression),
      maxConcurrency: 1,
      itemSelector: { date: '{% $states.context.Map.Item.Value %}' },
      outputs: '{% $states.input %}',
    });
    const date = '{% $states.input.date %}';
    // Its failure ends the map, and the map's failure is told once.
    const failed = Fail.jsonata(states, 'Date failed', { error: '{% $states.input.Error %}', cause: '{% $states.input.Cause %}' });
    dates.itemProcessor(runs.step('Rebuild', ['backfill', this.props.tables.family, '--since', date, '--until', date, '--jobs', String(this.config.transformerJobs), '--json'], failed));
    dates.addCatch(failure, { errors: [Errors.ALL], outputs: '{% $states.errorOutput %}' });
    return dates.next(Succeed.jsonata(states, 'Done'));
  }

  private schedule(id: string, expression: ScheduleExpression, { stateMachine }: Machine): void {
    new Schedule(this, id, { schedule: expression, target: new StepFunctionsStartExecution(stateMachine, { retryAttempts: 3, maxEventAge: Duration.hours(1) }), description: `Ingot: ${id}` });
  }
}

/** The topic is encrypted: who publishes to it needs its key as well. */
function mayPublish(key: IKey): PolicyStatement {
  return new PolicyStatement({
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `sns.${Stack.of(key).region}.amazonaws.com` } },
  });
}

/** Tasks are begun with their definition's tags. */
function mayTag(cluster: Cluster): PolicyStatement {
  return new PolicyStatement({
    actions: ['ecs:TagResource'],
    resources: [Stack.of(cluster).formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster.clusterName}/*` })],
    conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
  });
}

/** The dates of the input, both ends included; an error where it has none, more than a year of them, or no dates at all. */
export const datesExpression = `{% (
  $dayMs := 86400000;
  $asked := $states.input.input;
  $first := $toMillis($asked.since, '[Y0001]-[M01]-[D01]');
  $days := ($toMillis($asked.until, '[Y0001]-[M01]-[D01]') - $first) / $dayMs;
  $days >= 0 and $days < 366 ? [[0..$days].$fromMillis($first + $ * $dayMs, '[Y0001]-[M01]-[D01]')] : $error('since and until must be dates such as 2026-01-31, at most a year apart')
) %}`;
