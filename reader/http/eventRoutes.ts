/** The routes that take what was shown, and what learners did with it. */
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { cohortId, courseId, itemId, learnerId } from '../../schemas/index.js';
import type { EventWriter, ReaderEvent } from '../events.js';
import { NOT_KEPT } from './conditional.js';
import { EXPOSURES_BODY, FEEDBACK_BODY, KEPT_ANSWER, WRITTEN_ANSWER, type SentEvent, type SentExposure, type SentFeedback } from './eventShapes.js';
import { sendProblem } from './problems.js';
import { NO_QUERY, REFUSALS } from './shapes.js';

/** What the routes need. */
export interface EventRouteOptions {
  /** `null`: events are refused. */
  readonly writer: EventWriter | null;
  readonly region: string;
  /** Whether nothing is to be written of a learner. */
  readonly isDenied: (learner: string) => boolean;
  /** Hears of events that were written. */
  readonly onWritten: (topic: ReaderEvent['topic'], events: number) => void;
}

interface EventBody<E> {
  readonly events: readonly E[];
}

const schemaOf = (operationId: string, summary: string, body: object): FastifySchema => ({
  operationId,
  summary,
  description:
    'Up to 100 events. They are durable when the answer comes: in the log with 200, on the disk of this reader with 202. After any other answer they may be sent again.',
  tags: ['events'],
  querystring: NO_QUERY,
  body,
  response: { 200: WRITTEN_ANSWER, 202: KEPT_ANSWER, ...REFUSALS },
});

const EXPOSURES = schemaOf('sendExposures', 'Say what was shown', EXPOSURES_BODY);
const FEEDBACK = schemaOf('sendFeedback', 'Say what learners did with it', FEEDBACK_BODY);

const learnersOf = ({ body }: FastifyRequest): readonly string[] => (body as EventBody<SentEvent>).events.map(({ learner }) => learner);
const config = { access: 'events:write', learnersOf } as const;

/** Declares the routes; without a writer they say that there is none. */
export function eventRoutes(app: FastifyInstance, options: EventRouteOptions): void {
  app.post<{ Body: EventBody<SentExposure> }>('/v1/exposures', { schema: EXPOSURES, config }, (request, reply) => {
    const { events } = request.body;
    const isCounted = events.every(({ propensities, items }) => propensities.length === 0 || propensities.length === items.length);
    if (!isCounted) return sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', 'there are as many propensities as items, or none');
    return written(options, request, reply, events.map((event) => exposureOf(event, options.region))); // prettier-ignore
  });
  app.post<{ Body: EventBody<SentFeedback> }>(
    '/v1/feedback',
    { schema: FEEDBACK, config },
    (request, reply) =>
    written(options, request, reply, request.body.events.map((event) => feedbackOf(event, options.region))), // prettier-ignore
  );
}

async function written(
  { writer, isDenied, onWritten }: EventRouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  events: readonly ReaderEvent[],
): Promise<FastifyReply> {
  if (writer === null)
    return sendProblem(request, reply, 503, 'SFS_EVENTS_UNAVAILABLE', 'this reader writes no events: it was started without a place for them');
  if (!events.every(isTimed)) return sendProblem(request, reply, 400, 'SFS_REQUEST_INVALID', 'a time of an event is no instant');
  const kept = events.filter(({ value: { learner } }) => !isDenied(learner));
  const [first] = kept;
  const place = first === undefined ? 'log' : await writer.write(kept);
  if (first !== undefined) onWritten(first.topic, kept.length);
  return reply
    .status(place === 'log' ? 200 : 202)
    .headers(NOT_KEPT)
    .send({ written: kept.length });
}

/** A leap second has the form of an instant, and is none here. */
const isTimed = (event: ReaderEvent): boolean =>
  Number.isFinite(event.value.occurredAtMs) && (event.topic === 'feedback' || Number.isFinite(event.value.recommendationMadeAtMs));

const heading = (event: SentEvent, region: string) => ({
  eventId: event.eventId,
  learner: learnerId(event.learner),
  course: courseId(event.course),
  cohort: cohortId(event.cohort ?? event.course),
  occurredAtMs: Date.parse(event.occurredAt),
  region,
  experiment: event.experiment,
  variant: event.variant,
});

const LISTS = { next: 'NEXT', new: 'NEW' } as const;

function exposureOf(event: SentExposure, region: string): ReaderEvent {
  const { list, items, propensities, madeAt } = event;
  const personal = { list: LISTS[list], items: items.map(itemId), propensities };
  return { topic: 'exposures', value: { ...heading(event, region), recommendationMadeAtMs: Date.parse(madeAt), personal } };
}

function feedbackOf(event: SentFeedback, region: string): ReaderEvent {
  const { exposureId, kind, list, item, position } = event;
  return { topic: 'feedback', value: { ...heading(event, region), personal: { exposureId, kind, list: LISTS[list], item: itemId(item), position } } };
}
