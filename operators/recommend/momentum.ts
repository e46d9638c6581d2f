import { itemFeatures } from '../features/itemFeatures.js';

const EVENTS_3D = itemFeatures.column('cohort_events_3d');
const EVENTS_7D = itemFeatures.column('cohort_events_7d');
const LEARNERS_1D = itemFeatures.column('cohort_learner_days_1d');
const NEW_1D = itemFeatures.column('cohort_new_learners_1d');
const NEW_3D = itemFeatures.column('cohort_new_learners_3d');
const NEW_7D = itemFeatures.column('cohort_new_learners_7d');

/** Brings momentum to the scale of habit, so that one list can hold both. */
const MOMENTUM_SCALE = 0.6;

/** The boost of a new item halves every so many days. */
const FRESH_DAYS = 3;
/** Logarithms of small counts, which are most. */
const LOGS = Float64Array.from({ length: 4096 }, (_, count) => Math.log1p(count));

/** ln(1 + n), from a table where n is a small whole number. */
export function logOf(n: number): number {
  const whole = n | 0;
  return whole === n && whole >= 0 && whole < LOGS.length ? LOGS[whole]! : Math.log1p(n);
}

/**
 * What an item is worth to those who have not opened it: its use in the cohort, and how many took it up for the first time, the latest days more.
 *
 * @param at - where the row of features begins
 */
export function momentumOf(values: Float32Array, at: number): number {
  const use = logOf(values[at + EVENTS_7D]!) + 0.5 * logOf(values[at + EVENTS_3D]!) + 0.25 * logOf(values[at + LEARNERS_1D]!);
  const uptake = logOf(values[at + NEW_7D]!) + logOf(values[at + NEW_3D]!) + 0.5 * logOf(values[at + NEW_1D]!);
  return MOMENTUM_SCALE * (use + uptake);
}

/** What the youth of an item adds: 2 for one that the catalogue has just told of. */
export function freshnessOf(ageDays: number): number {
  // Most items of a course come at one time, and powers are dear.
  if (ageDays !== lastAge) [lastAge, lastFreshness] = [ageDays, 2 * 2 ** (-ageDays / FRESH_DAYS)];
  return lastFreshness;
}

let [lastAge, lastFreshness] = [0, 2];
