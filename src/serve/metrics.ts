import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CtrService } from './ctr.js';

const bucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the service says of itself. */
export class ServeMetrics {
  private readonly registry = new Registry();
  private readonly requests = new Counter({ name: 'ingot_http_requests_total', help: 'Requests answered.', labelNames: ['route', 'method', 'status'], registers: [this.registry] });
  private readonly seconds = new Histogram({ name: 'ingot_http_request_seconds', help: 'How long answers took.', labelNames: ['route'], buckets: bucketsSeconds, registers: [this.registry] });

  constructor(service: CtrService) {
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({ name: `ingot_${name}`, help, registers: [this.registry], collect() { this.set(value()); } });
    };
    gauge('serve_held_bytes', 'Rows of data files in memory.', () => service.rows.held.bytes);
    gauge('serve_held_files', 'Data files in memory.', () => service.rows.held.size);
    gauge('serve_page_bytes', 'Finished pages in memory.', () => service.pages.bytes);
    gauge('serve_page_hits', 'Pages that were in memory when they were asked for.', () => service.pages.hits);
    gauge('serve_page_misses', 'Pages that were not.', () => service.pages.misses);
    gauge('serve_snapshot_version', 'The version of gold.product_second; -1 for none.', () => service.table.version);
  }

  /** @param route as it is declared; any other address is `other` */
  count(route: string, method: string, status: number, seconds: number): void {
    this.requests.inc({ route, method, status: String(status) });
    this.seconds.observe({ route }, seconds);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
