/** The part of an xAPI Learning Record Store that takes statements. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { idSource, type IdSource } from '../admission.js';
import { isObject } from '../eventShape.js';
import { eventsIn } from '../plainEvents.js';
import { invalid, notAllowed, refusal } from '../refusal.js';
import { StatementReader, uuidOf } from '../xapi/statement.js';
import { assertDistinct, keyOf, placed } from './eventRoutes.js';
import type { RouteParts } from './routeParts.js';
import * as shapes from './shapes.js';

/** Version of xAPI that answers name. */
const VERSION = '1.0.3';
const VERSION_HEADER = 'x-experience-api-version';
const PATH = '/xapi/statements';

/** Declares the routes below `/xapi`. @see https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md#stmtres */
export function statementRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { mostEvents } = parts;
  const reader = new StatementReader(parts.rules);
  app.addHook('onRequest', (_, reply, done) => {
    reply.header(VERSION_HEADER, VERSION);
    done();
  });
  app.get(
    '/xapi/about',
    {
      config: { access: 'open' },
      schema: { operationId: 'about', summary: 'Versions of xAPI', tags: ['xapi'], response: { 200: shapes.ABOUT_ANSWER } },
    },
    () => ({
      version: [VERSION],
    }),
  );
  const post = {
    ...described('postStatements', 'Take xAPI statements'),
    body: shapes.statementsBody(mostEvents),
    headers: shapes.IDEMPOTENCY_HEADER,
  };
  app.post(PATH, { schema: { ...post, response: { 200: shapes.IDS_ANSWER, ...shapes.REFUSALS } } }, async ({ body, headers, query }, reply) => {
    assertVersion(headers[VERSION_HEADER]);
    queryOf(query, []);
    const ids = await taken(parts, reader, body, idSource(keyOf(headers['idempotency-key'])));
    return sent(reply).send(ids);
  });
  const put = { ...described('putStatement', 'Take one xAPI statement'), body: shapes.STATEMENT_BODY, querystring: shapes.STATEMENT_QUERY };
  app.put(
    PATH,
    { schema: { ...put, response: { 204: { type: 'null', description: 'It is in the log.' }, ...shapes.REFUSALS } } },
    async (request, reply) => {
      assertVersion(request.headers[VERSION_HEADER]);
      const id = uuidOf(queryOf(request.query, ['statementId'])['statementId'], 'statementId');
      await taken(parts, reader, withId(request.body, id), { next: () => id });
      return reply.code(204).send();
    },
  );
}

const described = (operationId: string, summary: string) => ({
  operationId,
  summary,
  description: 'All statements of the request are taken, or none. One whose verb means nothing to a topology is left aside, and counted.',
  tags: ['xapi'],
});

const sent = (reply: FastifyReply): FastifyReply => reply.type('application/json');

async function taken({ intake, metrics, mostEvents }: RouteParts, reader: StatementReader, body: unknown, ids: IdSource): Promise<string[]> {
  const isList = Array.isArray(body);
  const statements = eventsIn(body, mostEvents).map((one, index) => placed(isList, index, () => reader.read(one, ids)));
  const named = statements.map(({ id }) => id);
  assertDistinct(named, 'id');
  const events = statements.flatMap(({ event }) => (event === null ? [] : [event]));
  if (events.length > 0) {
    const { written, repeated } = await intake.take(events);
    metrics.count('written', written);
    metrics.count('repeated', repeated);
  }
  metrics.count('ignored', statements.length - events.length);
  return named;
}

/** 1.0 and its patches are one version to xAPI. */
function assertVersion(header: unknown): void {
  if (typeof header === 'string' && /^1\.0(\.\d+)?$/.test(header)) return;
  throw refusal(400, 'SFS_REQUEST_INVALID', `the header "X-Experience-API-Version" must be 1.0.x, such as ${VERSION}`);
}

/** @throws SFS_FIELD_REFUSED for a parameter that is not known: what it asks for is not done here */
function queryOf(query: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  const given = query as Readonly<Record<string, unknown>>;
  for (const name in given) if (!known.includes(name)) throw notAllowed(name);
  return given;
}

function withId(body: unknown, id: string): unknown {
  if (!isObject(body)) throw invalid('statement', 'must be an object');
  if (body['id'] === undefined) return { ...body, id };
  if (uuidOf(body['id'], 'id') !== id) throw invalid('id', 'is another one than statementId says');
  return body;
}
