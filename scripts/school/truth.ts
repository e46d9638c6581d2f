/** What holds in a school although no event says it: against it recommendations are judged. */
import type { CourseId, ItemId } from '../../schemas/index.js';
import type { Attendance, Motive } from './attendance.js';
import { skillName } from './catalogue.js';
import { SKILLS } from './layout.js';
import type { SchoolOptions } from './options.js';
import { School } from './school.js';

/** The truth on one learner in one presentation. */
export interface LearnerTruth {
  readonly course: CourseId;
  /** By item: the probability that what the learner opens next is it. They make 1; items that cannot be opened are left out. */
  readonly chances: ReadonlyMap<ItemId, number>;
  /** By motive: the probability that what the learner opens next is opened because of it. */
  readonly motives: Readonly<Partial<Record<Motive, number>>>;
  /** By name of the skill: the ability, in logits. A question of difficulty d (in logits) is answered with sigmoid(ability - d). */
  readonly abilities: ReadonlyMap<string, number>;
  /** Items of the chain that are done. */
  readonly done: number;
}

/** The truth at an instant. */
export interface SchoolTruth {
  /** Unit: ms since epoch (UTC). */
  readonly atMs: number;
  /** One entry for each presentation that the learner attends; none for who is unknown or not enrolled. */
  of(learner: string): LearnerTruth[];
}

/**
 * Lets a school run up to an instant and tells the truth about that. It takes the time of generating the events before.
 *
 * @param atMs - what has arrived by then has happened; rounded down to ten minutes
 * @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID
 */
export function schoolTruth(options: Partial<SchoolOptions>, atMs: number): SchoolTruth {
  const school = new School({ ...options, days: Number.MAX_SAFE_INTEGER });
  for (const { untilMs, clocksMs } of school.steps()) if (clocksMs !== null && untilMs + SLICE_MS > atMs) break;
  return { atMs, of: (learner) => school.attendancesOf(learner, atMs).map((attendance) => truthOf(attendance, atMs)) };
}

const SLICE_MS = 600_000;

function truthOf(attendance: Attendance, atMs: number): LearnerTruth {
  const { presentation, step } = attendance;
  const chances = [...attendance.chances(atMs)].flatMap((chance, item) => (chance > 0 ? [[presentation.ids[item]!, chance] as const] : []));
  return {
    course: presentation.course,
    chances: new Map(chances),
    motives: attendance.motives(atMs),
    abilities: new Map(SKILLS.map((_, skill) => [skillName(presentation, skill), attendance.abilityIn(skill)])),
    done: step,
  };
}
