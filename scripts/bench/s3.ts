import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { VersityGw } from '../engines/versitygw.js';
import { findEngines } from '../faults/engines.js';
import { compare, type PartResult } from './figures.js';
import { pair } from './landing.js';
import { SlowLink } from './link.js';
import { alternate, type Side } from './measure.js';
import { stepsOf, stepText, type Steps } from './steps.js';
import { landFrom, tableFiles, withLake, type Workbench } from './workbench.js';

const bucket = 'bench-lakes';
/** Slow enough for the upload to count: on loopback it takes no time. */
const linkBytesPerSecond = 5e6;
const windowRows = 10_000;
const parallelUploads = 4;

/** Landing into S3 over a slow link, against uploading the same files alone; and how much of its steps overlap. */
export async function s3(bench: Workbench): Promise<PartResult> {
  const { versityGw, httpfs } = await findEngines();
  if (versityGw === null || httpfs === null) return { figures: [], notes: ['versitygw and httpfs are not in the cache: `npm run test:engines` puts them there; nothing was measured of S3'] };
  const server = await VersityGw.start(versityGw);
  const link = await SlowLink.open(Number(new URL(server.endpoint).port), linkBytesPerSecond);
  try {
    await server.makeBucket(bucket);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${link.port}`, AWS_ACCESS_KEY_ID: server.keyId, AWS_SECRET_ACCESS_KEY: server.secret,
      AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', INGOT_DUCKDB_EXTENSIONS: httpfs,
    });
    return await compareUploads(bench);
  } finally {
    await link.close();
    await server.stop();
  }
}

async function compareUploads(bench: Workbench): Promise<PartResult> {
  const file = await bench.file();
  const local = join(bench.folder, 'lake-windows');
  await landFrom(local, file, bench.dataset, windowRows);
  const files = await withLake(local, (lake) => tableFiles(lake, 'bronze', bench.dataset.name));
  let lakes = 0;
  const place = (): string => `s3://${bucket}/lake-${++lakes}`;
  const ingot: Side = { name: 'Ingot', events: bench.events, work: () => landFrom(place(), file, bench.dataset, windowRows) };
  const upload: Side = { name: 'uploading the files alone', events: bench.events, work: () => uploadAll(files, `files-${++lakes}`) };
  const folder: Side = { name: 'into a folder', events: bench.events, work: (run) => landFrom(join(run, 'lake'), file, bench.dataset, windowRows) };
  const sides = [ingot, upload, folder];
  const costs = await alternate(sides, bench.runs, bench.folder);
  const against = (side: Side, what: string) => compare('s3', what, pair(ingot, sides, costs), pair(side, sides, costs), null);
  const steps = await stepsOf(place(), file, bench.dataset, windowRows);
  const alone = oneAfterTheOther(steps);
  return {
    figures: [against(upload, 'Landing into S3, against uploading its files alone'), against(folder, 'Landing into S3, against landing into a folder')],
    notes: [`s3, over a link of ${linkBytesPerSecond / 1e6} MB/s, ${files.length} files, by step: ${stepText(steps)}; the steps one after the other would be ${Math.round(alone)} ms: ${(steps.whole / alone).toFixed(2)} of that is taken`],
  };
}

function oneAfterTheOther({ receive, spool, land, commit }: Steps): number {
  return receive + spool + land + commit;
}

/** What the AWS SDK takes for the same bytes, with nothing else to do. */
async function uploadAll(files: readonly string[], prefix: string): Promise<void> {
  const client = new S3Client({ forcePathStyle: true });
  try {
    const left = [...files];
    const worker = async (): Promise<void> => {
      for (let file = left.pop(); file !== undefined; file = left.pop()) {
        await new Upload({ client, params: { Bucket: bucket, Key: `${prefix}/${left.length}.parquet`, Body: createReadStream(file) } }).done();
      }
    };
    await Promise.all(Array.from({ length: parallelUploads }, worker));
  } finally {
    client.destroy();
  }
}
