/** When people learn: by hour of the day and day of the week. Only products and sums, so that every machine agrees. */

/** Learners of one kind. */
export interface Habit {
  readonly name: string;
  /** Part of the learners who are like this; all parts make 1. */
  readonly share: number;
  /** Weight of each hour of the day (UTC), midnight first. */
  readonly hours: readonly number[];
  /** Weight of each day of the week, Monday first. */
  readonly weekdays: readonly number[];
}

/** The kinds of learners. */
export const HABITS: readonly Habit[] = [
  {
    name: 'morning',
    share: 0.25,
    hours: [0, 0, 0, 0, 1, 4, 9, 14, 16, 14, 10, 7, 4, 4, 4, 3, 2, 2, 2, 2, 1, 1, 0, 0],
    weekdays: [10, 10, 9, 9, 8, 4, 4],
  },
  {
    name: 'office',
    share: 0.3,
    hours: [0, 0, 0, 0, 0, 0, 1, 3, 8, 12, 13, 11, 7, 9, 12, 12, 9, 5, 2, 1, 1, 1, 0, 0],
    weekdays: [11, 12, 12, 11, 8, 1, 1],
  },
  {
    name: 'evening',
    share: 0.35,
    hours: [1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 2, 2, 3, 5, 8, 13, 17, 18, 14, 8, 3],
    weekdays: [10, 10, 9, 8, 5, 7, 11],
  },
  {
    name: 'night',
    share: 0.1,
    hours: [12, 10, 8, 5, 3, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 6, 8, 11, 13],
    weekdays: [7, 7, 7, 7, 9, 11, 10],
  },
];

/** Unit: ms. */
export const HOUR_MS = 3_600_000;
const HOURS_PER_WEEK = 168;
/** 1970-01-01 was a Thursday: three days after a Monday. */
const EPOCH_HOUR_OF_WEEK = 72;

const weights: readonly (readonly number[])[] = HABITS.map((habit) => {
  const sum = habit.hours.reduce((a, b) => a + b, 0) * habit.weekdays.reduce((a, b) => a + b, 0);
  return Array.from({ length: HOURS_PER_WEEK }, (_, hour) => (habit.hours[hour % 24]! * habit.weekdays[Math.floor(hour / 24)]!) / sum);
});

/** Hour of the week (UTC), 0 for the first of Monday. */
export function hourOfWeek(timeMs: number): number {
  return (Math.floor(timeMs / HOUR_MS) + EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK;
}

/** Which part of a habit's week falls into an hour of the week; all hours make 1. */
export function hourWeight(habit: number, hour: number): number {
  return weights[habit]![hour]!;
}

/** Which part of all events of a week falls into an hour of the week; all hours make 1. */
export function hourShare(hour: number): number {
  return HABITS.reduce((sum, habit, index) => sum + habit.share * hourWeight(index, hour), 0);
}
