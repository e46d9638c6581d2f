/** `POST /v1/learners/{learner}/rights` and `GET /v1/rights/{request}`. */
import type { FastifyInstance } from 'fastify';
import { idSource } from '../admission.js';
import { refusal } from '../refusal.js';
import type { RightsOutcomes } from '../rightsOutcomes.js';
import { rightsRequest } from '../rightsRequest.js';
import { keyOf } from './eventRoutes.js';
import * as shapes from './rightsShapes.js';
import { IDEMPOTENCY_HEADER } from './shapes.js';
import type { RouteParts } from './routeParts.js';

/** Declares the routes for what learners ask for by right. */
export function rightsRoutes(app: FastifyInstance, { intake, rules }: RouteParts, outcomes: RightsOutcomes): void {
  const tags = ['rights'];
  const config = { access: 'rights:write' } as const;
  const post = {
    operationId: 'postRightsRequest',
    summary: 'Take a request for erasure, a copy, restriction, objection or consent',
    description: 'It is in the log when it is answered, and done by who serves requests ("skillforge privacy serve").',
    tags,
    headers: IDEMPOTENCY_HEADER,
    params: shapes.LEARNER_PARAMETER,
    body: shapes.RIGHTS_BODY,
    response: { 202: shapes.TAKEN_ANSWER, ...shapes.RIGHTS_REFUSALS },
  };
  app.post<{ Params: { learner: string } }>('/v1/learners/:learner/rights', { config, schema: post }, async ({ params, body, headers }, reply) => {
    const key = keyOf(headers['idempotency-key']);
    // Apart from events: what is sent under the same key is another thing.
    const asked = rightsRequest(params.learner, body, rules, idSource(key === undefined ? undefined : `rights ${key}`));
    await intake.take([asked]);
    const request = asked.value.eventId;
    const address = `/v1/rights/${request}`;
    return reply.code(202).header('location', address).send({ request, address });
  });
  const get = {
    operationId: 'rightsRequest',
    summary: 'How far a request is',
    tags,
    params: shapes.REQUEST_PARAMETER,
    response: { 200: shapes.OUTCOME_ANSWER, 401: shapes.RIGHTS_REFUSALS[401], 403: shapes.RIGHTS_REFUSALS[403], 404: shapes.UNKNOWN_REQUEST },
  };
  app.get<{ Params: { request: string } }>('/v1/rights/:request', { config, schema: get }, async ({ params }) => {
    const found = await outcomes.find(params.request);
    if (found === null) throw refusal(404, 'SFS_RIGHTS_UNKNOWN', 'no request is known under this identity');
    const { request, state, updatedAtMs, code, file, sha256 } = found;
    return { request, state, updatedAtMs, code, file, sha256 };
  });
}
