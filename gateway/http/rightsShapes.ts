/** Requests for rights and their answers as JSON Schema, for the OpenAPI description. */
import { RIGHTS } from '../rightsRequest.js';
import { object, problem, REFUSALS, text } from './shapes.js';

/** Whom it is about. */
export const LEARNER_PARAMETER = object({ learner: text('The learner, as the sender calls them in events.') });

/** Which request. */
export const REQUEST_PARAMETER = object({ request: text('Identity of the request, as it was answered.') });

/** What is asked for. */
export const RIGHTS_BODY = object(
  {
    kind: { type: 'string', enum: Object.keys(RIGHTS) },
    withdraw: { type: 'boolean', default: false, description: 'Of consent, object and restrict: it is taken back.' },
    occurredAtMs: { type: 'integer', minimum: 0, description: 'When the learner asked, ms since epoch; by default now.' },
  },
  ['kind'],
);

/** It is in the log. */
export const TAKEN_ANSWER = {
  description: 'It is in the log.',
  ...object({ request: text('Identity of the request.'), address: text('Where to ask how far it is.') }),
};

const orNull = (description: string) => ({ type: ['string', 'null'], description });

/** How far it is. */
export const OUTCOME_ANSWER = {
  description: 'How far it is.',
  ...object({
    request: text('Identity of the request.'),
    state: { type: 'string', enum: ['RECEIVED', 'DONE', 'FAILED'] },
    updatedAtMs: { type: 'integer', description: 'Since when, ms since epoch.' },
    code: orNull('FAILED: why.'),
    file: orNull('DONE: name of the receipt of an erasure, or of the file with the copy, on the machine that serves requests.'),
    sha256: orNull('DONE: SHA-256 of that file.'),
  }),
};

/** There is no such request. */
export const UNKNOWN_REQUEST = problem('No request is known under this identity.');

/** The refusals of a request. */
export const RIGHTS_REFUSALS = {
  ...REFUSALS,
  403: problem('The credential does not allow to ask for rights of learners, or the gateway asks nobody who they are.'),
  404: problem('Nobody is known by this identity. Nothing was written.'),
  409: problem('A request with this idempotency key came before, with other content. Nothing was written.'),
};
