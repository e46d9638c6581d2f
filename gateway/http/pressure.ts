/** Back-pressure: how much may be under way at a time. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refusal } from '../refusal.js';

/** Bodies under way, all together, bytes. */
export const MOST_IN_FLIGHT_BYTES = 32 * 2 ** 20;

/** Counts the bodies of requests that are not answered yet. */
export class Pressure {
  /** Bytes now. */
  bytes = 0;

  /** @param most - bytes from which on requests are refused; one that is alone is taken whatever its size */
  constructor(private readonly most: number) {}

  /** Refuses with 429 what is too much, before its body is read. A body whose length nobody tells counts as the largest. */
  guard(app: FastifyInstance, bodyLimit: number): void {
    const held = new WeakMap<FastifyRequest, number>();
    const release = (request: FastifyRequest): void => {
      this.bytes -= held.get(request) ?? 0;
      held.delete(request);
    };
    app.addHook('onSend', (request, _, payload, done) => {
      release(request);
      done(null, payload);
    });
    app.addHook('onRequest', (request, reply, done) => {
      if (request.method !== 'POST' && request.method !== 'PUT') return done();
      const told = Number(request.headers['content-length'] ?? bodyLimit);
      const bytes = Number.isSafeInteger(told) && told >= 0 ? Math.min(told, bodyLimit) : bodyLimit;
      if (this.bytes > 0 && this.bytes + bytes > this.most) {
        // What is not read of the body ends the connection.
        reply.header('connection', 'close');
        return done(refusal(429, 'SFS_OVERLOADED', 'too much is under way here; send it again later'));
      }
      this.bytes += bytes;
      held.set(request, bytes);
      // What was sent whole is under way until it is answered, whether its client still waits or not.
      reply.raw.once('close', () => {
        if (!request.raw.complete) release(request);
      });
      done();
    });
  }
}
