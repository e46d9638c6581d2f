/** What holds in a school although no event says it: against it recommendations are judged. */
import type { CourseId, ItemId } from '../../schemas/index.js';
import type { Attendance, Motive } from './attendance.js';
import { skillName } from './catalogue.js';
import { SKILLS } from './layout.js';
import type { SchoolOptions } from './options.js';
import { School, SLICE_MS } from './school.js';

/** The truth on one learner in one presentation. */
export interface LearnerTruth {
  readonly course: CourseId;
  /** By item: the probability that what the learner opens next is it. They make 1; items that cannot be opened are left out. */
  readonly chances: Readonly<Record<ItemId, number>>;
  /** By motive: the probability that what the learner opens next is opened because of it. */
  readonly motives: Readonly<Partial<Record<Motive, number>>>;
  /** By name of the skill: the ability, in logits. A question of difficulty d (in logits) is answered with sigmoid(ability - d). */
  readonly abilities: Readonly<Record<string, number>>;
  /** Items of the chain that are done. */
  readonly done: number;
}

/** The truth on one learner at an instant: one entry for each presentation that they attend; none for who is unknown or not enrolled. */
export function learnerTruth(school: School, learner: string, atMs: number): LearnerTruth[] {
  return school.attendancesOf(learner, atMs).map((attendance) => truthOf(attendance, atMs));
}

/** A line of a file of the truth. */
export interface TruthLine extends LearnerTruth {
  readonly learner_id: string;
  /** Unit: ms since epoch (UTC). */
  readonly atMs: number;
}

/** The truth on everybody at an instant, learner after learner. @param school - whose steps have been taken up to the instant */
export function* truthLines(school: School, atMs: number): Generator<TruthLine, void, undefined> {
  for (let number = 1; number <= school.options.learners; number++) {
    const learner = `learner-${number}`;
    for (const truth of learnerTruth(school, learner, atMs)) yield { learner_id: learner, atMs, ...truth };
  }
}

/**
 * A school that has run up to an instant. It takes the time of generating the events before.
 *
 * @param atMs - what has arrived by then has happened; rounded down to ten minutes
 * @throws SFS_SYNTHETIC_OPTION, SFS_REGION_INVALID
 */
export function schoolAt(options: Partial<SchoolOptions>, atMs: number): School {
  const school = new School({ ...options, days: Number.MAX_SAFE_INTEGER });
  for (const { untilMs, clocksMs } of school.steps()) if (clocksMs !== null && untilMs + SLICE_MS > atMs) break;
  return school;
}

function truthOf(attendance: Attendance, atMs: number): LearnerTruth {
  const { presentation, step } = attendance;
  const chances = [...attendance.chances(atMs)].flatMap((chance, item) => (chance > 0 ? [[presentation.ids[item]!, chance] as const] : []));
  return {
    course: presentation.course,
    chances: Object.fromEntries(chances),
    motives: attendance.motives(atMs),
    abilities: Object.fromEntries(SKILLS.map((_, skill) => [skillName(presentation, skill), attendance.abilityIn(skill)])),
    done: step,
  };
}
