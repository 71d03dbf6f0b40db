import { z } from 'zod';

/** SQS lets so many messages of a queue be in flight; a consumer holds two windows at once. */
const mostInFlight = 120_000;
const windowsInFlight = 2;
/** Ingot's own bound for a window from a queue. */
const mostWindowRows = 50_000;
/** What Fargate waits between SIGTERM and SIGKILL at most. */
const mostStopS = 120;
/** Landing a window and putting it into the bucket, reckoned generously. */
const commitS = 60;

/** vCPU units → MiB that Fargate gives with them, least and most. */
const fargateMemoryMib: Readonly<Record<string, readonly [number, number]>> = {
  '1024': [2_048, 8_192], '2048': [4_096, 16_384], '4096': [8_192, 30_720], '8192': [16_384, 61_440], '16384': [32_768, 122_880],
};

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const address = z.string().regex(/^[^@\s,]+@[^@\s,]+$/, 'is no address');

const settings = z.strictObject({
  environment: z.string().regex(/^[a-z][a-z0-9]{0,11}$/, 'is no short lower-case name').default('prod'),
  account: z.string().regex(/^\d{12}$/, 'is no account number').optional(),
  region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'is no region').optional(),
  dataset: z.string().regex(/^[a-z][a-z0-9_]*$/, 'is no dataset'),
  /** The image's tag in the repository of the data stack. */
  imageTag: z.string().regex(/^[\w][\w.-]{0,127}$/, 'is no tag').default('1'),

  consumerCpuUnits: whole(1_024, 16_384).default(1_024),
  consumerMemoryMib: whole(2_048, 122_880).default(2_048),
  consumerDiskGib: whole(21, 200).default(30),
  consumerTasksLeast: whole(1, 100).default(1),
  consumerTasksMost: whole(1, 100).default(4),
  /** Messages that wait, for each task, at which the number of tasks is right. */
  consumerBacklogPerTask: whole(100, 10_000_000).default(30_000),
  consumerReceivers: whole(4, 64).default(16),
  windowAgeS: whole(1, 900).default(60),
  visibilityS: whole(30, 43_200).default(300),
  /** A message whose consumers have died so often goes to the dead-letter queue. */
  maxReceives: whole(3, 1_000).default(10),

  transformerCpuUnits: whole(1_024, 16_384).default(4_096),
  transformerMemoryMib: whole(2_048, 122_880).default(16_384),
  transformerDiskGib: whole(21, 200).default(100),
  transformerJobs: whole(1, 64).default(2),
  refreshEveryMinutes: whole(5, 1_440).default(60),
  /** UTC hour of the daily compact and vacuum. */
  maintainAtHour: whole(0, 23).default(2),
  runTimeoutMinutes: whole(10, 10_080).default(360),
  /** `trino://user@host:port/catalog?lake=…`, without a password: silver and gold run there. */
  engineUri: z.string().refine(isEngine, 'is no trino://user@host:port/catalog without a password').optional(),
  /** A secret whose text is the engine's password. */
  engineSecretArn: z.string().regex(/^arn:[\w-]+:secretsmanager:/, 'is no secret').optional(),

  /** Deleted and replaced objects can be had back for so long; 0: the bucket keeps no versions. */
  noncurrentDays: whole(0, 365).default(7),
  logDays: z.coerce.number().pipe(z.union([z.literal(7), z.literal(14), z.literal(30), z.literal(90), z.literal(365)])).default(30),
  athenaScannedGibMost: whole(1, 100_000).default(100),
  analystPrincipalArns: z.string().transform((text) => text.split(',')).pipe(z.array(z.string().regex(/^arn:[\w-]+:iam::\d{12}:/, 'is no principal'))).optional(),
  alarmEmails: z.string().transform((text) => text.split(',')).pipe(z.array(address)).default([]),
  budgetUsdMonthly: whole(1, 10_000_000).default(500),
  messageAgeMinutesMost: whole(1, 10_080).default(15),
});

/** Their names, as `-c ingot:<name>=` takes them. */
export const settingNames: readonly string[] = Object.keys(settings.shape);

const shape = settings
  .superRefine((config, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (config.consumerTasksLeast > config.consumerTasksMost) wrong('consumerTasksLeast', `is more than consumerTasksMost, ${config.consumerTasksMost}`);
    if (config.visibilityS < 2 * (config.windowAgeS + commitS)) wrong('visibilityS', `is less than twice a window and its commit, ${2 * (config.windowAgeS + commitS)} s`);
    if (config.engineSecretArn !== undefined && config.engineUri === undefined) wrong('engineSecretArn', 'is the password of no engine: engineUri is missing');
    for (const who of ['consumer', 'transformer'] as const) {
      const memory = fargateMemoryMib[String(config[`${who}CpuUnits`])];
      if (memory === undefined) wrong(`${who}CpuUnits`, `is none of ${Object.keys(fargateMemoryMib).join(', ')}`);
      else if (config[`${who}MemoryMib`] < memory[0] || config[`${who}MemoryMib`] > memory[1]) wrong(`${who}MemoryMib`, `is not from ${memory[0]} to ${memory[1]}, as ${config[`${who}CpuUnits`]} CPU units want`);
    }
  })
  .transform((config) => ({
    ...config,
    windowRows: Math.min(mostWindowRows, Math.floor(mostInFlight / windowsInFlight / config.consumerTasksMost)),
    stopS: mostStopS,
  }));

function isEngine(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, password } = new URL(text);
  return protocol === 'trino:' && hostname !== '' && password === '';
}

/** The port that tasks must reach, as `--engine` takes it; null without an engine. */
export function enginePort({ engineUri, engineSecretArn }: InfraConfig): number | null {
  if (engineUri === undefined) return null;
  const { port } = new URL(engineUri);
  return port === '' ? (engineSecretArn === undefined ? 8_080 : 443) : Number(port);
}

/** Every setting of the stacks, with its unit in its name. */
export type InfraConfig = z.output<typeof shape>;

/**
 * @param context what `-c ingot:<name>=<value>` or cdk.json says, by name, without the prefix
 * @throws Error naming every setting that is wrong
 */
export function parseConfig(context: Readonly<Record<string, unknown>>): InfraConfig {
  const result = shape.safeParse(context);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => (issue.code === 'unrecognized_keys' ? `there is no setting ${issue.keys.map((key) => `ingot:${key}`).join(', ')}` : `ingot:${issue.path.join('.')} ${issue.message}`)).join('\n'));
}

/** The tag that everything bears, with the environment as its value: the budget counts by it. */
export const projectTag = 'ingot';
