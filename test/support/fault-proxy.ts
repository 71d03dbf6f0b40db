import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { HttpServer } from '../../scripts/faults/loopback.js';

/** A request as a rule sees it: `PUT /bucket/key`, and its number from 0. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly number: number;
}

/**
 * `refuse`: the connection is cut and the server hears nothing. `forget`: the server does the work, and the connection is cut
 * before the answer. `cut`: the answer's body ends half-way. `stall`: nobody ever answers. A number is an HTTP status.
 */
export type Fault = 'refuse' | 'forget' | 'cut' | 'stall' | 500 | 503;

/** A proxy on loopback before an HTTP server, which does harm where a rule says so. */
export class FaultProxy {
  readonly asked: Asked[] = [];
  /** What was done to requests, by fault. */
  readonly done = new Map<Fault, number>();
  rule: (asked: Asked) => Fault | null = () => null;

  endpoint = '';
  stop: () => Promise<void> = () => Promise.resolve();

  private constructor(private readonly target: URL) {}

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(target));
    const { endpoint, stop } = await HttpServer.start((request, response) => proxy.answer(request, response));
    return Object.assign(proxy, { endpoint, stop });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const asked = { method: request.method ?? '', path: decodeURIComponent(path), query, number: this.asked.length };
    this.asked.push(asked);
    const fault = this.rule(asked);
    if (fault !== null) this.done.set(fault, (this.done.get(fault) ?? 0) + 1);
    if (fault === 'refuse') request.socket.destroy();
    else if (fault === 'stall') request.resume();
    else if (typeof fault === 'number') refuseWith(fault, request, response);
    else this.pass(request, response, fault);
  }

  private pass(request: IncomingMessage, response: ServerResponse, fault: 'forget' | 'cut' | null): void {
    const headers = { ...request.headers };
    delete headers.expect;
    const options = { host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers };
    const passed = forward(options, (answer) => {
      if (fault === 'forget') {
        answer.resume();
        answer.on('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fault === null) answer.pipe(response);
      else cutHalfWay(answer, response);
    });
    passed.on('error', () => request.socket.destroy());
    request.on('error', () => passed.destroy());
    request.pipe(passed);
  }
}

function refuseWith(status: 500 | 503, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.on('end', () => {
    const code = status === 503 ? 'SlowDown' : 'InternalError';
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? undefined : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by a test</Message></Error>`);
  });
}

function cutHalfWay(answer: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const whole = Buffer.concat(chunks);
    response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.socket?.destroy());
  });
}
