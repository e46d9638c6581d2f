/** Plain JSON events: the record of a topic, with the learner as the sender calls them. */
import { isEnvelopeSchema, schemaOf, type AvroField } from '../schemas/index.js';
import { assertCohort, placeOf, type IdSource, type RegionRules } from './admission.js';
import { isObject, recordShape, textOf, type Shape } from './eventShape.js';
import { EVENT_TOPICS, type EventTopic, type NewEvent, eventTopic } from './newEvent.js';
import { invalid } from './refusal.js';

/** Longest identity of a learner, UTF-16 units. */
export const LONGEST_IDENTITY = 1_024;

/** What the sender may leave out: it is filled in here. */
const OPTIONAL = ['eventId', 'occurredAtMs', 'region', 'cohort'];
const NAMES = Object.keys(EVENT_TOPICS) as EventTopic[];

const IDENTITY_FIELD: AvroField = {
  name: 'learner',
  type: 'string',
  doc: 'Who did it, as the sender calls them: never kept, a pseudonym takes its place.',
};

/** The shape of the events of a topic, without `topic` and `learner`. */
const SHAPES: Readonly<Record<EventTopic, Shape>> = {
  clicks: shapeOfTopic('clicks'),
  'quiz-results': shapeOfTopic('quiz-results'),
  'lms-events': shapeOfTopic('lms-events'),
  exposures: shapeOfTopic('exposures'),
  feedback: shapeOfTopic('feedback'),
};

function shapeOfTopic(name: EventTopic): Shape {
  return recordShape({ fields: fieldsOf(name).filter((field) => field.name !== 'learner') }, OPTIONAL);
}

/** Envelopes come open. */
function fieldsOf(name: EventTopic): AvroField[] {
  return schemaOf(eventTopic(name)).fields.map((field) => (isEnvelopeSchema(field.type) ? { ...field, type: field.type[0] } : field));
}

/** The events as JSON Schema, by topic. */
export const plainEventDescriptions = (): object[] => NAMES.map(descriptionOf);

function descriptionOf(name: EventTopic): object {
  const { doc = '' } = schemaOf(eventTopic(name));
  const shape = SHAPES[name].description as { readonly properties: object; readonly required: readonly string[] };
  const learner = { type: 'string', minLength: 1, maxLength: LONGEST_IDENTITY, description: IDENTITY_FIELD.doc };
  return {
    ...shape,
    title: name,
    description: doc,
    properties: { topic: { type: 'string', const: name }, learner, ...shape.properties },
    required: ['topic', 'learner', ...shape.required],
  };
}

/** Checks an event. @throws SFS_FIELD_REFUSED, SFS_EVENT_INVALID, SFS_REGION_OTHER */
export function plainEvent(json: unknown, rules: RegionRules, ids: IdSource): NewEvent {
  if (!isObject(json)) throw invalid('event', 'must be an object');
  const { topic: name, learner, ...rest } = json;
  if (name === undefined) throw invalid('topic', 'is missing');
  if (!NAMES.includes(name as EventTopic)) throw invalid('topic', `must be one of ${NAMES.join(', ')}`);
  const topic = name as EventTopic;
  if (learner === undefined) throw invalid('learner', 'is missing');
  const identity = textOf(learner, 'learner', LONGEST_IDENTITY);
  const value = SHAPES[topic].check(rest, '') as Readonly<Record<string, unknown>>;
  const place = placeOf(rules, identity, value['region'] as string | undefined);
  const {
    eventId = ids.next(),
    occurredAtMs = null,
    cohort = value['course'],
  } = value as { eventId?: string; occurredAtMs?: number; cohort?: string };
  assertCohort(value['course'] as string, 'course');
  assertCohort(cohort as string, 'cohort');
  return { topic, identity, ...place, value: { ...value, eventId, occurredAtMs, cohort, region: rules.region } };
}

/** The events of a body: one, or a list. @throws SFS_EVENT_INVALID when it is empty or too long */
export function eventsIn(body: unknown, most: number): readonly unknown[] {
  const events: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (events.length === 0) throw invalid('body', 'holds no event');
  if (events.length > most) throw invalid('body', `holds more than ${most} events`);
  return events;
}
