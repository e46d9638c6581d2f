/** `POST /v1/events`. */
import type { FastifyInstance } from 'fastify';
import { idSource } from '../admission.js';
import { textOf } from '../eventShape.js';
import { eventsIn, plainEvent } from '../plainEvents.js';
import { atIndex, invalid } from '../refusal.js';
import type { NewEvent } from '../newEvent.js';
import type { RouteParts } from './routeParts.js';
import * as shapes from './shapes.js';

/** Declares the route for plain JSON events. */
export function eventRoutes(app: FastifyInstance, { intake, rules, metrics, mostEvents }: RouteParts): void {
  const schema = {
    operationId: 'postEvents',
    summary: 'Take plain JSON events',
    description:
      'One event, or a list of which all are written or none. An event is the record of its topic, with the learner as the sender calls them.',
    tags: ['events'],
    headers: shapes.IDEMPOTENCY_HEADER,
    body: shapes.eventsBody(mostEvents),
    response: { 200: shapes.EVENTS_ANSWER, ...shapes.REFUSALS },
  };
  app.post('/v1/events', { schema }, async ({ body, headers }) => {
    const ids = idSource(keyOf(headers['idempotency-key']));
    const events = eventsIn(body, mostEvents).map((event, index) => placed(Array.isArray(body), index, () => plainEvent(event, rules, ids)));
    assertDistinct(
      events.map(({ value }) => value.eventId),
      'eventId',
    );
    const taken = await intake.take(events);
    metrics.count('written', taken.written);
    metrics.count('repeated', taken.repeated);
    return taken;
  });
}

/** The key of a request. @throws SFS_EVENT_INVALID */
export const keyOf = (header: unknown): string | undefined => (header === undefined ? undefined : textOf(header, 'idempotency-key'));

/** Says which event of a list is refused. */
export function placed<T>(isList: boolean, index: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isList ? atIndex(error, index) : error;
  }
}

/** An identity that stands twice in a request is a mistake of the sender's. @throws SFS_EVENT_INVALID */
export function assertDistinct(ids: readonly NewEvent['value']['eventId'][], field: string): void {
  const seen = new Set<string>();
  ids.forEach((id, index) => {
    if (seen.has(id)) throw atIndex(invalid(field, 'stands twice in the request'), index);
    seen.add(id);
  });
}
