/** Connections that have asked for nothing yet: clients open some ahead, and Node does not count them as idle when a server closes. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Closes them when the server closes, which would wait a minute for each otherwise; with TLS those, too, that have not said who they are. */
export function closeUnused(app: FastifyInstance): void {
  const unused = new Map<string, Socket>();
  app.server.on('connection', (socket: Socket) => {
    const client = clientOf(socket);
    unused.set(client, socket);
    socket.once('close', () => unused.delete(client));
  });
  // A connection is told from its first request on: each later one costs a look at its socket.
  const asked = new WeakSet<Socket>();
  app.server.on('request', ({ socket }) => {
    if (asked.has(socket)) return;
    asked.add(socket);
    unused.delete(clientOf(socket));
  });
  app.addHook('preClose', (done) => {
    for (const socket of unused.values()) socket.destroy();
    done();
  });
}

/** The other end. With TLS the socket of a request is another object than that of the connection below it. */
const clientOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? ''} ${remotePort ?? 0}`;
