/** Every way in which a request is refused, in one place. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { RefusalPlace } from '../refusal.js';
import { writeLine, type LogStream } from './accessLog.js';
import { sendProblem, type Trouble } from './problems.js';

/** Answers what no route answers, and what routes throw, with problem documents. To be called before routes are declared. */
export function refuseTheRest(app: FastifyInstance, stream: LogStream | undefined, onRefused: (trouble: Trouble) => void): void {
  const methods = methodsByPath(app);
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.get(request.url.split('?', 1)[0]!);
    if (allowed !== undefined) reply.header('allow', [...allowed].join(', '));
    return refuse(request, reply, allowed === undefined ? NOTHING_HERE : methodTrouble([...allowed]), onRefused);
  });
  app.setErrorHandler((error, request, reply) => {
    const trouble = troubleOf(error as FastifyError);
    if (trouble.status >= 500) writeLine(stream, 'error', 'request failed', { request: request.id, code: trouble.code, ...frames(error as Error) });
    return refuse(request, reply, trouble, onRefused);
  });
}

function refuse(request: FastifyRequest, reply: FastifyReply, trouble: Trouble, onRefused: (trouble: Trouble) => void): FastifyReply {
  onRefused(trouble);
  // Refused before its body was read: what is left of it ends the connection.
  if (trouble.code === 'SFS_RATE_LIMITED') reply.header('connection', 'close');
  return sendProblem(request, reply, trouble);
}

const NOTHING_HERE: Trouble = {
  status: 404,
  code: 'SFS_PATH_UNKNOWN',
  detail: 'there is nothing under this path; /openapi.json lists what there is',
};

const methodTrouble = (allowed: readonly string[]): Trouble => ({
  status: 405,
  code: 'SFS_METHOD_REFUSED',
  detail: `this path takes ${allowed.join(', ')}`,
});

function methodsByPath(app: FastifyInstance): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? new Set<string>();
    for (const one of Array.isArray(method) ? method : [method]) known.add(one);
    paths.set(url, known);
  });
  return paths;
}

/** Codes of fastify for bodies that cannot be read. */
const BODIES: Readonly<Record<string, Pick<Trouble, 'status' | 'detail'>>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, detail: 'the body must be application/json' },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, detail: 'the body is too large: send fewer events at a time' },
};

function troubleOf(error: FastifyError | SkillForgeError): Trouble {
  if (error instanceof SkillForgeError) return refusedTrouble(error);
  const known = BODIES[error.code];
  if (known !== undefined) return { code: 'SFS_REQUEST_INVALID', ...known };
  const status = error.statusCode ?? 500;
  if (status === 503) return { status, code: 'SFS_NOT_READY', detail: 'the gateway is stopping' };
  if (status === 429) return { status, code: 'SFS_RATE_LIMITED', detail: 'too many requests; "retry-after" says when there is room again' };
  if (status < 500) return { status: 400, code: 'SFS_REQUEST_INVALID', detail: 'the body is no JSON, or the request cannot be read' };
  return { status: 500, code: 'SFS_UNEXPECTED', detail: 'the gateway failed; its log has more under the identity of this request' };
}

/** What has no status is a failure behind the gateway: whether the events are in the log is not certain, and sending them again tells. */
function refusedTrouble(error: SkillForgeError): Trouble {
  const { status, ...place } = error.context as RefusalPlace & { readonly status?: number };
  const code = errorCodeOf(error);
  if (status !== undefined) return { status, code, detail: error.message, ...onlyPlace(place) };
  return { status: 503, code, detail: 'the events were not confirmed by the log; send them again, with the same identities' };
}

const onlyPlace = ({ field, index, region }: RefusalPlace): RefusalPlace => ({
  ...(field === undefined ? {} : { field }),
  ...(index === undefined ? {} : { index }),
  ...(region === undefined ? {} : { region }),
});

/** The stack without the message, which may hold anything. */
function frames(error: Error): { readonly error: string; readonly at: readonly string[] } {
  const at = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return { error: error.name, at: at.slice(0, 10).map((line) => line.trim()) };
}
