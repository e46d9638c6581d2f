/** The routes for clients. */
import type { FastifyInstance, FastifySchema } from 'fastify';
import { WHOLE_COURSE } from '../../schemas/index.js';
import type { Answer, ListName, Question } from '../answer.js';
import type { RecommendationClient } from '../client.js';
import { sendProblem } from './problems.js';
import * as shapes from './shapes.js';

interface LearnerRoute {
  readonly Params: { readonly learner: string };
  readonly Querystring: {
    readonly list: ListName;
    readonly course?: string;
    readonly segment?: string;
    readonly limit: number;
    readonly exclude?: string;
    readonly explain: boolean;
  };
}

interface SegmentRoute {
  readonly Params: { readonly segment: string };
  readonly Querystring: { readonly limit: number; readonly exclude?: string };
}

/** Answers about persons must not lie in caches on the way. */
const NOT_KEPT = { 'cache-control': 'no-store' };

const invalid = { 400: shapes.problem('The request is not valid.') };

const LEARNER: FastifySchema = {
  operationId: 'learnerRecommendations',
  summary: 'What to recommend to a learner',
  description:
    'Falls back, and says to what in `served`: the own list, the same past its time, the list of the segment, what is popular. An unknown learner is no error.',
  tags: ['recommendations'],
  params: shapes.LEARNER_PARAMS,
  querystring: shapes.LEARNER_QUERY,
  response: { 200: shapes.LEARNER_ANSWER, ...invalid },
};

const SEGMENT: FastifySchema = {
  operationId: 'segmentRecommendations',
  summary: 'What the learners of a segment use most',
  tags: ['recommendations'],
  params: shapes.SEGMENT_PARAMS,
  querystring: shapes.SEGMENT_QUERY,
  response: { 200: shapes.SEGMENT_ANSWER, ...invalid },
};

/** Declares the routes below `/v1`. */
export function recommendationRoutes(app: FastifyInstance, client: RecommendationClient, region: string): void {
  app.get<LearnerRoute>('/v1/learners/:learner/recommendations', { schema: LEARNER }, ({ params: { learner }, query }, reply) => {
    const { exclude, ...rest } = query;
    const answer = client.get(learner, { ...rest, ...excluding(exclude) });
    return reply.headers(NOT_KEPT).send({ learner, list: query.list, region, ...spoken(answer) });
  });
  app.get<SegmentRoute>('/v1/segments/:segment/recommendations', { schema: SEGMENT }, ({ params, query }, reply) => {
    const at = params.segment.indexOf('|');
    const [course, segment] = at < 0 ? [params.segment, WHOLE_COURSE] : [params.segment.slice(0, at), params.segment.slice(at + 1)];
    const answer = client.getSegment(course, segment, { limit: query.limit, ...excluding(query.exclude) });
    return reply.headers(NOT_KEPT).send({ course, segment, region, ...spoken(answer) });
  });
}

/** Declares health and readiness. */
export function probeRoutes(app: FastifyInstance, client: RecommendationClient): void {
  const probe = { tags: ['operation'], querystring: shapes.NO_QUERY };
  app.get(
    '/healthz',
    { schema: { ...probe, operationId: 'health', summary: 'Whether the process answers', response: { 200: shapes.HEALTH_ANSWER } } },
    (_, reply) => reply.headers(NOT_KEPT).send({ status: 'ok' }),
  );
  const ready = { 200: shapes.READY_ANSWER, 503: shapes.problem('The reader has not been at the end of the log yet, or is stopping.') };
  app.get(
    '/readyz',
    { schema: { ...probe, operationId: 'readiness', summary: 'Whether the view was at the end of the log', response: ready } },
    (request, reply) => {
      const { ready: isReady, served, lag, trouble } = client.status();
      if (isReady) return reply.headers(NOT_KEPT).send({ status: 'ready', served, lag, trouble });
      reply.header('retry-after', '1');
      return sendProblem(request, reply, 503, 'SFS_NOT_READY', `the reader is still reading the log${trouble === null ? '' : ` (${trouble})`}`);
    },
  );
}

const excluding = (exclude: string | undefined): Pick<Question, 'exclude'> => (exclude === undefined ? {} : { exclude: exclude.split(',') });

/** An answer as it is sent: instants as ISO 8601. */
function spoken({ madeAtMs, validUntilMs, ...rest }: Answer): object {
  return { ...rest, madeAt: instant(madeAtMs), validUntil: instant(validUntilMs) };
}

const instant = (timeMs: number | null): string | null => (timeMs === null ? null : new Date(timeMs).toISOString());
