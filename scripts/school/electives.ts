/** Electives of a presentation: whom they are for, when they are there, when everybody talks about one of them. */
import { DAY_MS, ENROLMENT_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from './calendar.js';
import { TASTES, type Layout } from './layout.js';
import { traitOf } from './numbers.js';

const TRAIT = { popularity: 101, appears: 102, withdrawn: 103, burstHour: 104, burstLength: 105, burstItem: 106, taste: 107 } as const;

/** Part of the electives that appear while the presentation runs; they are the last ones. */
const LATER_SHARE = 0.25;
/** Part that is withdrawn while it runs; they are the first ones. */
const WITHDRAWN_SHARE = 0.15;
/** A burst begins between 07:00 and 19:00 and lasts one of these. Unit: hours. */
const BURST_HOURS = [4, 8, 30] as const;

/** A time in which much of what a course does goes to one elective. */
export interface Burst {
  readonly item: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** One elective. */
export interface Elective {
  /** Number of the item. */
  readonly item: number;
  readonly taste: number;
  /** Popularity among learners of the same taste, 0.5 to 1.5. */
  readonly popularity: number;
  /** First instant at which it is there. Unit: ms since epoch (UTC). */
  readonly appearsMs: number;
  /** First instant at which it is gone; `Infinity` for most. Unit: ms since epoch (UTC). */
  readonly withdrawnMs: number;
}

/** The electives of a presentation that begins at `startMs`. @param identity - tells presentations apart */
export function electivesOf(seed: number, identity: number, startMs: number, layout: Layout): Elective[] {
  const { core, electives: count, units, weeks } = layout;
  const later = Math.floor(count * LATER_SHARE);
  const withdrawn = Math.floor(count * WITHDRAWN_SHARE);
  const turn = Math.floor(traitOf(seed, TRAIT.taste, identity) * TASTES);
  // One in each of equal parts of the time, so that there is always something new.
  const instantIn = (kind: number, place: number, parts: number, weeksInAll: number): number => {
    const part = (place + traitOf(seed, kind, identity, place)) / parts;
    return startMs + Math.floor((part * weeksInAll * WEEK_MS) / MINUTE_MS) * MINUTE_MS;
  };
  return Array.from({ length: count }, (_, place) => ({
    item: core + place,
    taste: (place + turn) % TASTES,
    popularity: 0.5 + traitOf(seed, TRAIT.popularity, identity, place),
    appearsMs: place < count - later ? startMs - ENROLMENT_MS : instantIn(TRAIT.appears, place - count + later, later, units),
    withdrawnMs: place < withdrawn ? instantIn(TRAIT.withdrawn, place, withdrawn, weeks) : Infinity,
  }));
}

/** One burst a day; a day whose elective is not there has none. */
export function burstsOf(seed: number, identity: number, startMs: number, days: number, electives: readonly Elective[]): Burst[] {
  if (electives.length === 0) return [];
  return Array.from({ length: days }, (_, day) => day).flatMap((day) => {
    const trait = (kind: number, choices: number): number => Math.floor(traitOf(seed, kind, identity, day) * choices);
    const fromMs = startMs + day * DAY_MS + (7 + trait(TRAIT.burstHour, 12)) * HOUR_MS;
    const { item, appearsMs, withdrawnMs } = electives[trait(TRAIT.burstItem, electives.length)]!;
    const untilMs = Math.min(withdrawnMs, fromMs + BURST_HOURS[trait(TRAIT.burstLength, BURST_HOURS.length)]! * HOUR_MS);
    return appearsMs <= fromMs && fromMs < untilMs ? [{ item, fromMs, untilMs }] : [];
  });
}
