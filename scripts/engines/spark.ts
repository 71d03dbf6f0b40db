import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, run } from './cache.js';

const sparkVersion = '4.0.5';
const deltaVersion = '4.0.1';

export interface Spark {
  /** A Python with pyspark. */
  readonly python: string;
  /** The folder of Delta's JAR files. */
  readonly jars: string;
}

/** Spark and its Delta library. */
export async function fetchSpark(): Promise<Spark> {
  const python = await cached(`pyspark-${sparkVersion}`, async (target) => {
    await run('python3', ['-m', 'venv', target]);
    await run(join(target, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `pyspark==${sparkVersion}`]);
  });
  const jars = await cached(`delta-spark-${deltaVersion}`, async (target) => {
    await writeFile(join(target, 'pom.xml'), pom);
    await run('mvn', ['--quiet', '--batch-mode', 'dependency:copy-dependencies', '-DoutputDirectory=libs', '-DincludeGroupIds=io.delta,org.antlr'], target);
  });
  return { python: join(python, 'bin', 'python'), jars: join(jars, 'libs') };
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ingot</groupId>
  <artifactId>delta-spark</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.delta</groupId>
      <artifactId>delta-spark_2.13</artifactId>
      <version>${deltaVersion}</version>
    </dependency>
  </dependencies>
</project>
`;
