/** One address that leads to one Redis and then to another, as a name does in a failover. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export class Proxy {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private target: number | null,
    tls: TlsOptions | undefined,
  ) {
    const onSocket = (socket: Socket): void => this.join(socket);
    this.server = tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
  }

  static async start(target: number, tls?: TlsOptions): Promise<Proxy> {
    const proxy = new Proxy(target, tls);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Leads elsewhere from now on; what is connected is cut off. */
  lead(target: number): void {
    this.target = target;
    this.cut();
  }

  /** Leads nowhere, until it leads somewhere again: what is connected is cut off, and so is whoever comes. */
  leadNowhere(): void {
    this.target = null;
    this.cut();
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(socket: Socket): void {
    if (this.target === null) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const server = connect(this.target, '127.0.0.1');
    for (const [one, other] of [
      [socket, server],
      [server, socket],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
