/** Problem documents of the gateway: they may name a field, the place of an event, a region. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_TYPE, problemOf, type Problem } from '../../http/problems.js';
import type { ErrorCode } from '../../schemas/index.js';
import type { RefusalPlace } from '../refusal.js';

/** What went wrong. */
export interface Trouble extends RefusalPlace {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Answers with a problem document. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, trouble: Trouble): FastifyReply {
  const { status, code, detail, field, index, region } = trouble;
  const problem: Problem & RefusalPlace = {
    ...problemOf(status, code, detail, request.id),
    ...(field === undefined ? {} : { field }),
    ...(index === undefined ? {} : { index }),
    ...(region === undefined ? {} : { region }),
  };
  if ((status === 429 || status === 503) && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  return reply.code(status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}
