/** Learners: what they take, when they learn, how much, and when they give up. */
import { cohortId, courseId, learnerId, type CohortId, type CourseId, type LearnerId } from '../../schemas/index.js';
import { HABITS, hourWeight } from './habits.js';
import type { SyntheticOptions } from './options.js';
import { cumulate, type SeededRandom } from './random.js';

/** Learners who never click. */
const INACTIVE_SHARE = 0.15;
/** Of the others, those who stop in some week. */
const QUITTING_SHARE = 0.25;
const NEVER = 0xffff_ffff;

/** A learner who takes part. */
export interface Learner {
  readonly id: LearnerId;
  readonly course: CourseId;
  readonly cohort: CohortId;
  /** Number of the course, 0 first. */
  readonly courseNumber: number;
}

interface Group {
  readonly learners: readonly number[];
  readonly cumulative: Float64Array;
}

/** Draws learners. The first learner always takes part, so that there is one. Memory: some 100 bytes per learner. */
export class Population {
  readonly #course: Uint32Array;
  readonly #habit: Uint8Array;
  readonly #activity: Float64Array;
  /** Week in which a learner is gone; 0 for those who never click. */
  readonly #goneInWeek: Uint32Array;
  #groups: readonly Group[] = [];
  #week = -1;

  constructor(
    private readonly random: SeededRandom,
    options: SyntheticOptions,
  ) {
    const { learners, courses, days } = options;
    const shares = cumulate(HABITS.map((habit) => habit.share));
    this.#course = Uint32Array.from({ length: learners }, () => random.below(courses));
    this.#habit = Uint8Array.from({ length: learners }, () => random.place(shares));
    // A few learners do much, most do little.
    this.#activity = Float64Array.from({ length: learners }, () => 1 / (0.05 + random.unit()));
    this.#goneInWeek = Uint32Array.from({ length: learners }, (_, index) => goneInWeek(random, index, Math.ceil(days / 7)));
  }

  /** A learner who is active in the week and inclined to learn in that hour of the week. */
  draw(week: number, hour: number): Learner {
    if (week !== this.#week) this.#startWeek(week);
    const weights = this.#groups.map((group, habit) => group.learners.length * hourWeight(habit, hour));
    // Where nobody is inclined (few learners), anybody is.
    const willing = weights.some((weight) => weight > 0) ? weights : this.#groups.map((group) => group.learners.length);
    const group = this.#groups[this.random.place(cumulate(willing))]!;
    return this.#learner(group.learners[this.random.place(group.cumulative)]!);
  }

  #startWeek(week: number): void {
    this.#week = week;
    const members: number[][] = HABITS.map(() => []);
    this.#habit.forEach((habit, learner) => {
      if (this.#goneInWeek[learner]! > week) members[habit]!.push(learner);
    });
    this.#groups = members.map((learners) => ({ learners, cumulative: cumulate(learners.map((one) => this.#activity[one]!)) }));
  }

  #learner(index: number): Learner {
    const courseNumber = this.#course[index]!;
    const course = `course-${courseNumber + 1}`;
    return { id: learnerId(`learner-${index + 1}`), course: courseId(course), cohort: cohortId(course), courseNumber };
  }
}

function goneInWeek(random: SeededRandom, learner: number, weeks: number): number {
  const isInactive = random.chance(INACTIVE_SHARE);
  const quits = random.chance(QUITTING_SHARE);
  const week = 1 + random.below(weeks);
  if (learner === 0) return NEVER;
  return isInactive ? 0 : quits ? week : NEVER;
}
