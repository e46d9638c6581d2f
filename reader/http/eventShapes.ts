/** The shapes of events that clients send, as JSON Schema. */
import { MAX_LIMIT } from '../answer.js';
import type { ExposureDetails, FeedbackKind } from '../../schemas/index.js';
import { MAX_BATCH, id, object } from './shapes.js';

/** An event as a client sends it: instants as ISO 8601, lists in small letters. */
export interface SentEvent {
  readonly eventId: string;
  readonly learner: string;
  readonly course: string;
  readonly cohort?: string;
  readonly occurredAt: string;
  readonly experiment: string;
  readonly variant: string;
  readonly list: 'next' | 'new';
}

/** Recommendations were shown. */
export interface SentExposure extends SentEvent {
  readonly madeAt: string;
  readonly items: readonly string[];
  readonly propensities: ExposureDetails['propensities'];
}

/** A learner did something with one of them. */
export interface SentFeedback extends SentEvent {
  readonly exposureId: string;
  readonly kind: FeedbackKind;
  readonly item: string;
  readonly position: number;
}

/** Complete by its type. */
const KINDS: Readonly<Record<FeedbackKind, true>> = { OPENED: true, COMPLETED: true, DISMISSED: true, HELPFUL: true, NOT_HELPFUL: true };

const label = (description: string) => ({ ...id(description), minLength: 0, default: '' });
const time = (description: string) => ({ type: 'string', format: 'date-time', description: `${description} ISO 8601.` });

const EVENT = {
  eventId: id('Identity of the event, chosen by the client: one that is sent again with the same counts once.'),
  learner: id('Pseudonym of the learner.'),
  course: id('Course of the items.'),
  cohort: id('Cohort of the learner; by default the course.'),
  occurredAt: time('When it happened.'),
  experiment: label('Experiment in force; empty outside experiments.'),
  variant: label('`variant` of the answer that was shown.'),
  list: { type: 'string', enum: ['next', 'new'], description: 'List that was shown.' },
};

const DEFAULTED = ['cohort', 'experiment', 'variant'] as const;

const body = (event: object, description: string) =>
  object({ events: { type: 'array', items: event, minItems: 1, maxItems: MAX_BATCH, description } });

/** What was shown. */
export const EXPOSURES_BODY = body(
  object(
    {
      ...EVENT,
      madeAt: time('`madeAt` of the answer that was shown.'),
      items: { type: 'array', items: id('Item.'), minItems: 1, maxItems: MAX_LIMIT, description: 'In the order shown.' },
      propensities: {
        type: 'array',
        items: { type: 'number', minimum: 0, maximum: 1 },
        maxItems: MAX_LIMIT,
        default: [],
        description: 'Probability with which each item was put there, one for each; none where nothing was explored.',
      },
    },
    [...DEFAULTED, 'propensities'],
  ),
  'What was shown.',
);

/** What learners did. */
export const FEEDBACK_BODY = body(
  object(
    {
      ...EVENT,
      exposureId: label('`eventId` of the exposure; empty when unknown.'),
      kind: { type: 'string', enum: Object.keys(KINDS), description: 'What the learner did.' },
      item: id('Item that it is about.'),
      position: { type: 'integer', minimum: 0, maximum: MAX_LIMIT - 1, description: 'Place of the item in the list, 0 first.' },
    },
    [...DEFAULTED, 'exposureId'],
  ),
  'What learners did.',
);

const written = object({
  written: { type: 'integer', description: 'Events that were written: those of learners who are not to be served are left out.' },
});

/** The answer to events. */
export const WRITTEN_ANSWER = { description: 'The events are in the log, and will not be lost.', ...written };

/** The same while the log is away, or slow. */
export const KEPT_ANSWER = {
  description: 'The events are on the disk of this reader, which writes them into the log, once, as soon as it takes them. Do not send them again.',
  ...written,
};
