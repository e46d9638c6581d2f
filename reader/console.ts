/**
 * The page and what feeds it, as a fastify plugin:
 *
 * | route | answer |
 * |---|---|
 * | `GET /` and `/page/*` | the page |
 * | `GET /console/overview` | topologies and topics with rates, lag and watermarks |
 * | `GET /console/learners?prefix=&limit=` | learners to pick from |
 * | `GET /console/learners/{id}` | the windows behind a learner's recommendations |
 * | `GET /console/trends/{cohort}` | what a cohort uses |
 *
 * Recommendations themselves the page reads as every client does, at `/v1`.
 */
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import type { ConsoleSource, LearnerWindows } from './consoleSource.js';
import { answerUnchanged } from './http/conditional.js';
import { pageFiles, type PageFile } from './pageFiles.js';

export * from './consoleSource.js';

/** What the routes of the page need. */
export interface ConsoleOptions {
  /** What the page shows beside recommendations. */
  readonly source: ConsoleSource;
  /** The first learners of the served view whose id begins with `prefix`, at most `limit`, sorted by the bytes of their ids; denied ones are left out. */
  readonly learners: (prefix: string, limit: number) => readonly string[];
  /** Whether a learner is on the deny list: nothing of them is shown. */
  readonly isDenied: (learner: string) => boolean;
  /** The clock by which the reader tells what is stale, ms since epoch. */
  readonly now: () => number;
  /** Folder of the page's files; by default the page of this package. */
  readonly pageFolder?: string | undefined;
}

/** Scripts and styles come from this server alone, and nothing may frame the page. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

const ID = { type: 'string', minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' } as const;
const PREFIX = { type: 'string', maxLength: 256, pattern: ID.pattern, default: '' } as const;
const LIMIT = { type: 'integer', minimum: 1, maximum: 200, default: 50 } as const;

const strictly = <P extends Record<string, object>>(properties: P) => ({ type: 'object', properties, additionalProperties: false }) as const;

/** Not part of the API for clients: it may change with the page. */
const hidden = { hide: true } as const;

/** A browser asks the person before the page for a key, and shows it with all that the page asks for. */
const config = { access: 'console:read', isForPeople: true } as const;

/**
 * Serves the page and its figures. It sees to caching by itself: what has not changed since the last request is answered with 304.
 * @throws SFS_PACKAGE_BROKEN when the page's files are missing
 */
export const consoleRoutes: FastifyPluginCallback<ConsoleOptions> = (app, options, done) => {
  app.addHook('onSend', answerUnchanged);
  try {
    servePage(app, pageFiles(options.pageFolder));
  } catch (error) {
    // Thrown here it would end the process.
    return done(error as Error);
  }
  serveFigures(app, options);
  done();
};

function servePage(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  for (const [path, { type, content }] of files) {
    app.get(path, { config, schema: hidden }, (_, reply) => reply.headers(PAGE_HEADERS).type(type).send(content));
  }
}

function serveFigures(app: FastifyInstance, { source, learners, isDenied, now }: ConsoleOptions): void {
  app.get('/console/overview', { config, schema: { ...hidden, querystring: strictly({}) } }, async () => ({
    nowMs: now(),
    ...(await source.overview()),
  }));
  app.get<{ Querystring: { readonly prefix: string; readonly limit: number } }>(
    '/console/learners',
    { config, schema: { ...hidden, querystring: strictly({ prefix: PREFIX, limit: LIMIT }) } },
    ({ query: { prefix, limit } }) => ({ learners: learners(prefix, limit) }),
  );
  app.get<{ Params: { readonly learner: string } }>(
    '/console/learners/:learner',
    { config, schema: { ...hidden, params: strictly({ learner: ID }), querystring: strictly({}) } },
    ({ params: { learner } }) => (isDenied(learner) ? nothingOf(learner) : source.learner(learner)),
  );
  app.get<{ Params: { readonly cohort: string } }>(
    '/console/trends/:cohort',
    { config, schema: { ...hidden, params: strictly({ cohort: ID }), querystring: strictly({}) } },
    async ({ params: { cohort } }) => ({ cohort, trend: await source.trend(cohort) }),
  );
}

const nothingOf = (learner: string): LearnerWindows => ({ learner, context: null, engagement: null, mastery: null });
