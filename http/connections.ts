/** Connections that have asked for nothing yet: clients open some ahead, and Node does not count them as idle when a server closes. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Closes them when the server closes, which would wait a minute for each otherwise. */
export function closeUnused(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  app.server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  app.addHook('preClose', (done) => {
    for (const socket of unused) socket.destroy();
    done();
  });
}
