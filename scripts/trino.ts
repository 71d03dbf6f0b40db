import { once } from 'node:events';
import { installPrerequisites, say } from './engines/cache.js';
import { fetchTrino, Trino } from './engines/trino.js';

const port = 8080;

/** A coordinator and a worker on this machine, with the catalogs that Ingot needs, until SIGINT or SIGTERM. */
async function main(): Promise<void> {
  await installPrerequisites();
  const programs = await fetchTrino();
  say('starting a coordinator and a worker, 2 GB each');
  const trino = await Trino.start({ port }, programs);
  process.stdout.write(`Trino is up. Ctrl-C ends it. In another terminal:\n  export INGOT_ENGINE=trino://ingot@127.0.0.1:${port}/hive\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await trino.stop();
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
