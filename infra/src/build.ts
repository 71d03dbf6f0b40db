import { Tags, type App } from 'aws-cdk-lib';
import { parseConfig, projectTag } from './config.js';
import { datasetTables } from './contract.js';
import { DataStack } from './data/data-stack.js';
import { WorkStack } from './work/work-stack.js';

const prefix = 'ingot:';

/** The stacks of one environment. @throws Error naming the settings that are wrong; LakeError of a dataset that is not there */
export async function build(app: App): Promise<{ readonly data: DataStack; readonly work: WorkStack }> {
  const context = app.node.getAllContext() as Readonly<Record<string, unknown>>;
  const config = parseConfig(Object.fromEntries(Object.entries(context).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []))));
  const tables = await datasetTables(config.dataset);
  const env = { ...(config.account === undefined ? {} : { account: config.account }), ...(config.region === undefined ? {} : { region: config.region }) };
  const data = new DataStack(app, `Ingot-${config.environment}-data`, config, tables, { env });
  const work = new WorkStack(app, `Ingot-${config.environment}-work`, config, tables, data, { env });
  Tags.of(app).add(projectTag, config.environment);
  return { data, work };
}
