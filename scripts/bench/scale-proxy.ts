import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP link to a server on this machine that counts what comes from it. */
export class CountingLink {
  private readonly sockets = new Set<Socket>();
  /** From the server, headers of its answers included. */
  receivedBytes = 0;

  private constructor(private readonly server: Server) {}

  static async open(target: number): Promise<CountingLink> {
    const server = createServer();
    const link = new CountingLink(server);
    server.on('connection', (client) => link.carry(client, connect(target, '127.0.0.1')));
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

  private carry(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => [client, server].forEach((each) => each.destroy()));
    }
    server.on('data', (chunk: Buffer) => (this.receivedBytes += chunk.length));
    server.pipe(client);
    client.pipe(server);
  }
}
