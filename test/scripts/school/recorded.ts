/** What a school told, in one piece. */
import { SCHOOL_TOPICS, School, type SchoolOptions, type SchoolRecords, type SchoolStep, type SchoolTopic } from '../../../scripts/school/index.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 604_800_000;
export const NAMES = Object.keys(SCHOOL_TOPICS) as SchoolTopic[];

/** Everything that steps told, by topic. */
export interface Recorded extends SchoolRecords {
  readonly openings: SchoolStep['openings'];
}

/** All steps of a school in one. */
export function recorded(given: Partial<SchoolOptions> | School): Recorded {
  const school = given instanceof School ? given : new School(given);
  const all = { catalogue: [], profiles: [], lmsEvents: [], quizResults: [], clicks: [], openings: [] } as unknown as Recorded;
  for (const step of school.steps()) {
    for (const name of [...NAMES, 'openings'] as const) (all[name] as unknown[]).push(...step[name]);
  }
  return all;
}

/** Event time of a record of any topic. */
export const timeOf = (record: object): number =>
  (record as { occurredAtMs?: number }).occurredAtMs ?? (record as { updatedAtMs: number }).updatedAtMs;

/** How many values there are of each. */
export function counted<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** The chain of a course, first item first, by the prerequisites of its catalogue. */
export function chainsOf({ catalogue }: Recorded): Map<string, SchoolRecords['catalogue']> {
  const chains = new Map<string, SchoolRecords['catalogue']>();
  for (const item of catalogue) {
    if (item.skills.length > 0 && !item.withdrawn) chains.set(item.course, [...(chains.get(item.course) ?? []), item]);
  }
  return chains;
}
