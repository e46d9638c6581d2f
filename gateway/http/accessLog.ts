/** One line of JSON for each request. No line holds an identity, a pseudonym, or what an event says. */
import type { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** Takes lines. */
export type LogStream = Pick<Writable, 'write'>;

/** Writes a line of JSON with the time. */
export function writeLine(stream: LogStream | undefined, level: 'info' | 'error', text: string, fields: Readonly<Record<string, unknown>>): void {
  stream?.write(`${JSON.stringify({ time: new Date().toISOString(), level, text, ...fields })}\n`);
}

/** Logs each request when it is answered: method, pattern of the path, status, time, identity. */
export function logRequests(app: FastifyInstance, stream: LogStream): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method, id, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime * 1000) / 1000;
    writeLine(stream, 'info', 'request', { request: id, method, route: routeOptions.url ?? null, status: reply.statusCode, ms });
    done();
  });
}
