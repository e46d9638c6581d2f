import { topics, type Topic } from '../schemas/index.js';

/** Topics that events come in for. */
export const EVENT_TOPICS = {
  clicks: topics.clicks,
  'quiz-results': topics.quizResults,
  'lms-events': topics.lmsEvents,
  exposures: topics.exposures,
  feedback: topics.feedback,
} as const;

/** Name of a topic that events come in for. */
export type EventTopic = keyof typeof EVENT_TOPICS;

/** The topics by their names, without their types. */
export const eventTopic = (name: EventTopic): Topic<string, unknown> => EVENT_TOPICS[name];

/** Everything that a gateway writes: events, what learners ask for by right, and that it was taken. */
export const WRITTEN_TOPICS = { ...EVENT_TOPICS, 'rights-requests': topics.rightsRequests, 'rights-outcomes': topics.rightsOutcomes } as const;

/** Name of a topic that a gateway writes. */
export type WrittenTopic = keyof typeof WRITTEN_TOPICS;

/** The topics by their names, without their types. */
export const writtenTopic = (name: WrittenTopic): Topic<string, unknown> => WRITTEN_TOPICS[name];

/** An event that has passed the checks, of a learner who is still called by the sender's name. */
export interface NewEvent {
  /** A request for a right is of somebody who is known already. */
  readonly topic: EventTopic | 'rights-requests';
  /** Whom it is about: see {@link IdentityMap}. */
  readonly identity: string;
  /** The region that it belongs to by what it says itself, where that is another one; a register of homes may know better. */
  readonly elsewhere?: string;
  /** The record of the topic without its learner; `occurredAtMs` is `null` where the sender gave no time. */
  readonly value: Readonly<Record<string, unknown>> & { readonly eventId: string; readonly occurredAtMs: number | null };
}
