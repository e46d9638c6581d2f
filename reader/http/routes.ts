/** The routes that answer what to recommend. */
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import { WHOLE_COURSE } from '../../schemas/index.js';
import type { ListName } from '../answer.js';
import type { RecommendationClient } from '../client.js';
import { questionOf, questionTrouble, spoken, type LearnerAnswers, type LearnerQuery } from './answers.js';
import { NOT_KEPT, REVALIDATED, answerUnchanged } from './conditional.js';
import { sendProblem } from './problems.js';
import * as shapes from './shapes.js';

const JSON_TYPE = 'application/json; charset=utf-8';

interface LearnerRoute {
  readonly Params: { readonly learner: string };
  readonly Querystring: LearnerQuery;
}

interface SegmentRoute {
  readonly Params: { readonly segment: string };
  readonly Querystring: { readonly limit: number; readonly exclude?: string };
}

interface BatchRoute {
  readonly Body: {
    readonly learners: readonly string[];
    readonly list: ListName;
    readonly course?: string;
    readonly segment?: string;
    readonly limit: number;
    readonly exclude?: readonly string[];
    readonly explain: boolean;
    readonly profiling: boolean;
  };
}

const LEARNER: FastifySchema = {
  operationId: 'learnerRecommendations',
  summary: 'What to recommend to a learner',
  description:
    'Falls back, and says to what in `served`: the own list, the same past its time, the list of the segment, what is popular. An unknown learner is no error.',
  tags: ['recommendations'],
  params: shapes.LEARNER_PARAMS,
  querystring: shapes.LEARNER_QUERY,
  response: { 200: shapes.LEARNER_ANSWER, 304: shapes.UNCHANGED, ...shapes.REFUSALS },
};

const SEGMENT: FastifySchema = {
  operationId: 'segmentRecommendations',
  summary: 'What the learners of a segment use most',
  tags: ['recommendations'],
  params: shapes.SEGMENT_PARAMS,
  querystring: shapes.SEGMENT_QUERY,
  response: { 200: shapes.SEGMENT_ANSWER, 304: shapes.UNCHANGED, ...shapes.REFUSALS },
};

const BATCH: FastifySchema = {
  operationId: 'batchRecommendations',
  summary: 'What to recommend to each of several learners',
  description: 'The same question for up to 100 learners. It changes nothing; it is a POST so that ids stand in no address.',
  tags: ['recommendations'],
  querystring: shapes.NO_QUERY,
  body: shapes.BATCH_BODY,
  response: { 200: shapes.BATCH_ANSWER, ...shapes.REFUSALS },
};

/** The learner whom a path names. */
export const learnerInPath = ({ params }: FastifyRequest): readonly string[] => [(params as LearnerRoute['Params']).learner];

/** Declares the routes that answer once. */
export function recommendationRoutes(app: FastifyInstance, client: RecommendationClient, answers: LearnerAnswers): void {
  app.get<LearnerRoute>(
    '/v1/learners/:learner/recommendations',
    { schema: LEARNER, config: { access: 'recommendations:read', learnersOf: learnerInPath }, onSend: answerUnchanged },
    (request, reply) => {
      const question = questionOf(request.query);
      const trouble = questionTrouble(question);
      if (trouble !== null) return sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', trouble);
      const { body, tag } = answers.sent(request.url, request.params.learner, question, (value) => reply.serialize(value) as string);
      return reply
        .headers({ ...REVALIDATED, etag: tag })
        .type(JSON_TYPE)
        .send(body);
    },
  );
  segmentRoute(app, client, answers.region);
  app.post<BatchRoute>(
    '/v1/recommendations/batch',
    { schema: BATCH, config: { access: 'recommendations:read', learnersOf: ({ body }) => (body as BatchRoute['Body']).learners } },
    (request, reply) => {
      const { learners, ...question } = request.body;
      const trouble = questionTrouble(question);
      if (trouble !== null) return sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', trouble);
      return reply.headers(NOT_KEPT).send({ region: answers.region, answers: learners.map((learner) => answers.of(learner, question)) });
    },
  );
}

function segmentRoute(app: FastifyInstance, client: RecommendationClient, region: string): void {
  app.get<SegmentRoute>(
    '/v1/segments/:segment/recommendations',
    { schema: SEGMENT, config: { access: 'recommendations:read', learnersOf: () => [] }, onSend: answerUnchanged },
    ({ params, query }, reply) => {
      const at = params.segment.indexOf('|');
      const [course, segment] = at < 0 ? [params.segment, WHOLE_COURSE] : [params.segment.slice(0, at), params.segment.slice(at + 1)];
      const answer = client.getSegment(course, segment, { limit: query.limit, exclude: query.exclude?.split(',') });
      return reply.headers(REVALIDATED).send({ course, segment, region, ...spoken(answer) });
    },
  );
}
