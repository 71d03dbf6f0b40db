import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.js';
import { leastDuckdbBytes } from '../config.js';
import { Lake } from '../lake/lake.js';
import { loadDataset } from '../load.js';
import { CtrService } from '../serve/ctr.js';
import { ctrServer } from '../serve/server.js';
import type { Context } from './context.js';
import { portError } from './port.js';

const defaultPort = 8_080;
const defaultHost = '127.0.0.1';
const pageShare = 0.1;
const longestGoodbyeMs = 10_000;

/** Answers requests for CTR until a signal comes; then those that are open are finished. */
export async function run({ config, clock, lake, signal, progress, result }: Context): Promise<number> {
  const { platform } = await loadDataset(config.datasets, 'storefront_view');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  // DuckDB only reads files, one at a time: what it does not need holds rows and pages.
  const heldBytes = Math.max(leastDuckdbBytes, config.memoryLimit - leastDuckdbBytes);
  const own = new Lake({ ...lake.options, memoryLimitBytes: Math.max(leastDuckdbBytes, config.memoryLimit - heldBytes) });
  const service = new CtrService(own, { heldBytes: heldBytes * (1 - pageShare), pageBytes: heldBytes * pageShare });
  const server = ctrServer(service, { platforms: platform?.values ?? [], version, failed: (text) => progress.note(`serve: ${text}`) });
  const startedAtMs = clock.nowMs();
  try {
    const latest = await service.table.latest();
    const host = config.host ?? defaultHost;
    const port = config.port ?? defaultPort;
    await server.listen({ host, port }).catch((error: unknown) => {
      throw portError(error, host, port, '--port');
    });
    const address = server.server.address() as AddressInfo;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
    progress.note(`serving ${url}/ctr; /openapi.json describes it, /health and /metrics watch it; Ctrl-C ends it`);
    if (latest === null) progress.note(`there is no gold.product_second in ${config.lake} yet: requests are answered when there is, by ingot run storefront`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await closed(server, clock);
    await service.close();
    await own.close();
  }
  const seconds = Math.round((clock.nowMs() - startedAtMs) / 1000);
  result({ seconds, pages: { hits: service.pages.hits, misses: service.pages.misses } }, [`served for ${seconds} s: ${service.pages.hits + service.pages.misses} pages, ${service.pages.hits} of them from memory`]);
  return 0;
}

/** Finishes the answers that are open; a client that does not read its answer is not waited for longer than a while. */
async function closed(server: FastifyInstance, clock: Clock): Promise<void> {
  const done = new AbortController();
  void clock.sleep(longestGoodbyeMs, done.signal).then(() => {
    if (!done.signal.aborted) server.server.closeAllConnections();
  });
  await server.close();
  done.abort();
}
