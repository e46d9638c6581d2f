/** What a synthetic data set is made of. */
import { assertRegion, SkillForgeError } from '../../schemas/index.js';

/** All numbers together decide every byte of the events. */
export interface SyntheticOptions {
  /** An integer; another one gives other events of the same structure. */
  readonly seed: number;
  /** Learners in all; some never click, some stop. */
  readonly learners: number;
  readonly courses: number;
  /** Items of each course. */
  readonly items: number;
  readonly days: number;
  /** Events of a day, on the average of a week. */
  readonly clicksPerDay: number;
  /** When the first day begins. Unit: ms since epoch (UTC). */
  readonly startMs: number;
  readonly region: string;
  /** An event's time is at most this much before the greatest time in front of it; 0 gives ascending times. Unit: ms. */
  readonly outOfOrderMs: number;
}

/** Two weeks of a small school: 70,000 events. */
export const DEFAULT_SYNTHETIC_OPTIONS: SyntheticOptions = Object.freeze({
  seed: 1,
  learners: 1_000,
  courses: 4,
  items: 60,
  days: 14,
  clicksPerDay: 5_000,
  startMs: Date.UTC(2025, 8, 1),
  region: 'eu-west',
  outOfOrderMs: 120_000,
});

const LEAST: Readonly<Record<Exclude<keyof SyntheticOptions, 'region'>, number>> = {
  seed: Number.MIN_SAFE_INTEGER,
  learners: 1,
  courses: 1,
  items: 1,
  days: 1,
  clicksPerDay: 1,
  startMs: 0,
  outOfOrderMs: 0,
};

/** Fills in what is left out. @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID */
export function syntheticOptions(given: Partial<SyntheticOptions>): SyntheticOptions {
  const options = { ...DEFAULT_SYNTHETIC_OPTIONS, ...given };
  assertRegion(options.region);
  for (const [name, least] of Object.entries(LEAST)) assertInteger(name, options[name as keyof typeof LEAST], least);
  return options;
}

/** @throws SFS_SYNTHETIC_OPTION unless the value is an integer from `least` on */
export function assertInteger(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new SkillForgeError('SFS_SYNTHETIC_OPTION', `${option} must be an integer from ${least} on, but is ${value}`, { context: { option, value } });
}
