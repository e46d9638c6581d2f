/** Problem documents of the reader. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_TYPE, problemOf, type Problem } from '../../http/problems.js';
import type { ErrorCode } from '../../schemas/index.js';

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
