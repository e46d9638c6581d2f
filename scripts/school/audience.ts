/** Who begins to learn at an instant. */
import { HABITS, hourOfWeek, hourWeight } from '../synthetic/habits.js';
import type { SeededRandom } from '../synthetic/random.js';
import { Attendance } from './attendance.js';
import { SLOTS, type Learners } from './learners.js';
import type { Presentations } from './presentations.js';
import type { Progress } from './progress.js';

/** A learner of two courses turns to the second one this often. */
const SECOND_SLOT_SHARE = 0.35;
/** Who is not pressed by a deadline begins to learn so much less. */
const UNHURRIED = 0.6;
/** Nobody is quite bound to their habits. */
const AGAINST_HABIT = 0.02;
const HOURS_PER_WEEK = 168;
/** So many are asked before the first learner has to. */
const MOST_ASKED = 500;

/** By hour of the week and habit: how willing they are, 1 for the most willing of the hour. */
const WILLING: readonly (readonly number[])[] = Array.from({ length: HOURS_PER_WEEK }, (_, hour) => {
  const weights = HABITS.map((_, habit) => hourWeight(habit, hour));
  const most = Math.max(...weights);
  return weights.map((weight) => Math.max(AGAINST_HABIT, weight / most));
});

/**
 * Draws learners by rejection: any learner is asked, and agrees as probably as they are active, inclined at this hour, enrolled, and pressed by a
 * deadline. That needs no list of learners, whatever their number.
 */
export class Audience {
  constructor(
    private readonly random: SeededRandom,
    private readonly size: number,
    private readonly learners: Learners,
    private readonly presentations: Presentations,
    private readonly progress: Progress,
  ) {}

  /** Somebody who attends a presentation at the instant. */
  draw(timeMs: number): Attendance {
    const willing = WILLING[hourOfWeek(timeMs)]!;
    for (let asked = 0; asked < MOST_ASKED; asked++) {
      const learner = this.random.below(this.size);
      if (!this.random.chance(this.learners.activityOf(learner) * willing[this.learners.habitOf(learner)]!)) continue;
      const attendance = this.of(learner, this.random.chance(SECOND_SLOT_SHARE) ? 1 : 0, timeMs);
      if (attendance !== null && (this.random.chance(UNHURRIED) || attendance.isUrgent(timeMs))) return attendance;
    }
    return this.attendance(0, 0, timeMs);
  }

  /** Every presentation that a learner attends at the instant. */
  allOf(learner: number, timeMs: number): Attendance[] {
    return Array.from({ length: SLOTS }, (_, slot) => this.of(learner, slot, timeMs)).filter((one) => one !== null);
  }

  private of(learner: number, slot: number, timeMs: number): Attendance | null {
    const course = this.learners.courseOf(learner, slot);
    if (course < 0) return null;
    const { round } = this.presentations.at(course, timeMs);
    return this.learners.isEnrolled(learner, slot, round, timeMs) ? this.attendance(learner, slot, timeMs) : null;
  }

  private attendance(learner: number, slot: number, timeMs: number): Attendance {
    const presentation = this.presentations.at(this.learners.courseOf(learner, slot), timeMs);
    const enrolledMs = this.learners.enrolsMs(learner, slot, presentation.round);
    return new Attendance(learner, slot, enrolledMs, presentation, this.learners, this.progress);
  }
}
