import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** Has a server listen at a free port of loopback; gives the port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Ends a server whose connections are closed. */
export async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

/** An HTTP server on a free port of loopback. */
export class HttpServer {
  private constructor(
    /** `http://127.0.0.1:<port>`. */
    readonly endpoint: string,
    /** Cuts what is open, and ends. */
    readonly stop: () => Promise<void>,
  ) {}

  static async start(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<HttpServer> {
    const server = createServer({ keepAlive: true });
    server.on('request', answer);
    // The AWS SDK waits for this before it sends a body.
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      answer(request, response);
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    const port = await listen(server);
    return new HttpServer(`http://127.0.0.1:${port}`, async () => {
      server.closeAllConnections();
      await closed(server);
    });
  }
}
