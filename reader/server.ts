/** The thin reader as a server: a client of the topic behind HTTP. */
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { SkillForgeError, errorCodeOf, errorMessageOf, type Traces } from '../schemas/index.js';
import { traceAnswer } from './answerTraces.js';
import { declarePrincipal } from '../http/access/caller.js';
import { isLoopback } from '../http/access/loopback.js';
import { AccessPolicy, type AccessOptions } from '../http/access/policy.js';
import { newServer, type ServerOptions, type ServerTls } from '../http/tlsServer.js';
import { RecommendationClient, type ClientNotice, type ClientOptions } from './client.js';
import { consoleRoutes, type ConsoleOptions, type ConsoleSource } from './console.js';
import type { EventWriter } from './events.js';
import { LeftOutbox } from './leftOutbox.js';
import { OutboxWriter, type OutboxOptions, type OutboxStatus } from './outboxWriter.js';
import { logRequests, readerLog, type ReaderLog } from './http/accessLog.js';
import { LearnerAnswers } from './http/answers.js';
import { authorise, isStillAllowed } from './http/authorisation.js';
import { ChangeFeed } from './http/changeFeed.js';
import { changeRoutes } from './http/changeRoutes.js';
import { apiDescription } from './http/description.js';
import { eventRoutes } from './http/eventRoutes.js';
import { closeUnused } from '../http/connections.js';
import { limitRequests } from '../http/limits.js';
import { countRequests, metricRoutes } from './http/metricRoutes.js';
import { allowOrigins } from './http/origins.js';
import { probeRoutes } from './http/probes.js';
import { MAX_URL_LENGTH, refuseByRouter, refuseConnection, refuseTheRest } from './http/refusals.js';
import { recommendationRoutes } from './http/routes.js';
import { NO_QUERY } from './http/shapes.js';
import { ReaderMetrics } from './metrics.js';

/** How to make a reader; see {@link ClientOptions} for the log and the view. */
export interface ReaderOptions extends ClientOptions {
  /** Feeds the page; without it the reader has none. */
  readonly console?: ConsoleSource;
  /** Folder of the page's files (that of this package). */
  readonly pageFolder?: string;
  /** Takes a line of JSON for each request and event (none). No line holds an id of a learner. */
  readonly logStream?: Pick<Writable, 'write'>;
  /** Who is let in (everybody who reaches the address). */
  readonly access?: AccessOptions;
  /** Serves HTTPS, and nothing else (HTTP). */
  readonly tls?: ServerTls;
  /** Requests a minute of each caller, where a key says nothing else (no limit). */
  readonly perMinute?: number;
  /** Origins of web pages that may read the answers (none). */
  readonly origins?: readonly string[];
  /** Where feedback and exposures are written (nowhere: they are refused). */
  readonly events?: EventWriter;
  /** The same for a log that may be away: they are kept on disk first, and forwarded when it takes them. */
  readonly outbox?: OutboxOptions;
  /** Hears once, when it starts without {@link outbox}, of events that an earlier reader has left in one. */
  readonly onLeft?: (waiting: OutboxStatus) => void;
  /** Whether to count requests, and to serve what was counted at `/metrics` (false). */
  readonly metrics?: boolean;
  /** Where answers to learners who are followed are told (nowhere). */
  readonly traces?: Traces;
  /** While it stops, for how long it says that it is not ready and answers all the same, ms (0): until nobody sends it requests any more. */
  readonly drainMs?: number;
  /** Between two signs of life in a stream of changes, ms (15,000). */
  readonly beatMs?: number;
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

const BEAT_MS = 15_000;

/** A reader that follows its log. Without {@link ReaderOptions.access} it asks nobody who they are: keep it on this machine, or behind a gateway. */
export interface Reader {
  /** The same answers without HTTP, and changes as they come. */
  readonly client: RecommendationClient;
  /** The server, for what this interface does not have: `inject` in tests, hooks of one's own before it listens. */
  readonly app: FastifyInstance;
  /** Begins to listen; resolves to the URL. @throws SFS_LISTEN_FAILED */
  listen(options?: ListenOptions): Promise<string>;
  /**
   * Says that it is not ready, ends streams, answers on while it drains; then takes no more requests, answers those under way, stops following,
   * closes the view. The log stays open.
   */
  close(): Promise<void>;
}

/**
 * Opens the view, begins to follow the log, and makes the server; {@link Reader.listen} starts it.
 * @example
 * const reader = await createReader({ log: storage.log, region: 'eu-west', store: { folder: './view' } });
 * console.log(await reader.listen({ port: 0 }));
 * @throws SFS_VIEW_UNUSABLE, SFS_VIEW_REGION, SFS_REGION_INVALID; SFS_REGION_MISMATCH for an outbox of another region; SFS_PACKAGE_BROKEN when the page's files are missing; SFS_ACCESS_INVALID, SFS_TLS_INVALID
 */
export async function createReader(options: ReaderOptions): Promise<Reader> {
  const log = readerLog(options.logStream);
  const metrics = options.metrics === true ? new ReaderMetrics() : null;
  const client = await RecommendationClient.open({ ...options, onNotice: noticing(log, metrics, options) });
  let outbox: OutboxWriter | null = null;
  let left: LeftOutbox | null = null;
  try {
    outbox = await outboxOf(client, log, metrics, options);
    left = outbox === null ? await leftOf(log, options) : null;
    const parts = { ...partsOf(client, log, metrics, options), outbox, left };
    const app = await serverOf(parts);
    let closing: Promise<void> | null = null;
    return {
      client,
      app,
      listen: (where = {}) => listening(parts, app, where),
      close: () => (closing ??= closeAll(parts, app)),
    };
  } catch (error) {
    await outbox?.close();
    await left?.close();
    await client.close();
    throw error;
  }
}

async function outboxOf(
  client: RecommendationClient,
  log: ReaderLog,
  metrics: ReaderMetrics | null,
  { outbox, region, log: events }: ReaderOptions,
): Promise<OutboxWriter | null> {
  if (outbox === undefined) return null;
  return OutboxWriter.open(outbox, {
    region,
    isDenied: (learner) => client.denied.has(learner),
    keys: events.diskKeys?.() ?? null,
    refusal: () => client.eventRefusal(),
    onGone: (outcome, events) => metrics?.left(outcome, events),
    onTrouble: (error) => log.error(troubleOf(error), { code: errorCodeOf(error) }),
    onWarning: (what, error) => log.warn(what, { code: errorCodeOf(error) }),
  });
}

/** What keeps the key of the outbox away, or closed. */
const OF_KEYS: ReadonlySet<string> = new Set([
  'SFS_KEYS_UNAVAILABLE',
  'SFS_KEY_SERVICE_REFUSED',
  'SFS_KEY_SERVICE_URL',
  'SFS_KEY_UNKNOWN',
  'SFS_KEY_FILE',
]);

function troubleOf(error: unknown): string {
  const code = errorCodeOf(error);
  if (code === 'SFS_EVENTS_IN_CLEAR') return errorMessageOf(error);
  if (OF_KEYS.has(code)) return 'the key of the outbox is not at hand: events are neither taken nor forwarded';
  return 'events wait on disk: the log does not take them';
}

/** What an earlier reader with a place for events has left. A reader answers all the same, whatever is wrong with the file. */
async function leftOf(log: ReaderLog, { region, store, onLeft }: ReaderOptions): Promise<LeftOutbox | null> {
  if (store === undefined || store === 'memory') return null;
  try {
    const left = await LeftOutbox.open(store.folder, region);
    if (left === null) return null;
    const { events, oldestMs } = left.status();
    log.warn('events wait on disk, and this reader was started without a place for them: nobody forwards them', { events, oldestMs });
    onLeft?.(left.status());
    return left;
  } catch (error) {
    log.warn('the outbox beside the view cannot be looked into', { code: errorCodeOf(error) });
    return null;
  }
}

/** What a server is made of. */
interface ReaderParts {
  readonly options: ReaderOptions;
  readonly client: RecommendationClient;
  readonly log: ReaderLog;
  readonly metrics: ReaderMetrics | null;
  /** `null`: everybody is let in. */
  readonly policy: AccessPolicy | null;
  readonly answers: LearnerAnswers;
  readonly feed: ChangeFeed;
  readonly outbox: OutboxWriter | null;
  /** What waits for a reader with a place for events. */
  readonly left: LeftOutbox | null;
  isStopping: boolean;
}

function partsOf(
  client: RecommendationClient,
  log: ReaderLog,
  metrics: ReaderMetrics | null,
  options: ReaderOptions,
): Omit<ReaderParts, 'outbox' | 'left'> {
  const { access, region, beatMs = BEAT_MS } = options;
  const keysTrouble = (error: unknown): void => {
    log.error('the file of API keys cannot be used: no key is let in', { code: errorCodeOf(error), why: errorMessageOf(error) });
    if (options.logStream === undefined) process.emitWarning(errorMessageOf(error));
  };
  const policy = access === undefined ? null : AccessPolicy.of(access, keysTrouble);
  const { traces } = options;
  const answers = new LearnerAnswers(client, region, (told, learner, elapsedMs) => {
    metrics?.answered(told, client.now());
    if (traces !== undefined) traceAnswer(traces, learner, told, elapsedMs);
  });
  if (metrics !== null) client.onChange((change) => metrics.changed(change));
  return { options, client, log, metrics, policy, answers, feed: new ChangeFeed(client, answers, beatMs), isStopping: false };
}

async function closeAll(parts: ReaderParts, app: FastifyInstance): Promise<void> {
  parts.isStopping = true;
  parts.feed.close();
  const { drainMs = 0 } = parts.options;
  if (drainMs > 0) await sleep(drainMs);
  await app.close();
  await parts.outbox?.close();
  await parts.left?.close();
  await parts.client.close();
}

async function listening(
  { log, policy }: ReaderParts,
  app: FastifyInstance,
  { host = '127.0.0.1', port = DEFAULT_PORT }: ListenOptions,
): Promise<string> {
  if (policy === null && !isLoopback(host)) log.warn('whoever reaches this address is served: no key and no token is asked for', { host });
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new SkillForgeError('SFS_LISTEN_FAILED', `the reader cannot listen on port ${port} of ${host}: ${errorMessageOf(cause)}`, {
      cause,
      context: { host, port },
    });
  }
}

/** Largest body, bytes: a hundred events with long ids. */
const BODY_LIMIT = 512 * 1024;

const SERVER: ServerOptions = {
  logger: false,
  genReqId: () => randomUUID(),
  bodyLimit: BODY_LIMIT,
  // A parameter that is not known is refused, not dropped: it may be a misspelt one.
  ajv: { customOptions: { removeAdditional: false, allowUnionTypes: true } },
  routerOptions: { maxParamLength: MAX_URL_LENGTH },
  frameworkErrors: refuseByRouter,
  clientErrorHandler: refuseConnection,
  forceCloseConnections: 'idle',
  requestTimeout: 30_000,
  // It is asked for with a problem document.
  http: { requireHostHeader: false },
};

async function serverOf(parts: ReaderParts): Promise<FastifyInstance> {
  const { options, log } = parts;
  const app = newServer(SERVER, (text, fields) => log.error(text, fields), options.tls);
  app.removeContentTypeParser('text/plain');
  await guard(app, parts);
  await app.register(swagger, { openapi: apiDescription() });
  await app.register((routes, _, done) => {
    declareRoutes(routes, parts);
    routes.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true, querystring: NO_QUERY } }, () => app.swagger());
    done();
  });
  if (options.console !== undefined) await app.register(consoleRoutes, consoleOptions(parts, options.console));
  await app.ready();
  return app;
}

/** All that looks at a request before its route does, in this order. */
async function guard(app: FastifyInstance, { options, policy, log, metrics }: ReaderParts): Promise<void> {
  declarePrincipal(app);
  closeUnused(app);
  if (options.origins !== undefined) await allowOrigins(app, options.origins);
  refuseTheRest(app, log);
  if (options.logStream !== undefined) logRequests(app, log);
  if (metrics !== null) countRequests(app, metrics);
  app.addHook('onSend', (_, reply, payload, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done(null, payload);
  });
  if (policy !== null) authorise(app, policy);
  if (policy !== null || options.perMinute !== undefined) await limitRequests(app, options.perMinute);
}

function declareRoutes(app: FastifyInstance, parts: ReaderParts): void {
  const { options, client, policy, answers, feed, metrics, outbox, left } = parts;
  const waiting = (): OutboxStatus | null => (outbox ?? left)?.status() ?? null;
  recommendationRoutes(app, client, answers);
  changeRoutes(app, feed, (request) => (policy === null ? Promise.resolve(true) : isStillAllowed(policy, request)));
  eventRoutes(app, {
    writer: outbox ?? options.events ?? null,
    region: options.region,
    isDenied: (learner) => client.denied.has(learner),
    onWritten: (topic, events) => metrics?.wrote(topic, events),
  });
  probeRoutes(app, { client, isStopping: () => parts.isStopping, outbox: waiting });
  if (metrics === null) return;
  metricRoutes(app, metrics, () => ({
    status: client.status(),
    isStopping: parts.isStopping,
    streams: feed.size,
    catalogueItems: () => client.catalogueItems(),
    outbox: waiting(),
  }));
}

function consoleOptions({ client, options: { pageFolder } }: ReaderParts, source: ConsoleSource): ConsoleOptions {
  return {
    source,
    learners: (prefix, limit) => client.learners(prefix, limit),
    isDenied: (learner) => client.denied.has(learner),
    now: () => client.now(),
    pageFolder,
  };
}

/** Notices go to the log, and to whoever asked for them. */
function noticing(log: ReaderLog, metrics: ReaderMetrics | null, { onNotice }: ReaderOptions): (notice: ClientNotice) => void {
  return (notice) => {
    tell(log, notice);
    metrics?.noticed(notice);
    onNotice?.(notice);
  };
}

function tell(log: ReaderLog, notice: ClientNotice): void {
  if (notice.kind === 'rebuild') log.warn(`the view is built anew: ${notice.reason.message}`, { reason: notice.reason.code });
  else if (notice.kind === 'unusable') log.warn('a record cannot be used; the last good one of its key stays', { ...notice.record });
  else if (notice.kind === 'served') log.info('another version is served', { topic: notice.topic });
  else log.error('the log cannot be followed; what is in the view stays served', { code: notice.code });
}
