/** Every way in which a request is refused, in one place; nothing here shows a stack or echoes an id. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_TYPE, problemOf } from '../../http/problems.js';
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { ReaderLog } from './accessLog.js';
import { typeTrouble } from './bodies.js';
import { invalidityOf } from './invalidity.js';
import { rawProblem, sendProblem } from './problems.js';
import { encodingTrouble, pathOf, queryTrouble } from './queries.js';

/** Longest path with its query, characters: an id of 256 characters may take 3,072. */
export const MAX_URL_LENGTH = 8_192;

const TOO_LONG = `path and query have more than ${MAX_URL_LENGTH} characters`;

/** Refuses methods, paths, queries and bodies that the server does not know, with problem documents. To be called before routes are declared. */
export function refuseTheRest(app: FastifyInstance, log: ReaderLog): void {
  const paths = knownPaths(app);
  app.addHook('onRequest', (request, reply, done) => {
    const { method = '', url = '' } = request.raw;
    const trouble = addressTrouble(request);
    if (trouble !== null) return void sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', trouble);
    if (!request.is404 && url.startsWith('/')) return done();
    const path = pathOf(url);
    if (path === null) return void refusePath(request, reply);
    if (!request.is404) return done();
    const known = paths.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (known.length === 0) return void refusePath(request, reply);
    const allowed = [...new Set(known)];
    reply.header('allow', allowed.join(', '));
    sendProblem(request, reply, 405, 'SFS_METHOD_REFUSED', `the method ${method} is not known here; use ${allowed.join(' or ')}`);
  });
  app.addHook('preValidation', (request, reply, done) => {
    const trouble = queryTrouble(request) ?? typeTrouble(request.routeOptions.schema?.body, request.body);
    if (trouble === null) return done();
    sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', trouble);
  });
  app.server.on('checkExpectation', refuseExpectation);
  app.setNotFoundHandler((request, reply) => refusePath(request, reply));
  app.setErrorHandler((error, request, reply) => refuseError(error as FastifyError, request, reply, log));
}

const refusePath = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  sendProblem(request, reply, 404, 'SFS_PATH_UNKNOWN', 'there is nothing under this path; /openapi.json lists what there is');

/** What is wrong with a request before its path is looked at; `null` for nothing. */
function addressTrouble({ raw: { url = '', httpVersion, headers } }: FastifyRequest): string | null {
  if (url.length > MAX_URL_LENGTH) return TOO_LONG;
  if (httpVersion === '1.1' && headers.host === undefined) return 'the header "host" is missing';
  return encodingTrouble(url);
}

/** What HTTP lets a client expect of a server, and no server does. */
function refuseExpectation(_: IncomingMessage, response: ServerResponse): void {
  const problem = problemOf(417, 'SFS_REQUEST_INVALID', 'what the header "expect" asks for is not done here', randomUUID());
  response.writeHead(417, { 'content-type': PROBLEM_TYPE, connection: 'close' }).end(JSON.stringify(problem));
}

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

/** Paths of all routes that are declared later, as patterns, with their methods. */
function knownPaths(app: FastifyInstance): readonly KnownPath[] {
  const paths: KnownPath[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    paths.push({ pattern: new RegExp(`^${parts.join('/')}$`), methods: [method].flat() });
  });
  return paths;
}

/** What the router itself refuses: an encoding that is none, a part of the path that is too long. */
export function refuseByRouter(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return void sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', TOO_LONG);
  sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', 'the path is not encoded as a URL: write % as %25');
}

/** What is no HTTP, or has headers beyond all measure. */
export function refuseConnection(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const [status, detail] =
    error.code === 'HPE_HEADER_OVERFLOW' ? ([431, 'the headers are too large'] as const) : ([400, 'the request is no HTTP'] as const);
  socket.end(rawProblem(problemOf(status, 'SFS_REQUEST_INVALID', detail, randomUUID())));
}

/** What fastify says of bodies, in words of this reader. */
const REFUSED_BODIES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is too large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'a body is JSON: the header "content-type" says application/json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is no JSON',
};

function refuseError(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: ReaderLog): void {
  if (error.validation !== undefined) return void sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', invalidityOf(error));
  if (error instanceof SkillForgeError && error.retriable) return refuseForNow(error, request, reply, log);
  if (errorCodeOf(error) === 'SFS_SHARD_OTHER') return void sendProblem(request, reply, 421, 'SFS_SHARD_OTHER', error.message);
  if (errorCodeOf(error) === 'SFS_EVENTS_IN_CLEAR') return void sendProblem(request, reply, 503, 'SFS_EVENTS_IN_CLEAR', error.message);
  const status = error.statusCode ?? 500;
  if (status === 503) {
    reply.header('retry-after', '1');
    return void sendProblem(request, reply, 503, 'SFS_NOT_READY', 'the reader is stopping');
  }
  if (status === 429)
    return void sendProblem(request, reply, 429, 'SFS_RATE_LIMITED', 'too many requests; "retry-after" says when there is room again');
  if (status < 500)
    return void sendProblem(request, reply, status, 'SFS_REQUEST_INVALID', REFUSED_BODIES[error.code] ?? 'the request cannot be read');
  log.error('request failed', { request: request.id, route: request.routeOptions.url, ...frames(error) });
  sendProblem(request, reply, 500, 'SFS_UNEXPECTED', 'the reader failed to answer; its log has more under the identity of this request');
}

/** What it needs is away: the message, which may name a server, stays in the log. */
function refuseForNow({ code }: SkillForgeError, request: FastifyRequest, reply: FastifyReply, log: ReaderLog): void {
  log.warn('what a request needs is away', { request: request.id, route: request.routeOptions.url, code });
  // What has filled an outbox was away for long, and what comes back empties it first.
  reply.header('retry-after', code === 'SFS_OUTBOX_FULL' ? '30' : '1');
  sendProblem(request, reply, 503, code, 'what this needs is away for now; "code" says what');
}

/** The stack without the message, which may hold anything. */
function frames(error: Error): { readonly error: string; readonly at: readonly string[] } {
  const at = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return { error: error.name, at: at.slice(0, 10).map((line) => line.trim()) };
}
