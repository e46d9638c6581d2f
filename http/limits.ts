/** Limits of requests, for each caller. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import './access/caller.js';

const MINUTE_MS = 60_000;
/** Callers whose requests are counted; of more, those that were silent longest are forgotten. */
const MOST_CALLERS = 10_000;

/**
 * Counts the requests of each caller in this process, a minute at a time: of a key or a token, or of an address where nobody shows one. A batch is one
 * request. Routes that are open to everybody are not counted. To be called after who asks is known, and before routes are declared.
 *
 * @param perMinute - where a key says nothing of its own; `undefined` for no limit
 */
export async function limitRequests(app: FastifyInstance, perMinute: number | undefined): Promise<void> {
  const limitOf = ({ principal }: FastifyRequest): number | undefined => principal?.perMinute ?? perMinute;
  await app.register(rateLimit, {
    timeWindow: MINUTE_MS,
    cache: MOST_CALLERS,
    max: (request) => limitOf(request) ?? Number.MAX_SAFE_INTEGER,
    allowList: (request) => limitOf(request) === undefined || request.routeOptions.config.access === 'open',
    keyGenerator: ({ principal, ip }) => principal?.account ?? `address:${ip}`,
    errorResponseBuilder: (_, { statusCode }) => Object.assign(new Error('too many requests'), { statusCode }),
  });
}
