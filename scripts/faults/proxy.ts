import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { HttpFault } from './kinds.js';
import { HttpServer } from './loopback.js';

/** A proxy on loopback before an HTTP server, for one process; it does harm to some of its requests. */
export class Proxy {
  /** Faults that came about. */
  readonly done = new Set<HttpFault>();
  /** Aborted when the process is to be killed. */
  readonly kill = new AbortController();
  endpoint = '';
  stop: () => Promise<void> = () => Promise.resolve();
  private readonly seen = new Map<HttpFault, number>();

  private constructor(
    private readonly target: URL,
    private readonly faults: readonly HttpFault[],
  ) {}

  static async start(target: string, faults: readonly HttpFault[]): Promise<Proxy> {
    const proxy = new Proxy(new URL(target), faults);
    const { endpoint, stop } = await HttpServer.start((request, response) => proxy.answer(request, response));
    return Object.assign(proxy, { endpoint, stop });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const operation = request.headers['x-amz-target'];
    const name = typeof operation === 'string' ? operation.slice(operation.indexOf('.') + 1) : decodeURIComponent(request.url ?? '');
    const asked = `${request.method ?? ''} ${name}`;
    const fault = this.faults.filter((each) => this.isDue(each, asked))[0];
    if (fault === undefined) this.pass(request, response, null);
    else {
      this.done.add(fault);
      this.harm(request, response, fault);
    }
  }

  private isDue(fault: HttpFault, asked: string): boolean {
    if (!new RegExp(fault.pattern).test(asked)) return false;
    const seen = (this.seen.get(fault) ?? 0) + 1;
    this.seen.set(fault, seen);
    return seen >= fault.nth && seen < fault.nth + fault.count;
  }

  private harm(request: IncomingMessage, response: ServerResponse, { kind }: HttpFault): void {
    if (kind === 'sqs-partial') this.passPart(request, response);
    else if (kind === 'http-500' || kind === 'http-503') refuse(kind === 'http-500' ? 500 : 503, request, response);
    else if (kind === 'http-refused') request.socket.destroy();
    else if (kind === 'http-stall') request.resume();
    else if (kind === 'http-kill') {
      this.kill.abort();
      request.socket.destroy();
    } else this.pass(request, response, kind);
  }

  /** The server hears of every other entry of a batch; the others have failed. */
  private passPart(request: IncomingMessage, response: ServerResponse): void {
    collect(request, (body) => {
      const asked = JSON.parse(body.toString('utf8')) as BatchRequest;
      const part = JSON.stringify({ ...asked, Entries: asked.Entries.filter((_entry, index) => index % 2 === 1) });
      const failed = asked.Entries.filter((_entry, index) => index % 2 === 0).map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError', Message: 'made by a test' }));
      const answered = (text: string): void => {
        const { Successful = [], Failed = [] } = JSON.parse(text) as BatchAnswer;
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify({ Successful, Failed: [...Failed, ...failed] }));
      };
      if (asked.Entries.length < 2) {
        answered('{}');
        return;
      }
      const headers = { ...request.headers, 'content-length': Buffer.byteLength(part) };
      const passed = forward({ host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers }, (answer) => collect(answer, (whole) => answered(whole.toString('utf8'))));
      passed.on('error', () => request.socket.destroy());
      passed.end(part);
    });
  }

  private pass(request: IncomingMessage, response: ServerResponse, kind: string | null): void {
    const headers = { ...request.headers };
    delete headers.expect;
    const passed = forward({ host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers }, (answer) => {
      answer.on('error', () => request.socket.destroy());
      if (kind === null) {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      } else changed(answer, request, response, kind);
    });
    passed.on('error', () => request.socket.destroy());
    request.on('error', () => passed.destroy());
    response.on('close', () => passed.destroy());
    if (kind === 'http-cut-up') cutUp(request, passed);
    else request.pipe(passed);
  }
}

interface BatchRequest {
  readonly Entries: readonly { readonly Id: string }[];
}

interface BatchAnswer {
  readonly Successful?: readonly object[];
  readonly Failed?: readonly object[];
}

/** The server gets half of the body. */
function cutUp(request: IncomingMessage, passed: { write(chunk: Buffer, done: () => void): unknown; destroy(): unknown }): void {
  collect(request, (whole) => {
    passed.write(whole.subarray(0, Math.floor(whole.length / 2)), () => {
      passed.destroy();
      request.socket.destroy();
    });
  });
}

/** The server has done the work: the answer is lost, or ends half-way. */
function changed(answer: IncomingMessage, request: IncomingMessage, response: ServerResponse, kind: string): void {
  collect(answer, (whole) => {
    if (kind === 'http-lost') request.socket.destroy();
    else {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.socket?.destroy());
    }
  });
}

function collect(stream: IncomingMessage, done: (whole: Buffer) => void): void {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(Buffer.concat(chunks)));
}

function refuse(status: 500 | 503, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.on('end', () => {
    const json = request.headers['x-amz-target'] !== undefined;
    const code = status === 500 ? 'InternalError' : json ? 'ServiceUnavailable' : 'SlowDown';
    response.writeHead(status, { 'content-type': json ? 'application/x-amz-json-1.0' : 'application/xml' });
    const text = json ? JSON.stringify({ __type: code, message: 'made by a test' }) : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by a test</Message></Error>`;
    response.end(request.method === 'HEAD' ? undefined : text);
  });
}
