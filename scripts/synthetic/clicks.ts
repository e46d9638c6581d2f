/** Clicks without learners: for trying out, tests and benchmarks where no real files are given. */
import type { Click, Opened } from '../../schemas/index.js';
import { arrivalIn, delayMs, hoursFrom } from './arrivals.js';
import { syntheticOptions, type SyntheticOptions } from './options.js';
import { SeededRandom } from './random.js';
import { Sessions } from './sessions.js';

const EVENTS_PER_BATCH = 5_000;
/** Part of the events that arrive late. */
const DELAYED_SHARE = 0.3;

/**
 * Click events in the order in which a log would get them. Their structure can be seen in windows: Zipf's law over the items
 * of a course, a lead that moves on each week, habits by hour and weekday, sessions, learners who never click or stop.
 * The same options give the same events. Memory grows with learners and items, not with events.
 *
 * Events lie within [startMs, startMs + days); those that are late lie at most outOfOrderMs behind the greatest time so far.
 *
 * @param given - what is left out comes from {@link DEFAULT_SYNTHETIC_OPTIONS}
 * @returns batches of 5,000 events, the last one smaller
 * @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID at once
 *
 * @example
 * for (const events of syntheticClicks({ seed: 7, days: 28 })) await append(events);
 */
export function syntheticClicks(given: Partial<SyntheticOptions> = {}): Generator<readonly Opened<Click>[], void, undefined> {
  return batches(syntheticOptions(given));
}

function* batches(options: SyntheticOptions): Generator<readonly Opened<Click>[], void, undefined> {
  const random = new SeededRandom(options.seed);
  const sessions = new Sessions(random, options);
  let batch: Opened<Click>[] = [];
  let number = 0;
  const hours = hoursFrom(options.startMs, options.clicksPerDay);
  for (let hoursLeft = options.days * 24; hoursLeft > 0; hoursLeft--) {
    const hour = hours.next().value;
    for (let place = 0; place < hour.events; place++) {
      batch.push(eventOf(sessions, random, options, arrivalIn(hour, place, random), ++number));
      if (batch.length < EVENTS_PER_BATCH) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function eventOf(sessions: Sessions, random: SeededRandom, options: SyntheticOptions, timeMs: number, number: number): Opened<Click> {
  const { learner, item, action, dwellMs, clicks } = sessions.step(timeMs);
  return {
    eventId: `synthetic-${options.seed}-${number}`,
    learner: learner.id,
    course: learner.course,
    cohort: learner.cohort,
    occurredAtMs: Math.max(options.startMs, timeMs - delayMs(random, DELAYED_SHARE, options.outOfOrderMs)),
    region: options.region,
    personal: { action, item, dwellMs, clicks },
  };
}
