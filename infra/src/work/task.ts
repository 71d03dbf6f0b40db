import { Duration, Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ContainerImage, CpuArchitecture, FargateTaskDefinition, LinuxParameters, LogDrivers, OperatingSystemFamily, Secret, type ContainerDefinition } from 'aws-cdk-lib/aws-ecs';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret as StoredSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

/** Where work in progress lies and DuckDB spills. The image has it as a volume of its user: Fargate keeps a volume's owner. */
const scratch = '/scratch';
/** DuckDB counts in its own bytes what it gives back late: a task that is told all of its memory is killed now and then. */
const shareForIngot = 0.9;

export interface TaskProps {
  readonly cpuUnits: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly role: Role;
  readonly images: IRepository;
  readonly logs: LogGroup;
  readonly lakeUri: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether silver and gold may run on another engine. */
  readonly takesEngine?: boolean;
}

/** One container with Ingot in it, that writes nowhere but into its scratch volume and the lake. */
export class IngotTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;

  constructor(scope: Construct, id: string, config: InfraConfig, props: TaskProps) {
    super(scope, id);
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      cpu: props.cpuUnits,
      memoryLimitMiB: props.memoryMib,
      ephemeralStorageGiB: props.diskGib,
      taskRole: props.role,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.X86_64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      volumes: [{ name: 'scratch' }],
    });
    this.container = this.definition.addContainer('ingot', {
      image: ContainerImage.fromEcrRepository(props.images, config.imageTag),
      command: [...props.command],
      environment: {
        AWS_REGION: Stack.of(this).region,
        INGOT_LAKE: props.lakeUri,
        INGOT_MEMORY: `${Math.floor(props.memoryMib * shareForIngot)}MiB`,
        INGOT_SCRATCH: scratch,
        TMPDIR: scratch,
        HOME: scratch,
        ...(props.takesEngine === true && config.engineUri !== undefined ? { INGOT_ENGINE: config.engineUri } : {}),
        ...props.environment,
      },
      secrets: props.takesEngine === true && config.engineSecretArn !== undefined
        ? { INGOT_ENGINE_PASSWORD: Secret.fromSecretsManager(StoredSecret.fromSecretCompleteArn(this, 'Engine', config.engineSecretArn)) }
        : {},
      readonlyRootFilesystem: true,
      linuxParameters: new LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      // SIGTERM closes the open window, commits it and acknowledges it.
      stopTimeout: Duration.seconds(config.stopS),
      healthCheck: { command: ['CMD', 'node', 'health.mjs'], interval: Duration.seconds(60), timeout: Duration.seconds(10), retries: 3, startPeriod: Duration.seconds(60) },
      logging: LogDrivers.awsLogs({ logGroup: props.logs, streamPrefix: id.toLowerCase() }),
    });
    this.container.addMountPoints({ sourceVolume: 'scratch', containerPath: scratch, readOnly: false });
  }
}
