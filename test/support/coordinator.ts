import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One answer of the server: a status, and a body where it has one. `cut` ends the connection instead. */
export type Reply = { readonly status: number; readonly body?: unknown; readonly text?: string } | 'cut';

/** A coordinator that says what a test has written down, and notes what it is asked. */
export class Coordinator {
  readonly asked: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly bodies: string[] = [];

  private constructor(private readonly server: Server, private readonly replies: Reply[] | ((sql: string) => Reply)) {}

  /** @param replies one after the other, or by the text of the statement */
  static async start(replies: readonly Reply[] | ((sql: string) => Reply)): Promise<Coordinator> {
    const server = createServer();
    const coordinator = new Coordinator(server, typeof replies === 'function' ? replies : [...replies]);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        coordinator.asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
        coordinator.headers.push(request.headers);
        coordinator.bodies.push(Buffer.concat(parts).toString('utf8'));
        const reply = request.method === 'DELETE' ? { status: 204 } as const : coordinator.next(coordinator.bodies.at(-1) ?? '');
        if (reply === 'cut') request.socket.destroy();
        else {
          response.statusCode = reply.status;
          response.end(reply.text ?? (reply.body === undefined ? '' : JSON.stringify(reply.body).replaceAll('ORIGIN', coordinator.origin)));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return coordinator;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private next(sql: string): Reply {
    return typeof this.replies === 'function' ? this.replies(sql) : (this.replies.shift() ?? { status: 500 });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
