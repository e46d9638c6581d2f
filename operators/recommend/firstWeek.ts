import type { Curriculum, ItemId, LearnerActivity, Opened } from '../../schemas/index.js';
import { days, hours } from '../duration.js';
import type { EarlyBehaviour } from '../ports/segments.js';
import { schema, type Infer } from '../schema.js';
import { dayOf } from './recentDays.js';

const WEEK = days(7);
const QUARTER = hours(6);

/** Shape of {@link FirstWeek}. */
export const firstWeek = schema.record({
  /** Start of the first hour with an activity. */
  startMs: schema.long,
  /** Days (UTC) with an activity, since the epoch. */
  days: schema.array(schema.long),
  events: schema.long,
  distinctItems: schema.long,
  /** What is counted by `distinctItems`; empty once the week is over. */
  items: schema.array(schema.branded<ItemId>()),
  kinds: schema.array(schema.record({ kind: schema.string, events: schema.long })),
  /** Events of the quarters of the day (UTC). */
  quarters: schema.array(schema.long),
});

/** The week that begins with a learner's first hour of activity, hour by hour. Constant size once it is over. */
export type FirstWeek = Infer<typeof firstWeek>;

type Hour = Opened<LearnerActivity>;

/** The week after an hour of activity; the same object where the hour changes nothing. */
export function withHour(before: FirstWeek | null, { hourStartMs, personal }: Hour, kindOf: (item: ItemId) => string | undefined): FirstWeek {
  const week = before ?? beginningAt(hourStartMs);
  if (hourStartMs >= week.startMs + WEEK) return week.items.length === 0 ? week : { ...week, items: [] };
  const items = new Set([...week.items, ...personal.items.map(({ item }) => item)]);
  const kinds = new Map(week.kinds.map(({ kind, events }) => [kind, events]));
  let events = 0;
  for (const use of personal.items) {
    events += use.events;
    const kind = kindOf(use.item);
    if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + use.events);
  }
  const quarter = Math.floor((hourStartMs % days(1)) / QUARTER);
  return {
    startMs: week.startMs,
    days: [...new Set([...week.days, dayOf(hourStartMs)])],
    events: week.events + events,
    distinctItems: items.size,
    items: [...items],
    kinds: [...kinds].map(([kind, count]) => ({ kind, events: count })),
    quarters: week.quarters.map((count, n) => (n === quarter ? count + events : count)),
  };
}

const beginningAt = (startMs: number): FirstWeek => ({
  startMs,
  days: [],
  events: 0,
  distinctItems: 0,
  items: [],
  kinds: [],
  quarters: [0, 0, 0, 0],
});

/** The week as segments see it. */
export const earlyBehaviourOf = (week: FirstWeek): EarlyBehaviour => ({
  activeDays: week.days.length,
  events: week.events,
  items: week.distinctItems,
  eventsOfKind: new Map(week.kinds.map(({ kind, events }) => [kind, events])),
  eventsOfQuarter: week.quarters,
});

const kinds = new WeakMap<Curriculum, ReadonlyMap<ItemId, string>>();

/** The kinds of the items of a course; made once for each record. */
export function kindsIn(curriculum: Curriculum): ReadonlyMap<ItemId, string> {
  let known = kinds.get(curriculum);
  if (known === undefined) kinds.set(curriculum, (known = new Map(curriculum.items.map(({ item, kind }) => [item, kind]))));
  return known;
}
