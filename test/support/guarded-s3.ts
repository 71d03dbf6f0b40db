import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { HttpServer } from '../../scripts/faults/loopback.js';

export type S3Right = 'list' | 'read' | 'write';

/** Something of a lake that a process has asked for. */
export interface Asked {
  readonly right: S3Right;
  /** Relative to the bucket. */
  readonly path: string;
}

/** A proxy on loopback before an S3 server, that refuses what a policy would, as Amazon's does. */
export class GuardedS3 {
  readonly allowed: Asked[] = [];
  readonly refused: Asked[] = [];
  /** What whoever asks now may do. */
  may: (asked: Asked) => boolean = () => true;

  endpoint = '';
  stop: () => Promise<void> = () => Promise.resolve();

  private constructor(private readonly target: URL) {}

  static async start(target: string): Promise<GuardedS3> {
    const guard = new GuardedS3(new URL(target));
    const { endpoint, stop } = await HttpServer.start((request, response) => void guard.answer(request, response));
    return Object.assign(guard, { endpoint, stop });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const isDelete = request.method === 'POST' && /(?:^|&)delete(?:=|&|$)/.test(query);
    const body = isDelete ? await bodyOf(request) : null;
    const asked = body === null ? askedBy(request, pathOf(path)) : keysOf(body.toString('utf8')).map((key): Asked => ({ right: 'write', path: key }));
    const refused = asked.filter((each) => !this.may(each));
    this.refused.push(...refused);
    if (refused.length > 0) {
      request.resume();
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end(request.method === 'HEAD' ? undefined : '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
      return;
    }
    this.allowed.push(...asked);
    this.pass(request, response, body);
  }

  private pass(request: IncomingMessage, response: ServerResponse, body: Buffer | null): void {
    const headers = { ...request.headers };
    delete headers.expect;
    const passed = forward({ host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => request.socket.destroy());
    if (body === null) request.pipe(passed);
    else passed.end(body);
  }
}

/** `/bucket/key` → `key`. */
function pathOf(path: string): string {
  return decodeURIComponent(path).replace(/^\/[^/]+\/?/, '');
}

/** A copy reads as well. */
function askedBy({ method, headers }: IncomingMessage, path: string): Asked[] {
  const source = headers['x-amz-copy-source'];
  const copied: Asked[] = typeof source === 'string' ? [{ right: 'read', path: pathOf(`/${source.replace(/^\//, '')}`) }] : [];
  if (path === '') return [{ right: 'list', path }];
  return [...copied, { right: method === 'GET' || method === 'HEAD' ? 'read' : 'write', path }];
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function keysOf(xml: string): string[] {
  return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', '\''));
}
