/** The thin reader as a server: a client of the topic behind HTTP. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance } from 'fastify';
import { SkillForgeError, errorMessageOf, packageRoot } from '../schemas/index.js';
import { RecommendationClient, type ClientNotice, type ClientOptions } from './client.js';
import { consoleRoutes, type ConsoleSource } from './console.js';
import { logRequests, readerLog, type ReaderLog } from './http/accessLog.js';
import { MAX_URL_LENGTH, refuseByRouter, refuseConnection, refuseTheRest } from './http/refusals.js';
import { probeRoutes, recommendationRoutes } from './http/routes.js';
import { NO_QUERY } from './http/shapes.js';

/** How to make a reader; see {@link ClientOptions} for the log and the view. */
export interface ReaderOptions extends ClientOptions {
  /** Feeds the page; without it the reader has none. */
  readonly console?: ConsoleSource;
  /** Folder of the page's files (that of this package). */
  readonly pageFolder?: string;
  /** Takes a line of JSON for each request and event (none). No line holds an id of a learner. */
  readonly logStream?: Pick<Writable, 'write'>;
}

/** Where to listen. */
export interface ListenOptions {
  /** Address of this machine (127.0.0.1). */
  readonly host?: string;
  /** Port (8787); 0 takes any that is free. */
  readonly port?: number;
}

/** Port when nothing is said. */
export const DEFAULT_PORT = 8787;

/** A reader that follows its log. It has no authentication: keep it behind a gateway that has. */
export interface Reader {
  /** The same answers without HTTP, and changes as they come. */
  readonly client: RecommendationClient;
  /** The server, for what this interface does not have: `inject` in tests, hooks of one's own before it listens. */
  readonly app: FastifyInstance;
  /** Begins to listen; resolves to the URL. @throws SFS_LISTEN_FAILED */
  listen(options?: ListenOptions): Promise<string>;
  /** Takes no more requests, answers those under way, stops following, closes the view. The log stays open. */
  close(): Promise<void>;
}

/**
 * Opens the view, begins to follow the log, and makes the server; {@link Reader.listen} starts it.
 * @example
 * const reader = await createReader({ log: storage.log, region: 'eu-west', store: { folder: './view' } });
 * console.log(await reader.listen({ port: 0 }));
 * @throws SFS_VIEW_UNUSABLE, SFS_VIEW_REGION, SFS_REGION_INVALID; SFS_PACKAGE_BROKEN when the page's files are missing
 */
export async function createReader(options: ReaderOptions): Promise<Reader> {
  const log = readerLog(options.logStream);
  const client = await RecommendationClient.open({ ...options, onNotice: noticing(log, options) });
  try {
    const app = await serverOf(client, log, options);
    return {
      client,
      app,
      listen: (where = {}) => listening(app, where),
      close: async () => {
        await app.close();
        await client.close();
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function listening(app: FastifyInstance, { host = '127.0.0.1', port = DEFAULT_PORT }: ListenOptions): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new SkillForgeError('SFS_LISTEN_FAILED', `the reader cannot listen on port ${port} of ${host}: ${errorMessageOf(cause)}`, {
      cause,
      context: { host, port },
    });
  }
}

async function serverOf(client: RecommendationClient, log: ReaderLog, options: ReaderOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    // A parameter that is not known is refused, not dropped: it may be a misspelt one.
    ajv: { customOptions: { removeAdditional: false, allowUnionTypes: true } },
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    frameworkErrors: refuseByRouter,
    clientErrorHandler: refuseConnection,
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    // It is asked for with a problem document.
    http: { requireHostHeader: false },
  });
  refuseTheRest(app, log);
  if (options.logStream !== undefined) logRequests(app, log);
  app.addHook('onSend', (_, reply, payload, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done(null, payload);
  });
  await app.register(swagger, { openapi: description() });
  await app.register((routes, _, done) => {
    recommendationRoutes(routes, client, options.region);
    probeRoutes(routes, client);
    routes.get('/openapi.json', { schema: { hide: true, querystring: NO_QUERY } }, () => app.swagger());
    done();
  });
  if (options.console !== undefined) {
    const { console: source, pageFolder } = options;
    const learners = (prefix: string, limit: number): string[] => client.learners(prefix, limit);
    const isDenied = (learner: string): boolean => client.denied.has(learner);
    await app.register(consoleRoutes, { source, learners, isDenied, now: () => client.now(), pageFolder });
  }
  await app.ready();
  return app;
}

function description(): object {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { readonly version: string };
  return {
    openapi: '3.1.0',
    info: {
      title: 'SkillForge Streams: reader',
      version,
      description: 'Serves precomputed recommendations. Errors are problem documents (RFC 9457) with a stable code.',
    },
    tags: [
      { name: 'recommendations', description: 'What to recommend' },
      { name: 'operation', description: 'Health and readiness' },
    ],
  };
}

/** Notices go to the log, and to whoever asked for them. */
function noticing(log: ReaderLog, { onNotice }: ReaderOptions): (notice: ClientNotice) => void {
  return (notice) => {
    tell(log, notice);
    onNotice?.(notice);
  };
}

function tell(log: ReaderLog, notice: ClientNotice): void {
  if (notice.kind === 'rebuild') log.warn(`the view is built anew: ${notice.reason.message}`, { reason: notice.reason.code });
  else if (notice.kind === 'unusable') log.warn('a record cannot be used; the last good one of its key stays', { ...notice.record });
  else if (notice.kind === 'served') log.info('another version is served', { topic: notice.topic });
  else log.error('the log cannot be followed; what is in the view stays served', { code: notice.code });
}
