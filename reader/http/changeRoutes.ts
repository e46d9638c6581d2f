/** The route that goes on telling what to recommend. */
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import { questionOf, questionTrouble, type LearnerQuery } from './answers.js';
import type { ChangeFeed } from './changeFeed.js';
import { sendProblem } from './problems.js';
import { learnerInPath } from './routes.js';
import * as shapes from './shapes.js';

interface ChangesRoute {
  readonly Params: { readonly learner: string };
  readonly Querystring: LearnerQuery;
}

const CHANGES: FastifySchema = {
  operationId: 'learnerRecommendationChanges',
  summary: 'What to recommend to a learner, now and whenever it changes',
  description:
    'Server-sent events named `recommendations`; the data of each is an answer as of `learnerRecommendations`. With the header `last-event-id` the first one is left out where it is still the answer.',
  tags: ['recommendations'],
  params: shapes.LEARNER_PARAMS,
  querystring: shapes.LEARNER_QUERY,
  response: {
    200: { description: 'Events, until one side ends it.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    ...shapes.REFUSALS,
  },
};

/**
 * Declares the route.
 *
 * @param isAllowed - whether a request that was let in would be let in now
 */
export function changeRoutes(app: FastifyInstance, feed: ChangeFeed, isAllowed: (request: FastifyRequest) => Promise<boolean>): void {
  app.get<ChangesRoute>(
    '/v1/learners/:learner/recommendations/changes',
    { schema: CHANGES, config: { access: 'recommendations:read', learnersOf: learnerInPath }, exposeHeadRoute: false },
    (request, reply) => {
      const question = questionOf(request.query);
      const trouble = questionTrouble(question);
      if (trouble !== null) return sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', trouble);
      if (feed.isFull) {
        reply.header('retry-after', '1');
        return sendProblem(request, reply, 503, 'SFS_NOT_READY', 'the reader follows as many streams as it can, or is stopping');
      }
      const lastId = request.headers['last-event-id'];
      const stream = feed.follow({
        learner: request.params.learner,
        question,
        lastId: typeof lastId === 'string' ? lastId : null,
        isAllowed: () => isAllowed(request),
      });
      // What is between must not gather events into larger pieces.
      return reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).type('text/event-stream; charset=utf-8').send(stream);
    },
  );
  app.addHook('preClose', (done) => {
    feed.close();
    done();
  });
}
