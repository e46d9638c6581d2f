/** Every way in which a request is refused, in one place; nothing here shows a stack or echoes an id. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ReaderLog } from './accessLog.js';
import { PROBLEM_TYPE, problemOf, rawProblem, sendProblem } from './problems.js';
import { encodingTrouble, pathOf, queryTrouble } from './queries.js';

/** Longest path with its query, characters: an id of 256 characters may take 3,072. */
export const MAX_URL_LENGTH = 8_192;

const TOO_LONG = `path and query have more than ${MAX_URL_LENGTH} characters`;
const READING = ['GET', 'HEAD'];

/** Refuses methods, paths and queries that the server does not know, with problem documents. To be called before routes are declared. */
export function refuseTheRest(app: FastifyInstance, log: ReaderLog): void {
  const paths = knownPaths(app);
  app.addHook('onRequest', (request, reply, done) => {
    const { method = '', url = '' } = request.raw;
    const path = pathOf(url);
    const trouble = addressTrouble(request);
    if (trouble !== null) return void sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', trouble);
    if (path === null) return void refusePath(request, reply);
    if (READING.includes(method)) return done();
    if (!paths.some((known) => known.test(path))) return void refusePath(request, reply);
    reply.header('allow', READING.join(', '));
    sendProblem(request, reply, 405, 'SFS_METHOD_REFUSED', `the method ${method} is not known here; use ${READING.join(' or ')}`);
  });
  app.addHook('preValidation', (request, reply, done) => {
    const trouble = queryTrouble(request);
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

/** Paths of all routes that are declared later, as patterns. */
function knownPaths(app: FastifyInstance): RegExp[] {
  const paths: RegExp[] = [];
  app.addHook('onRoute', ({ url }) => {
    const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    paths.push(new RegExp(`^${parts.join('/')}$`));
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

function refuseError(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: ReaderLog): void {
  if (error.validation !== undefined) return void sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', invalidityOf(error));
  const status = error.statusCode ?? 500;
  if (status === 503) {
    reply.header('retry-after', '1');
    return void sendProblem(request, reply, 503, 'SFS_NOT_READY', 'the reader is stopping');
  }
  if (status < 500) return void sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', 'the request cannot be read');
  log.error('request failed', { request: request.id, route: request.routeOptions.url, ...frames(error) });
  sendProblem(request, reply, 500, 'SFS_UNEXPECTED', 'the reader failed to answer; its log has more under the identity of this request');
}

/** The stack without the message, which may hold anything. */
function frames(error: Error): { readonly error: string; readonly at: readonly string[] } {
  const at = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return { error: error.name, at: at.slice(0, 10).map((line) => line.trim()) };
}

const PLACES: Readonly<Record<string, string>> = { querystring: 'query parameter', params: 'part of the path' };

/** What is wrong, and with what; the value itself is not told. */
function invalidityOf({ validation, validationContext }: FastifyError): string {
  const place = PLACES[validationContext ?? ''] ?? 'part';
  const [first] = validation ?? [];
  if (first === undefined) return `a ${place} is not valid`;
  if (first.keyword === 'additionalProperties') return `the ${place} "${printable(first.params['additionalProperty'])}" is not known`;
  const name = first.instancePath.slice(1);
  if (first.keyword === 'pattern') return `the ${place} "${name}" holds characters that are not allowed`;
  return `the ${place} "${name}" ${first.message ?? 'is not valid'}${choices(first.params)}`;
}

const choices = (params: Readonly<Record<string, unknown>>): string =>
  Array.isArray(params['allowedValues']) ? `: ${params['allowedValues'].join(', ')}` : '';

/** The name of a parameter comes from the client. */
const printable = (name: unknown): string =>
  String(name)
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .slice(0, 40);
