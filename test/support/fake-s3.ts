import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpServer } from '../../scripts/faults/loopback.js';

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly body?: Buffer;
}

/** As much of S3 as taking a name needs, in memory, for the order of answers that no real server gives on request. */
export class FakeS3 {
  readonly objects = new Map<string, Buffer>();
  /** `PUT /bucket/key` of every request. */
  readonly asked: string[] = [];
  /** Answers that are given instead, first things first; undefined: none. */
  readonly instead: (Answer | undefined)[] = [];
  /** Whether it looks at If-None-Match. */
  heedful = true;

  endpoint = '';
  stop: () => Promise<void> = () => Promise.resolve();

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
    const { endpoint, stop } = await HttpServer.start((request, response) => fake.read(request, response));
    return Object.assign(fake, { endpoint, stop });
  }

  private read(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      this.asked.push(`${request.method} ${path}`);
      const { status, code, body } = this.instead.shift() ?? this.answer(request, path, Buffer.concat(chunks));
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(request.method === 'HEAD' ? undefined : (body ?? (code === undefined ? undefined : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by a test</Message></Error>`)));
    });
  }

  private answer(request: IncomingMessage, path: string, content: Buffer): Answer {
    const known = this.objects.get(path);
    if (request.method === 'PUT') {
      if (known !== undefined && this.heedful && request.headers['if-none-match'] === '*') return { status: 412, code: 'PreconditionFailed' };
      this.objects.set(path, content);
      return { status: 200 };
    }
    if (request.method === 'DELETE') {
      this.objects.delete(path);
      return { status: 204 };
    }
    return known === undefined ? { status: 404, code: 'NoSuchKey' } : { status: 200, body: known };
  }
}
