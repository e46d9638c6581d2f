/** What an answer says of how it came about (AI Act articles 13 and 50, GDPR articles 13(2)(f) and 22). */
import { PARAMETERS } from '../schemas/index.js';
import type { Served } from './answer.js';

/** What people have to know of a list. */
export interface Notice {
  /** Whether the list was ranked by an AI system; a list of what is popular is a count. */
  readonly aiAssisted: boolean;
  /** What mostly decides which items are in the list and in which order, in words, the weightiest kinds first. */
  readonly mainParameters: readonly string[];
  /** How to have a list without profiling. */
  readonly withoutProfiling: string;
}

const WITHOUT =
  'Ask with profiling=false: then the list is what learners of the course use most, whoever asks. To object for good, tell whoever runs this service.';

const RANKED: Notice = { aiAssisted: true, mainParameters: PARAMETERS.map(({ text }) => text), withoutProfiling: WITHOUT };
const OF_SEGMENT: Notice = {
  aiAssisted: true,
  mainParameters: ['what learners of your segment of the course use most'],
  withoutProfiling: WITHOUT,
};
const COUNTED: Notice = {
  aiAssisted: false,
  mainParameters: ['what learners of the course use most'],
  withoutProfiling: 'This list is without profiling.',
};

const NOTICES: Readonly<Record<Served, Notice>> = {
  personal: RANKED,
  stale: RANKED,
  segment: OF_SEGMENT,
  popular: COUNTED,
  paused: COUNTED,
  override: COUNTED,
};

/** The notice of an answer: the same object for all of a kind. */
export const noticeOf = (served: Served): Notice => NOTICES[served];
