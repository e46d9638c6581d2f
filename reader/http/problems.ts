/** Problem documents (RFC 9457): what went wrong with a request, for people and for programs. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../schemas/index.js';

/** Media type of problem documents. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A problem document. */
export interface Problem {
  /** `about:blank`: the status says what kind of problem it is, the code which one. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** A sentence; names no learner. */
  readonly detail: string;
  /** Stable: see docs/reference/errors.md. */
  readonly code: ErrorCode;
  /** Identity of the request, which the log has too. */
  readonly instance: string;
}

/** Makes a problem document. */
export function problemOf(status: number, code: ErrorCode, detail: string, request: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code, instance: `urn:uuid:${request}` };
}

/** Answers with a problem document. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, status: number, code: ErrorCode, detail: string): FastifyReply {
  const problem = problemOf(status, code, detail, request.id);
  // Serialised here: a route has a schema for its own answers only.
  return reply.code(status).type(PROBLEM_TYPE).header('cache-control', 'no-store').serializer(JSON.stringify).send(problem);
}

/** The whole answer as bytes, for a connection whose request could not even be parsed. */
export function rawProblem(problem: Problem): string {
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
