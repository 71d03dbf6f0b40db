import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchAws } from './engines/aws.js';
import { cacheFolder, exitCode, installPrerequisites, say } from './engines/cache.js';
import { fetchElasticMq } from './engines/elasticmq.js';
import { fetchKafka } from './engines/kafka.js';
import { fetchPostgres } from './engines/postgres.js';
import { fetchExtension, fetchPython, fetchSchemathesis } from './engines/python.js';
import { fetchSpark } from './engines/spark.js';
import { fetchTrino } from './engines/trino.js';
import { fetchVersityGw } from './engines/versitygw.js';

/** Fetches the readers and servers that Ingot did not write, then runs the tests against them. Fails when one is not to be had. */
async function main(): Promise<number> {
  say(`the cache is ${cacheFolder()}`);
  await installPrerequisites();
  const python = await fetchPython();
  const spark = await fetchSpark();
  const trino = await fetchTrino();
  const environment = {
    ...process.env,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    INGOT_PYTHON: python,
    INGOT_DELTA_EXTENSION: await fetchExtension(python, 'delta'),
    INGOT_SCHEMATHESIS: await fetchSchemathesis(),
    INGOT_SPARK_PYTHON: spark.python,
    INGOT_SPARK_JARS: spark.jars,
    INGOT_ELASTICMQ: await fetchElasticMq(),
    INGOT_KAFKA: await fetchKafka(),
    INGOT_TRINO: trino.home,
    INGOT_TRINO_JAVA: trino.java,
    INGOT_AWS: await fetchAws(),
    INGOT_POSTGRES: await fetchPostgres(),
    INGOT_VERSITYGW: await fetchVersityGw(),
    INGOT_HTTPFS_EXTENSION: await fetchExtension(python, 'httpfs'),
    INGOT_AWS_EXTENSION: await fetchExtension(python, 'aws'),
    INGOT_THOROUGH: '1',
  };
  const root = fileURLToPath(new URL('..', import.meta.url));
  const wanted = process.argv.slice(2);
  const tests = wanted.length > 0 ? wanted : [...(await testFiles(join(root, 'test', 'engines'))), ...(await sharedTests(join(root, 'test')))];
  say(`running ${tests.length} test files`);
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  return exitCode(process.execPath, ['--import', 'tsx', mocha, '--no-config', '--timeout', '120000', ...tests], root, environment, 'inherit');
}

async function testFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.test.ts')).sort().map((name) => join(folder, name));
}

/** Tests of which `npm test` does a share: here all of them is done. */
async function sharedTests(folder: string): Promise<string[]> {
  const shared: string[] = [];
  for (const file of await testFiles(folder)) if ((await readFile(file, 'utf8')).includes('support/thorough.js')) shared.push(file);
  return shared;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(error instanceof Error ? `${error.message}${error.cause instanceof Error ? `\n${error.cause.message}` : ''}` : String(error));
    process.exitCode = 1;
  },
);
