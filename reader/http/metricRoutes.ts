/** Counts requests, and serves what was counted. */
import type { FastifyInstance } from 'fastify';
import type { ReaderFigures, ReaderMetrics } from '../metrics.js';
import { NOT_KEPT } from './conditional.js';

/** Tells metrics of each request when it is answered. To be called before routes are declared. */
export function countRequests(app: FastifyInstance, metrics: ReaderMetrics): void {
  app.addHook('onResponse', ({ method, routeOptions, is404 }, reply, done) => {
    const isStream = String(reply.getHeader('content-type')).startsWith('text/event-stream');
    // Any word may stand for the method of a request that is refused.
    metrics.request(is404 ? '' : method, is404 ? '' : (routeOptions.url ?? ''), reply.statusCode, isStream ? null : reply.elapsedTime / 1000);
    done();
  });
}

/** Declares `GET /metrics`. @param figures - of the moment */
export function metricRoutes(app: FastifyInstance, metrics: ReaderMetrics, figures: () => ReaderFigures): void {
  app.get('/metrics', { schema: { hide: true }, config: { access: 'console:read' } }, async (_, reply) =>
    reply
      .headers(NOT_KEPT)
      .type(metrics.contentType)
      .send(await metrics.read(figures())),
  );
}
