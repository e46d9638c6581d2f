/** Clicks as tests of topologies write them. */
import { cohortId, courseId, itemId, learnerId, type Click, type Opened } from '../../schemas/index.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A midnight (UTC): days of the tests count from it. */
export const DAY_0 = Date.UTC(2024, 0, 1);

/** An instant of the tests: days since {@link DAY_0}, and ms of that day. */
export const at = (day: number, ms = 0): number => DAY_0 + day * DAY_MS + ms;

/** What a click holds besides its learner and time. */
export interface ClickParts {
  readonly cohort?: string;
  readonly item?: string;
  readonly action?: 'VIEW' | 'OPEN' | 'COMPLETE' | 'DWELL';
  readonly clicks?: number;
  readonly dwellMs?: number;
}

/** A click of a learner; one click on item `i1` of cohort `AAA-2024J` unless the parts say otherwise. */
export function click(learner: string, occurredAtMs: number, parts: ClickParts = {}): Opened<Click> {
  const { cohort = 'AAA-2024J', item = 'i1', action = 'OPEN', clicks = 1, dwellMs = 0 } = parts;
  return {
    eventId: `${learner} ${occurredAtMs} ${item}`,
    learner: learnerId(learner),
    course: courseId(cohort),
    cohort: cohortId(cohort),
    occurredAtMs,
    region: 'test',
    personal: { action, item: itemId(item), dwellMs, clicks },
  };
}
