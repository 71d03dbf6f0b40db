import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpServer } from '../../scripts/faults/loopback.js';

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly body?: Buffer;
  readonly etag?: string;
  /** The connection is cut after half of the body. */
  readonly cut?: boolean;
}

/** As much of S3 as taking a name, listing and reading need, in memory, for the order of answers that no real server gives on request. */
export class FakeS3 {
  /** By `/bucket/key`. */
  readonly objects = new Map<string, Buffer>();
  /** `PUT /bucket/key` of every request; of a listing `GET /bucket/`. */
  readonly asked: string[] = [];
  /** Answers that are given instead, first things first; undefined: none. */
  readonly instead: (Answer | undefined)[] = [];
  /** Asked of each request before it is answered; an answer of its own, or undefined. */
  fault: (asked: string) => Answer | undefined = () => undefined;
  /** Whether it looks at If-None-Match. */
  heedful = true;
  /** So many keys in a page of a listing. */
  pageKeys = 1_000;

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
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
      const path = decodeURIComponent(pathname);
      const asked = `${request.method} ${path}`;
      this.asked.push(asked);
      const { status, code, body, etag, cut = false } = this.instead.shift() ?? this.fault(asked) ?? this.answer(request, path, searchParams, Buffer.concat(chunks));
      const content = body ?? (code === undefined ? Buffer.alloc(0) : Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by a test</Message></Error>`));
      response.writeHead(status, { 'content-type': 'application/xml', ...(etag === undefined ? {} : { etag }), ...(status === 204 ? {} : { 'content-length': content.length }) });
      if (cut) response.write(content.subarray(0, content.length / 2), () => response.destroy());
      else response.end(request.method === 'HEAD' ? undefined : content);
    });
  }

  private answer(request: IncomingMessage, path: string, query: URLSearchParams, content: Buffer): Answer {
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
    if (query.get('list-type') === '2') return this.listing(path.replace(/\/?$/, '/'), query);
    if (known === undefined) return { status: 404, code: 'NoSuchKey' };
    const etag = etagOf(known);
    if ((request.headers['if-match'] ?? etag) !== etag) return { status: 412, code: 'PreconditionFailed' };
    return { status: 200, body: known, etag };
  }

  /** A page of keys in the order of their bytes. */
  private listing(bucket: string, query: URLSearchParams): Answer {
    const after = query.get('continuation-token') ?? '';
    const keys = [...this.objects.keys()].filter((path) => path.startsWith(bucket)).map((path) => path.slice(bucket.length));
    const left = keys.filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after).sort();
    const page = left.slice(0, this.pageKeys);
    const contents = page.map((key) => {
      const content = this.objects.get(bucket + key) ?? Buffer.alloc(0);
      return `<Contents><Key>${escaped(key)}</Key><ETag>${escaped(etagOf(content))}</ETag><Size>${content.length}</Size><LastModified>2026-01-02T10:00:00.000Z</LastModified></Contents>`;
    });
    const next = page.length < left.length ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '<IsTruncated>false</IsTruncated>';
    return { status: 200, body: Buffer.from(`<?xml version="1.0"?><ListBucketResult>${contents.join('')}${next}</ListBucketResult>`) };
  }
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
