import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP link to a server on this machine that carries so many bytes a second to it, all connections together. */
export class SlowLink {
  private readonly sockets = new Set<Socket>();
  private freeAtMs = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    private readonly bytesPerSecond: number,
  ) {}

  static async open(target: number, bytesPerSecond: number): Promise<SlowLink> {
    const server = createServer();
    const link = new SlowLink(server, target, bytesPerSecond);
    server.on('connection', (client) => link.carry(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private carry(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => [client, server].forEach((each) => each.destroy()));
    }
    server.pipe(client);
    void this.slowly(client, server);
  }

  private async slowly(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const bytes = chunk.length;
        const nowMs = performance.now();
        this.freeAtMs = Math.max(this.freeAtMs, nowMs) + (bytes * 1000) / this.bytesPerSecond;
        if (this.freeAtMs - nowMs > 1) await delay(this.freeAtMs - nowMs);
        if (!to.write(chunk)) await new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
      }
      to.end();
    } catch {
      to.destroy();
    }
  }
}
