import { days } from '../duration.js';

/**
 * Days (UTC) on which something happened, as bits of a whole number: bit n is the day n days before the last one. Days that lie further back
 * are forgotten, so that it stays small.
 */
export type RecentDays = number;

/** So many days are remembered, the last one included: as many bits as a whole number of 32 has without its sign. */
const REMEMBERED = 31;

/** Day of an instant, since 1970-01-01 (UTC). */
export const dayOf = (timeMs: number): number => Math.floor(timeMs / days(1));

/** The days after one more, so many days after the last one; less than 0 where it comes late. */
export function withDay(recent: RecentDays, afterLast: number): RecentDays {
  if (afterLast <= 0) return afterLast <= -REMEMBERED ? recent : recent | (1 << -afterLast);
  return shifted(recent, afterLast) | 1;
}

/** The days as seen so many days after the last one. */
export const shifted = (recent: RecentDays, by: number): RecentDays => (by >= REMEMBERED ? 0 : (recent << by) & 0x7fffffff);

/** How many of the last days there were, the one seen from included; 28 at most make sense. */
export const countIn = (recent: RecentDays, lastDays: number): number => bitsOf(recent & ((1 << lastDays) - 1));

/** Days between the last two; 0 where there was one alone. */
export const lastGapOf = (recent: RecentDays): number => (recent === 1 ? 0 : 31 - Math.clz32(recent & ~1 & -(recent & ~1)));

/** The number of ones, sideways: H. S. Warren, Hacker's Delight, 5-1. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (((fours + (fours >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

const PER_DAY = 2 ** (-1 / 7);
/** What the days of a byte weigh. */
const OF_BYTE = Float64Array.from({ length: 256 }, (_, byte) => {
  let weight = 0;
  for (let day = 0; day < 8; day++) if ((byte >> day) & 1) weight += PER_DAY ** day;
  return weight;
});
const PER_BYTE = PER_DAY ** 8;

/** What the days weigh, where each weighs half as much as one 7 days later. */
export const weightOf = (recent: RecentDays): number =>
  OF_BYTE[recent & 255]! +
  PER_BYTE * (OF_BYTE[(recent >> 8) & 255]! + PER_BYTE * (OF_BYTE[(recent >> 16) & 255]! + PER_BYTE * OF_BYTE[(recent >> 24) & 255]!));
