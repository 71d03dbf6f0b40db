import { Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, ArnPrincipal, CompositePrincipal, PolicyStatement, Role, ServicePrincipal, type IPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import type { DatasetTables } from '../contract.js';
import { databaseName } from '../data/catalog.js';
import type { DataStack } from '../data/data-stack.js';
import { analystAccess, consumerAccess, keeperAccess, transformerAccess, type LakeAccess } from './lake-access.js';
import { lakeStatements } from './statements.js';

/** One role for each kind of work; none can do another's. */
export class Roles extends Construct {
  /** Lands events: receives and deletes them, and writes bronze. */
  readonly consumer: Role;
  /** Builds silver and gold. */
  readonly transformer: Role;
  /** Compacts and vacuums. */
  readonly keeper: Role;
  /** Asks Athena about silver and gold. */
  readonly analyst: Role;

  constructor(scope: Construct, id: string, private readonly config: InfraConfig, tables: DatasetTables, private readonly data: DataStack) {
    super(scope, id);
    this.consumer = this.taskRole('Consumer', 'lands events into bronze', consumerAccess(tables));
    this.consumer.addToPolicy(new PolicyStatement({
      sid: 'Queue',
      actions: ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
      resources: [data.events.queue.queueArn],
    }));
    this.transformer = this.taskRole('Transformer', 'builds silver and gold', transformerAccess(tables));
    this.keeper = this.taskRole('Keeper', 'compacts and vacuums', keeperAccess(tables));
    this.analyst = this.role('Analyst', 'reads silver and gold by Athena', analysts(config), analystAccess(tables));
    for (const statement of this.athenaStatements(tables)) this.analyst.addToPolicy(statement);
  }

  /** A role that only tasks of this account may have: no other service is talked into using it. */
  private taskRole(id: string, what: string, access: LakeAccess): Role {
    const { account, partition, region } = Stack.of(this);
    const tasks = new ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': `arn:${partition}:ecs:${region}:${account}:*` } },
    });
    return this.role(id, what, tasks, access);
  }

  private role(id: string, what: string, assumedBy: IPrincipal, access: LakeAccess): Role {
    const role = new Role(this, id, { assumedBy, description: `Ingot: ${what}` });
    for (const statement of lakeStatements(this.data.lake, this.data.key, access)) role.addToPolicy(statement);
    return role;
  }

  private athenaStatements(tables: DatasetTables): PolicyStatement[] {
    const stack = Stack.of(this);
    const glue = (resourceName: string): string => stack.formatArn({ service: 'glue', resource: resourceName });
    const layers = [['silver', tables.silver], ['gold', tables.gold]] as const;
    return [
      // Athena asks for it before it reads a table's files.
      new PolicyStatement({ sid: 'Place', actions: ['s3:GetBucketLocation'], resources: [this.data.lake.bucketArn] }),
      new PolicyStatement({
        sid: 'Ask',
        actions: ['athena:StartQueryExecution', 'athena:StopQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults', 'athena:GetQueryResultsStream', 'athena:ListQueryExecutions', 'athena:GetWorkGroup'],
        resources: [stack.formatArn({ service: 'athena', resource: 'workgroup', resourceName: `ingot-${this.config.environment}` })],
      }),
      new PolicyStatement({
        sid: 'Catalog',
        actions: ['glue:GetDatabase', 'glue:GetDatabases', 'glue:GetTable', 'glue:GetTables', 'glue:GetPartitions'],
        resources: [glue('catalog'), ...layers.flatMap(([layer, names]) => {
          const name = databaseName(this.config, layer);
          return [glue(`database/${name}`), ...names.map((table) => glue(`table/${name}/${table}`))];
        })],
      }),
    ];
  }
}

/** Without names it is for the account's own policies to say who may be an analyst. */
function analysts({ analystPrincipalArns }: InfraConfig): IPrincipal {
  const [first, ...others] = (analystPrincipalArns ?? []).map((arn) => new ArnPrincipal(arn));
  return first === undefined ? new AccountRootPrincipal() : new CompositePrincipal(first, ...others);
}
