/** One line of JSON per event and request. No line holds an id of a learner: paths are told as their patterns. */
import type { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** Values of a line besides its time and its text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines of JSON. */
export interface ReaderLog {
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
}

/** Writes to a stream; to nowhere without one. */
export function readerLog(stream: Pick<Writable, 'write'> | undefined, clock: () => number = Date.now): ReaderLog {
  const line =
    (level: string) =>
    (text: string, fields: LogFields = {}): void => {
      stream?.write(`${JSON.stringify({ time: new Date(clock()).toISOString(), level, text, ...fields })}\n`);
    };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

/** Logs each request when it is answered: method, pattern of the path, status, time, identity, and by which key it was asked. */
export function logRequests(app: FastifyInstance, log: ReaderLog): void {
  app.addHook('onResponse', ({ id, method, routeOptions, principal }, reply, done) => {
    const by = principal === null ? {} : { by: principal.name };
    log.info('request', { request: id, method, route: routeOptions.url ?? null, status: reply.statusCode, ms: rounded(reply.elapsedTime), ...by });
    done();
  });
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
