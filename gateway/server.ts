/** The gateway as a server: events come in over HTTP, and are in the log when the answer says so. */
import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { declarePrincipal } from '../http/access/caller.js';
import { AccessPolicy, type AccessOptions } from '../http/access/policy.js';
import { closeUnused } from '../http/connections.js';
import { limitRequests } from '../http/limits.js';
import { newServer, type ServerOptions, type ServerTls } from '../http/tlsServer.js';
import { SkillForgeError, errorCodeOf, errorMessageOf, packageVersion, type SchemaIds } from '../schemas/index.js';
import { assertRegions } from './admission.js';
import type { EventLog } from './eventLog.js';
import { eventRoutes } from './http/eventRoutes.js';
import { guardSenders, refuseUnguarded } from './http/access.js';
import { logRequests, writeLine, type LogStream } from './http/accessLog.js';
import { MOST_IN_FLIGHT_BYTES, Pressure } from './http/pressure.js';
import { sendProblem } from './http/problems.js';
import { refuseTheRest } from './http/refusals.js';
import { rightsRoutes } from './http/rightsRoutes.js';
import * as shapes from './http/shapes.js';
import { statementRoutes } from './http/statementRoutes.js';
import type { IdentityMap } from './identityMap.js';
import { Intake } from './intake.js';
import { GatewayMetrics } from './metrics.js';
import { LONGEST_IDENTITY } from './plainEvents.js';
import type { ReceivedEvents } from './receivedEvents.js';
import type { RightsOutcomes } from './rightsOutcomes.js';
import type { StatementRules } from './xapi/statement.js';

/** Port when nothing is said. */
export const DEFAULT_GATEWAY_PORT = 8788;
/** Most events of a request. */
const MOST_EVENTS = 1_000;
/** Largest body, bytes. */
const BODY_LIMIT = 4 * 2 ** 20;

/** How to make a gateway; log, identities and received events stay the caller's. */
export interface GatewayOptions extends StatementRules {
  readonly log: EventLog;
  readonly identities: IdentityMap;
  readonly received: ReceivedEvents;
  /** Tells how far requests for rights of learners are (none are taken). */
  readonly outcomes?: RightsOutcomes;
  /** Where ids of schemas come from (those of this package). */
  readonly schemas?: SchemaIds;
  /** Origins of pages that may send events, such as `https://lms.example` (none). */
  readonly origins?: readonly string[];
  /** Who may send events, or ask for rights: by a key or a token with the scope `events:write`, or `rights:write` (without, everybody may send events and nobody may ask). */
  readonly access?: AccessOptions;
  /** Serves HTTPS, and nothing else (HTTP). */
  readonly tls?: ServerTls;
  /** Requests with events a minute of each sender, where a key says nothing else (no limit). */
  readonly perMinute?: number;
  /** Bodies under way, all together, bytes, above which requests are refused (32 MiB). */
  readonly mostInFlightBytes?: number;
  /** Takes a line of JSON for each request (none). No line holds an identity. */
  readonly logStream?: LogStream;
  /** Clock, ms since epoch. */
  readonly now?: () => number;
  /** Called when another process has taken this gateway's place in the log: end this one. */
  readonly onLost?: (error: unknown) => void;
}

/** A gateway that takes events. */
export interface Gateway {
  /** The server, whose `inject` tests use; it takes no hooks and routes any more. */
  readonly app: FastifyInstance;
  /** Begins to listen; resolves to the URL. @throws SFS_LISTEN_FAILED */
  listen(options?: { readonly host?: string; readonly port?: number }): Promise<string>;
  /** Takes no more requests and answers those under way. */
  close(): Promise<void>;
}

/**
 * Settles with the log what an earlier process left, and makes the server.
 * @throws SFS_REGION_INVALID, SFS_GATEWAY_STORE, SFS_ACCESS_INVALID, SFS_TLS_INVALID
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  assertRegions(options);
  const policy = policyOf(options);
  const intake = new Intake(options);
  await intake.settle();
  const app = await serverOf(options, intake, policy);
  return {
    app,
    listen: ({ host = '127.0.0.1', port = DEFAULT_GATEWAY_PORT } = {}) => listening(app, host, port),
    close: async () => {
      await app.close();
      await intake.idle();
    },
  };
}

async function listening(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const message = `the gateway cannot listen on port ${port} of ${host}: ${errorMessageOf(cause)}`;
    throw new SkillForgeError('SFS_LISTEN_FAILED', message, { cause, context: { host, port } });
  }
}

/** The regions that this gateway was told of: what a client sends becomes no label. */
function namedRegions({ elsewhere, homes }: GatewayOptions): Pick<ReadonlySet<string>, 'has'> {
  const named = new Set(elsewhere?.values());
  return { has: (region) => named.has(region) || homes?.told.has(region) === true };
}

function policyOf({ access, logStream }: GatewayOptions): AccessPolicy | null {
  if (access === undefined) return null;
  return AccessPolicy.of(access, (error) => {
    writeLine(logStream, 'error', 'the file of API keys cannot be used: no key is let in', { code: errorCodeOf(error), why: errorMessageOf(error) });
    if (logStream === undefined) process.emitWarning(errorMessageOf(error));
  });
}

const SERVER: ServerOptions = {
  logger: false,
  genReqId: () => randomUUID(),
  bodyLimit: BODY_LIMIT,
  // Of a path that names a learner: each character may take nine.
  routerOptions: { maxParamLength: 9 * LONGEST_IDENTITY },
  forceCloseConnections: 'idle',
  requestTimeout: 30_000,
};

async function serverOf(options: GatewayOptions, intake: Intake, policy: AccessPolicy | null): Promise<FastifyInstance> {
  const { origins = [], perMinute, mostInFlightBytes = MOST_IN_FLIGHT_BYTES, logStream } = options;
  const app = newServer(SERVER, (text, fields) => writeLine(logStream, 'error', text, fields), options.tls);
  app.removeContentTypeParser('text/plain');
  closeUnused(app);
  // Bodies are checked by the shapes of topics and statements, which name what they refuse; schemas of routes only describe.
  app.setValidatorCompiler(() => () => true);
  const pressure = new Pressure(mostInFlightBytes);
  const metrics = new GatewayMetrics(namedRegions(options), () => pressure.bytes);
  refuseTheRest(app, logStream, ({ code, region }) => {
    metrics.refuse(code);
    if (code === 'SFS_REGION_OTHER') metrics.refuseRegion(region ?? '');
  });
  if (logStream !== undefined) logRequests(app, logStream);
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    done();
  });
  if (origins.length > 0) await app.register(cors, { origin: [...origins], methods: ['GET', 'POST', 'PUT'], maxAge: 600 });
  declarePrincipal(app);
  if (policy !== null) guardSenders(app, policy);
  else refuseUnguarded(app);
  if (policy !== null || perMinute !== undefined) await limitRequests(app, perMinute);
  pressure.guard(app, BODY_LIMIT);
  await app.register(swagger, { openapi: description() });
  const parts = { intake, rules: options, metrics, mostEvents: MOST_EVENTS };
  await app.register((routes, _, done) => {
    eventRoutes(routes, parts);
    if (options.outcomes !== undefined) rightsRoutes(routes, parts, options.outcomes);
    operationRoutes(routes, intake, metrics);
    routes.get('/openapi.json', { config: OPEN, schema: { hide: true } }, () => app.swagger());
    done();
  });
  await app.register((routes, _, done) => {
    statementRoutes(routes, parts);
    done();
  });
  await app.ready();
  return app;
}

/** For everybody, and as often as they like. */
const OPEN = { access: 'open' } as const;

function operationRoutes(app: FastifyInstance, intake: Intake, metrics: GatewayMetrics): void {
  const tags = ['operation'];
  const health = { operationId: 'health', summary: 'Whether the process answers', tags, response: { 200: shapes.PROBE_ANSWER } };
  app.get('/healthz', { config: OPEN, schema: health }, () => ({ status: 'ok' }));
  const ready = {
    operationId: 'readiness',
    summary: 'Whether the log took the last batch',
    tags,
    response: { 200: shapes.PROBE_ANSWER, 503: shapes.NOT_READY },
  };
  app.get('/readyz', { config: OPEN, schema: ready }, async (request, reply) =>
    (await intake.isReady())
      ? reply.send({ status: 'ready' })
      : sendProblem(request, reply, { status: 503, code: 'SFS_NOT_READY', detail: 'the log did not confirm the last batch' }),
  );
  app.get('/metrics', { config: OPEN, schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}

function description(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'SkillForge Streams: gateway',
      version: packageVersion(),
      description: 'Takes events. A success says that they are in the log. Errors are problem documents (RFC 9457) with a stable code.',
    },
    tags: [
      { name: 'events', description: 'Plain JSON events' },
      { name: 'xapi', description: 'xAPI statements' },
      { name: 'rights', description: 'What learners ask for by right' },
      { name: 'operation', description: 'Health and readiness' },
    ],
  };
}
