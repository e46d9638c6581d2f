/** The routes that feed the page. What is of learners takes a scope of its own. */
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import type { Absence, ConsoleDeadLetters, ConsoleSource, LearnerDecisions, LearnerWindows, ReplayDifference } from '../consoleSource.js';
import { OPERATE, SEE_LEARNERS, accessOfCaller, mayUse } from './consoleParts.js';
import * as shapes from './consoleShapes.js';
import { sendProblem } from './problems.js';
import { NO_QUERY } from './shapes.js';

/** What the routes need. */
export interface ConsoleRouteOptions {
  /** What the page shows beside recommendations. */
  readonly source: ConsoleSource;
  /** The first learners of the served view whose id begins with `prefix`, at most `limit`, sorted by the bytes of their ids; denied ones are left out. */
  readonly learners: (prefix: string, limit: number) => readonly string[];
  /** Whether a learner is on the deny list: nothing of them is shown. */
  readonly isDenied: (learner: string) => boolean;
  /** The clock by which the reader tells what is stale, ms since epoch. */
  readonly now: () => number;
}

/** A browser asks the person before the page for a key, and shows it with all that the page asks for. */
const operating = { access: OPERATE, isForPeople: true } as const;
const seeingLearners = { access: SEE_LEARNERS, isForPeople: true } as const;

const described = (operationId: string, summary: string, rest: FastifySchema): FastifySchema => ({
  operationId,
  summary,
  tags: ['console'],
  querystring: NO_QUERY,
  ...rest,
});

const SCHEMAS = {
  access: described('consoleAccess', 'What the page may show to the caller', { response: shapes.ACCESS }),
  overview: described('consoleOverview', 'Topologies and topics with rates, lag and watermarks', { response: shapes.OVERVIEW }),
  learners: described('consoleLearners', 'Learners to pick from', { querystring: shapes.LEARNERS_QUERY, response: shapes.LEARNERS }),
  windows: described('consoleLearner', "The windows behind a learner's recommendations", { params: shapes.LEARNER_PATH, response: shapes.WINDOWS }),
  decisions: described('consoleDecisions', 'What was decided for a learner lately, and what it saw', {
    params: shapes.LEARNER_PATH,
    response: shapes.DECISIONS,
  }),
  trend: described('consoleTrend', 'What a cohort uses', { params: shapes.COHORT_PATH, response: shapes.TREND }),
  replays: described('consoleReplays', 'Replays and how far they are', { response: shapes.REPLAYS }),
  difference: described('consoleReplayDifference', 'How the results of a replay differ from the live ones', {
    description: 'Reads the results of both versions, which takes as long as they are; what was compared a moment ago is told again.',
    params: shapes.TOPOLOGY_PATH,
    response: shapes.DIFFERENCE,
  }),
  models: described('consoleModels', 'Models of the registry, and what their gates said', { response: shapes.MODELS }),
  deadLetters: described('consoleDeadLetters', 'What could not be processed', { response: shapes.DEAD_LETTERS }),
};

interface LearnerPath {
  readonly Params: { readonly learner: string };
}

/** Declares them; those that the source has nothing for are left out. */
export function consoleFigureRoutes(app: FastifyInstance, options: ConsoleRouteOptions): void {
  const { source, now } = options;
  app.get('/console/access', { config: operating, schema: SCHEMAS.access }, ({ principal }) => accessOfCaller(principal, source));
  app.get('/console/overview', { config: operating, schema: SCHEMAS.overview }, async () => ({ nowMs: now(), ...(await source.overview()) }));
  learnerRoutes(app, options);
  replayRoutes(app, options);
  const { models, deadLetters } = source;
  if (models !== undefined) app.get('/console/models', { config: operating, schema: SCHEMAS.models }, () => models());
  if (deadLetters === undefined) return;
  app.get('/console/dead-letters', { config: operating, schema: SCHEMAS.deadLetters }, async (request) =>
    lettersFor(request, await deadLetters(), options),
  );
}

function learnerRoutes(app: FastifyInstance, { source, learners, isDenied }: ConsoleRouteOptions): void {
  app.get<{ Querystring: { readonly prefix: string; readonly limit: number } }>(
    '/console/learners',
    { config: seeingLearners, schema: SCHEMAS.learners },
    ({ query: { prefix, limit } }) => ({ learners: learners(prefix, limit) }),
  );
  app.get<LearnerPath>('/console/learners/:learner', { config: seeingLearners, schema: SCHEMAS.windows }, ({ params: { learner } }) =>
    isDenied(learner) ? nothingOf(learner) : source.learner(learner),
  );
  app.get<{ Params: { readonly cohort: string } }>(
    '/console/trends/:cohort',
    { config: operating, schema: SCHEMAS.trend },
    ({ params: { cohort } }) => source.trend(cohort),
  );
  const { decisions } = source;
  if (decisions === undefined) return;
  app.get<LearnerPath>('/console/learners/:learner/decisions', { config: seeingLearners, schema: SCHEMAS.decisions }, ({ params: { learner } }) =>
    isDenied(learner) ? nothingDecided(learner) : decisions(learner),
  );
}

function replayRoutes(app: FastifyInstance, { source, isDenied }: ConsoleRouteOptions): void {
  const { replays, difference } = source;
  if (replays !== undefined) app.get('/console/replays', { config: operating, schema: SCHEMAS.replays }, () => replays());
  if (difference === undefined) return;
  app.get<{ Params: { readonly topology: string } }>(
    '/console/replays/:topology/difference',
    { config: operating, schema: SCHEMAS.difference },
    async (request, reply) => {
      const found = await difference(request.params.topology);
      if (found === null) return sendProblem(request, reply, 404, 'SFS_REPLAY_NOTHING', 'the topology has no replay whose results could be compared');
      return reply.send(differenceFor(request, found, isDenied));
    },
  );
}

const nothingOf = (learner: string): LearnerWindows => ({ learner, context: null, engagement: null, mastery: null });
const nothingDecided = (learner: string): LearnerDecisions => ({ learner, decisions: [], logged: [] });

/** Keys may be learners: they are told to who may see these, and none that is denied. */
function differenceFor(
  { principal }: FastifyRequest,
  found: ReplayDifference | Absence,
  isDenied: (learner: string) => boolean,
): ReplayDifference | Absence {
  if ('absent' in found) return found;
  const seesLearners = mayUse(principal, SEE_LEARNERS);
  return {
    ...found,
    topics: found.topics.map((one) => ({ ...one, examples: seesLearners ? one.examples.filter(({ key }) => key === '' || !isDenied(key)) : [] })),
  };
}

function lettersFor({ principal }: FastifyRequest, found: ConsoleDeadLetters, { isDenied }: ConsoleRouteOptions): ConsoleDeadLetters {
  const seesLearners = mayUse(principal, SEE_LEARNERS);
  const isShown = (key: string | null): boolean => seesLearners && (key === null || key === '' || !isDenied(key));
  return { ...found, letters: found.letters.map((letter) => (isShown(letter.key) ? letter : { ...letter, key: null, reason: null })) };
}
