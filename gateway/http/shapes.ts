/** Requests and answers as JSON Schema, for the OpenAPI description. */
import { plainEventDescriptions } from '../plainEvents.js';

/** An object of these fields and no others. */
export const object = (properties: Readonly<Record<string, object>>, required = Object.keys(properties)): object => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** A text. */
export const text = (description: string) => ({ type: 'string', description });
const count = (description: string) => ({ type: 'integer', minimum: 0, description });

const PROBLEM = object(
  {
    type: text('`about:blank`'),
    title: text('The status in words.'),
    status: { type: 'integer' },
    detail: text('A sentence for people; names fields, never their content.'),
    code: { ...text('Stable code.'), pattern: '^SFS_[A-Z_]+$' },
    instance: text('Identity of the request, which the log of the gateway has too.'),
    field: text('The field that it is about.'),
    index: count('Place of the event in the request, from 0.'),
    region: text('The region that the event belongs to.'),
  },
  ['type', 'title', 'status', 'detail', 'code', 'instance'],
);

/** A problem document. */
export const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: PROBLEM } } });

/** The refusals that routes with events have in common. */
export const REFUSALS = {
  400: problem('A field is not on the allow-list, a value does not fit, or the body is no JSON. Nothing of the request was written.'),
  401: problem('The request shows no credential, or none that holds.'),
  403: problem('The credential does not allow to send events.'),
  409: problem('An event with this identity came before, with other content. Nothing of the request was written.'),
  413: problem('The body is too large.'),
  421: problem('An event belongs to another region, which `region` names. Nothing of the request was written.'),
  429: problem('Too much is under way, or the sender has made too many requests in a minute: send it again after `retry-after` seconds.'),
  503: problem(
    'The log did not confirm the events, or who sends cannot be told. Send them again with the same identities: what was written is not written twice.',
  ),
};

/** Plain events: one, or a list. */
export const eventsBody = (most: number): object => {
  const event = { oneOf: plainEventDescriptions() };
  return { anyOf: [event, { type: 'array', items: event, minItems: 1, maxItems: most }] };
};

/** What became of plain events. */
export const EVENTS_ANSWER = {
  description: 'All events are in the log.',
  ...object({ written: count('Events written now.'), repeated: count('Events that had come before.') }),
};

/** Identity of a request: events without one of their own get theirs from it. */
export const IDEMPOTENCY_HEADER = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string',
      maxLength: 256,
      description: 'Makes a retry of the whole request safe where its events have no identity of their own.',
    },
  },
};

const STATEMENT = {
  type: 'object',
  description: 'An xAPI statement, version 1.0.3. What is taken of it, and what is refused, stands in the documentation.',
};

/** Statements: one, or a list. */
export const statementsBody = (most: number): object => ({ anyOf: [STATEMENT, { type: 'array', items: STATEMENT, minItems: 1, maxItems: most }] });

/** One statement. */
export const STATEMENT_BODY = STATEMENT;

/** Ids of statements. */
export const IDS_ANSWER = {
  description: 'The ids of the statements, in order; what they say is in the log.',
  type: 'array',
  items: { type: 'string', format: 'uuid' },
};

/** Query of a single statement. */
export const STATEMENT_QUERY = object({ statementId: { type: 'string', format: 'uuid', description: 'Id of the statement.' } });

/** Versions of xAPI. */
export const ABOUT_ANSWER = { description: 'Versions of xAPI.', ...object({ version: { type: 'array', items: { type: 'string' } } }) };

/** The answers of the probes. */
export const PROBE_ANSWER = { description: 'Yes.', ...object({ status: { type: 'string', enum: ['ok', 'ready'] } }) };

/** Not ready. */
export const NOT_READY = problem('The log did not confirm the last batch.');
