/**
 * The page and what feeds it, as a fastify plugin. Who has no credential where one is needed is asked for it by the browser; each part takes its scope.
 *
 * | route | answer | scope |
 * |---|---|---|
 * | `GET /` and `/page/*` | the page | `console:read` |
 * | `GET /console/access` | what the page may show to the caller | `console:read` |
 * | `GET /console/overview` | topologies and topics with rates, lag and watermarks | `console:read` |
 * | `GET /console/trends/{cohort}` | what a cohort uses | `console:read` |
 * | `GET /console/replays` | replays and how far they are | `console:read` |
 * | `GET /console/replays/{topology}/difference` | how their results differ | `console:read` |
 * | `GET /console/models` | models of the registry, with their gates | `console:read` |
 * | `GET /console/dead-letters` | what could not be processed | `console:read` |
 * | `GET /console/learners?prefix=&limit=` | learners to pick from | `console:learners` |
 * | `GET /console/learners/{id}` | the windows behind a learner's recommendations | `console:learners` |
 * | `GET /console/learners/{id}/decisions` | what was decided for a learner, and what it saw | `console:learners` |
 *
 * Recommendations themselves the page reads as every client does, at `/v1`.
 */
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { answerUnchanged } from './http/conditional.js';
import { consoleFigureRoutes, type ConsoleRouteOptions } from './http/consoleRoutes.js';
import { pageFiles, type PageFile } from './pageFiles.js';

export * from './consoleSource.js';

/** What the routes of the page need. */
export interface ConsoleOptions extends ConsoleRouteOptions {
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

/** Files are no part of the API. */
const hidden = { hide: true } as const;
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
  consoleFigureRoutes(app, options);
  done();
};

function servePage(app: FastifyInstance, files: ReadonlyMap<string, PageFile>): void {
  for (const [path, { type, content }] of files) {
    app.get(path, { config, schema: hidden }, (_, reply) => reply.headers(PAGE_HEADERS).type(type).send(content));
  }
}
