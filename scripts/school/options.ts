/** What a synthetic school is made of. */
import { assertRegion, SkillForgeError } from '../../schemas/index.js';
import { assertInteger } from '../synthetic/options.js';
import { DAY_MS } from './calendar.js';

/** All numbers together decide every byte of the events; with more days the same events go on. */
export interface SchoolOptions {
  /** An integer; another one gives another school of the same kind. */
  readonly seed: number;
  /** Learners in all; some never enrol, some end early. */
  readonly learners: number;
  readonly courses: number;
  /** Items of each presentation of a course. */
  readonly items: number;
  /** Simulated days, from the midnight (UTC) of `startMs` on. */
  readonly days: number;
  /** Clicks of a day, on the average of a week. */
  readonly eventsPerDay: number;
  /** An instant of the first day. Unit: ms since epoch (UTC). */
  readonly startMs: number;
  readonly region: string;
  /** Part of the sessions whose events come late, by up to 30 minutes. Unit: 0..1. */
  readonly lateShare: number;
  /** Part of the clicks and quiz results that come twice, with the same identity. Unit: 0..1. */
  readonly duplicateShare: number;
}

/** Two weeks of a small school: 70,000 clicks. */
export const DEFAULT_SCHOOL: SchoolOptions = Object.freeze({
  seed: 1,
  learners: 1_000,
  courses: 4,
  items: 60,
  days: 14,
  eventsPerDay: 5_000,
  startMs: Date.UTC(2025, 8, 1),
  region: 'eu-west',
  lateShare: 0.05,
  duplicateShare: 0,
});

/** So many fit into the numbers by which learners and instants are sorted. */
const MOST_LEARNERS = 2 ** 24;

/** A school that is asked for: what is `undefined` is left out. */
export type SchoolRequest = { readonly [N in keyof SchoolOptions]?: SchoolOptions[N] | undefined } & Pick<SchoolOptions, 'region'>;

/** Without the options that are there but not set. */
export const withoutGaps = (asked: SchoolRequest): Partial<SchoolOptions> =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));

/** Fills in what is left out; the school opens at a midnight. @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID */
export function schoolOptions(given: Partial<SchoolOptions>): SchoolOptions {
  const options = { ...DEFAULT_SCHOOL, ...given };
  assertRegion(options.region);
  assertInteger('seed', options.seed, Number.MIN_SAFE_INTEGER);
  for (const name of ['learners', 'courses', 'items', 'days', 'eventsPerDay'] as const) assertInteger(name, options[name], 1);
  assertInteger('startMs', options.startMs, 0);
  if (options.learners > MOST_LEARNERS) refuse('learners', options.learners, `at most ${MOST_LEARNERS}`);
  for (const name of ['lateShare', 'duplicateShare'] as const) {
    if (!(options[name] >= 0 && options[name] <= 1)) refuse(name, options[name], 'from 0 to 1');
  }
  return { ...options, startMs: Math.floor(options.startMs / DAY_MS) * DAY_MS };
}

function refuse(option: string, value: number, rule: string): never {
  throw new SkillForgeError('SFS_SYNTHETIC_OPTION', `${option} must be ${rule}, but is ${value}`, { context: { option, value } });
}
