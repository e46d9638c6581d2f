/** The routes that tell how the reader is. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RecommendationClient } from '../client.js';
import type { OutboxStatus } from '../outboxWriter.js';
import { NOT_KEPT } from './conditional.js';
import { sendProblem } from './problems.js';
import * as shapes from './shapes.js';

/** What the probes look at. */
export interface ProbeParts {
  readonly client: RecommendationClient;
  /** Whether the reader is about to stop: it answers still, and wants no more to answer. */
  readonly isStopping: () => boolean;
  /** `null` where events have no outbox. */
  readonly outbox: () => OutboxStatus | null;
}

/** Declares health and readiness. A full outbox leaves the reader ready: it answers questions. */
export function probeRoutes(app: FastifyInstance, { client, isStopping, outbox }: ProbeParts): void {
  const probe = { tags: ['operation'], querystring: shapes.NO_QUERY, security: [] };
  const config = { access: 'open' } as const;
  app.get(
    '/healthz',
    { config, schema: { ...probe, operationId: 'health', summary: 'Whether the process answers', response: { 200: shapes.HEALTH_ANSWER } } },
    (_, reply) => reply.headers(NOT_KEPT).send({ status: 'ok' }),
  );
  const ready = { 200: shapes.READY_ANSWER, 503: shapes.problem('The reader has not been at the end of the log yet, or is stopping.') };
  app.get(
    '/readyz',
    { config, schema: { ...probe, operationId: 'readiness', summary: 'Whether the view was at the end of the log', response: ready } },
    (request, reply): FastifyReply => {
      const { ready: isReady, served, lag, trouble } = client.status();
      if (isReady && !isStopping()) return reply.headers(NOT_KEPT).send({ status: 'ready', served, lag, trouble, ...outboxOf(outbox()) });
      reply.header('retry-after', '1');
      const why = isStopping() ? 'the reader is stopping' : `the reader is still reading the log${trouble === null ? '' : ` (${trouble})`}`;
      return sendProblem(request, reply, 503, 'SFS_NOT_READY', why);
    },
  );
}

function outboxOf(status: OutboxStatus | null): object {
  if (status === null) return {};
  const { events, bytes, oldestMs, trouble } = status;
  return { outbox: { events, bytes, trouble, oldestAt: oldestMs === null ? null : new Date(oldestMs).toISOString() } };
}
