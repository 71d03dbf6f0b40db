import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import { exposition, expositionType, type ProcessCounts } from '../report/exposition.js';
import type { StatusSummary } from '../report/status.js';
import { portError } from './port.js';

const host = '127.0.0.1';

/** Scrapes within this time share one status. */
const cacheMs = 5_000;

export interface MetricsSources {
  /** Tells the status; at most one call is under way, and there is at most one every few seconds. */
  readonly collect: () => Promise<StatusSummary>;
  /** What this process has done so far; asked at every scrape. */
  readonly counts: () => ProcessCounts;
}

export interface MetricsServer {
  readonly port: number;
  /** Ends connections, and waits for the status that is being told. */
  close(): Promise<void>;
}

/**
 * Serves `/metrics` (Prometheus text) and `/health` on loopback until it is closed. A status that can't be told is a 503.
 * @param port 0 takes one that is free
 * @throws LakeError USAGE when the port can't be had
 */
export async function startMetrics(port: number, sources: MetricsSources, clock: Clock): Promise<MetricsServer> {
  const statuses = new Statuses(sources.collect, clock);
  const server = createServer((request, response) => {
    answer(request, response, statuses, sources.counts).catch((error: unknown) => reply(response, 500, plain, `${messageOf(error)}\n`));
  });
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await statuses.settle();
    },
  };
}

const plain = 'text/plain; charset=utf-8';

async function answer(request: IncomingMessage, response: ServerResponse, statuses: Statuses, counts: () => ProcessCounts): Promise<void> {
  const path = request.method === 'GET' || request.method === 'HEAD' ? (request.url ?? '').split('?', 1)[0] : null;
  if (path === '/health') reply(response, 200, plain, 'ok\n');
  else if (path === '/metrics') {
    const outcome = await statuses.newest();
    if ('error' in outcome) reply(response, 503, plain, `the status can't be told: ${messageOf(outcome.error)}\n`);
    else reply(response, 200, expositionType, await exposition(outcome.summary, counts()));
  } else reply(response, 404, plain, 'there are /metrics and /health\n');
}

function reply(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

type Outcome = { readonly summary: StatusSummary } | { readonly error: unknown };

/** The newest status, or why there is none: both are kept for a while, so that scrapes can't pile up work. */
class Statuses {
  private kept: { readonly outcome: Outcome; readonly atMs: number } | null = null;
  private pending: Promise<Outcome> | null = null;

  constructor(
    private readonly collect: () => Promise<StatusSummary>,
    private readonly clock: Clock,
  ) {}

  async newest(): Promise<Outcome> {
    if (this.kept !== null && Math.abs(this.clock.nowMs() - this.kept.atMs) < cacheMs) return this.kept.outcome;
    this.pending ??= this.tell();
    return this.pending;
  }

  async settle(): Promise<void> {
    await this.pending;
  }

  private async tell(): Promise<Outcome> {
    const outcome = await this.outcome();
    this.kept = { outcome, atMs: this.clock.nowMs() };
    this.pending = null;
    return outcome;
  }

  private async outcome(): Promise<Outcome> {
    try {
      return { summary: await this.collect() };
    } catch (error) {
      return { error };
    }
  }
}

/** Errors after this are those of single connections: they end by themselves. */
function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => reject(portError(error, host, port, '--metrics-port')));
    server.listen(port, host, resolve);
  });
}
