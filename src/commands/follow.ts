import { leastDuckdbBytes, threadsWithin } from '../config.js';
import type { Dataset } from '../dataset.js';
import { messageOf } from '../errors.js';
import { Lake } from '../lake/lake.js';
import { status, type StatusSummary } from '../report/status.js';
import { probeDepth, type DepthProbe } from '../sources/depth.js';
import type { WindowCounts } from '../bronze/bronze.js';
import { land } from './bronze.js';
import { tellBuilt } from './built.js';
import type { Context } from './context.js';
import { modelsDir } from './models.js';
import { Layers, Refresher } from './layers.js';
import type { MetricsServer } from './metrics.js';
import { plural } from './output.js';

/** How long a window is open when every layer is to be fresh. */
const windowAgeMs = 1_000;
/** How often it is looked whether stale dates are to be built though nothing comes. */
const idleMs = 5_000;

/**
 * Lands until a signal comes, and keeps silver and gold fresh beside it. A DuckDB session does one thing at a time, so each
 * of the two has one of its own, and the memory is divided: gold keeps the tables of the newest dates in a third.
 * @returns the exit status
 */
export async function follow(context: Context, dataset: Dataset): Promise<number> {
  const { config, clock, progress, signal } = context;
  const part = (share: number): Lake => {
    const memoryLimitBytes = Math.max(leastDuckdbBytes, context.lake.options.memoryLimitBytes * share);
    return new Lake({ ...context.lake.options, memoryLimitBytes, threads: Math.min(context.lake.options.threads, 2 * threadsWithin(memoryLimitBytes)) });
  };
  const [landingLake, layersLake, statusLake] = [part(0.35), part(0.4), part(0.05)];
  const layers = new Layers({ ...context, lake: layersLake }, [dataset]);
  const counts = { received: 0, landed: 0, rejected: 0, redelivered: 0, forgotten: 0, commits: 0 };
  const refresher = new Refresher(
    async () => {
      await layers.refresh(false);
      await layers.merge(counts.commits);
    },
    (error) => progress.note(`silver and gold are not up to date, and are tried again with the next window: ${messageOf(error)}`),
  );
  const metrics = await serveMetrics(context, dataset, statusLake, () => ({ ...counts, refreshes: layers.refreshes, refreshMs: layers.refreshMs }));
  const stop = new AbortController();
  try {
    const idle = whileIdle(context, layers, refresher, AbortSignal.any([signal, stop.signal]));
    const startedAtMs = clock.nowMs();
    const landing: Context = { ...context, lake: landingLake, config: { ...config, windowAge: config.windowAge ?? windowAgeMs } };
    const { summary, failures } = await land(landing, dataset, (window) => {
      add(counts, window);
      progress.note(`${plural(window.received, 'message')} committed`);
      refresher.want();
      return Promise.resolve();
    });
    const tookMs = clock.nowMs() - startedAtMs;
    stop.abort();
    await idle;
    await refresher.settle();
    const failed = await layers.refresh(true).then(() => null, (error: unknown) => ({ error }));
    return tellBuilt(context, { landed: [{ dataset, summary, failures, tookMs }], layers, failed });
  } finally {
    stop.abort();
    await refresher.settle();
    await metrics?.close();
    await layers.close();
    for (const lake of [landingLake, layersLake, statusLake]) await lake.close();
  }
}

interface Counts {
  received: number;
  landed: number;
  rejected: number;
  redelivered: number;
  forgotten: number;
  commits: number;
}

function add(counts: Counts, window: WindowCounts): void {
  counts.received += window.received;
  counts.landed += window.landed;
  counts.rejected += window.rejected;
  counts.redelivered += window.redelivered;
  counts.forgotten += window.forgotten;
  counts.commits++;
}

/** Has the dates that late events have made stale built, also when nothing comes any more. */
async function whileIdle({ clock }: Context, layers: Layers, refresher: Refresher, signal: AbortSignal): Promise<void> {
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    await clock.sleep(idleMs, signal);
    if (!stopped() && layers.owes) refresher.want();
  }
}

async function serveMetrics(context: Context, dataset: Dataset, lake: Lake, counts: () => Counts & { readonly refreshes: number; readonly refreshMs: number | null }): Promise<MetricsServer | null> {
  const { config, clock, progress } = context;
  if (config.metricsPort === undefined) return null;
  const { startMetrics } = await import('./metrics.js');
  const probe: DepthProbe | null = config.from === undefined || config.from === '-' ? null : probeDepth(config.from, process.env);
  const collect = async (): Promise<StatusSummary> => (await status(lake, dataset, modelsDir(context, dataset), probe)).summary;
  const server = await startMetrics(config.metricsPort, { collect, counts }, clock);
  progress.note(`metrics at http://127.0.0.1:${server.port}/metrics`);
  return {
    port: server.port,
    close: async () => {
      await server.close();
      probe?.close();
    },
  };
}
