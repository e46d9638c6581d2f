/** A learner in a presentation, and what they would open next: the model whose truth is known. */
import type { CohortId, LearnerId } from '../../schemas/index.js';
import type { SeededRandom } from '../synthetic/random.js';
import { DAY_MS } from './calendar.js';
import { SKILLS } from './layout.js';
import type { Learners } from './learners.js';
import { sigmoid } from './numbers.js';
import { drawFrom, EMPTY, spread, uniform, type Pool } from './pool.js';
import type { Presentation } from './presentation.js';
import type { Progress } from './progress.js';

/** Why a learner opens an item, with the weight of each motive before those without an item drop out. */
export const MOTIVES = {
  next: 0.26,
  again: 0.09,
  taste: 0.18,
  otherTaste: 0.04,
  burst: 0.15,
  fresh: 0.05,
  review: 0.1,
  evergreen: 0.13,
} as const;

/** Name of a motive. */
export type Motive = keyof typeof MOTIVES;

/** An opening, and why. */
export interface Choice {
  /** Number of the item. */
  readonly item: number;
  readonly motive: Motive;
}

/** A deadline presses for so long before it. */
const URGENT_MS = 2 * DAY_MS;
/** The chain goes before other things while the deadline of the learner's unit presses. */
const URGENT_FACTOR = 4;
/** Practice that brings half of what practice can bring. */
const HALF_PRACTICE = 6;
const MOST_GROWTH = 2;

interface Drive {
  readonly motive: Motive;
  readonly weight: number;
  readonly pool: Pool;
}

/** Who learns what; made for each session. */
export class Attendance {
  readonly id: LearnerId;
  readonly cohort: CohortId;
  private readonly tastes: readonly [number, number];
  private readonly place: number;

  constructor(
    readonly learner: number,
    readonly slot: number,
    readonly enrolledMs: number,
    readonly presentation: Presentation,
    private readonly learners: Learners,
    readonly progress: Progress,
  ) {
    this.id = learners.idOf(learner);
    this.cohort = learners.cohortOf(presentation, enrolledMs);
    this.tastes = learners.tastesOf(learner);
    this.place = progress.place(learner, slot, presentation.round);
  }

  /** Number of the item of the chain that is next. */
  get step(): number {
    return this.progress.stepOf(this.place);
  }

  /** Ability in a skill: what they brought, and a growth that practice p brings, 2 p / (p + 6). Unit: logits. */
  abilityIn(skill: number): number {
    const practice = this.progress.practiceOf(this.place, skill);
    const grown = (MOST_GROWTH * practice) / (practice + HALF_PRACTICE);
    return this.learners.abilityOf(this.learner, this.presentation.number, skill) + grown;
  }

  /** How probably a question of an item of the chain is answered: sigmoid(ability - difficulty). */
  answersRight(item: number): number {
    return sigmoid(this.abilityIn(this.presentation.layout.skillOf(item)) - this.presentation.difficulties[item]!);
  }

  /** What is opened. */
  draw(timeMs: number, random: SeededRandom): Choice {
    const drives = this.drives(timeMs);
    let left = random.unit() * weightOf(drives);
    // Sums of fractions may leave a rest: then it is the last one.
    const { motive, pool } = drives.find(({ weight }) => (left -= weight) < 0) ?? drives.at(-1)!;
    return { motive, item: drawFrom(pool, random) };
  }

  /** Whether the quiz of the unit that the learner is in will soon be due. */
  isUrgent(timeMs: number): boolean {
    const { presentation, step } = this;
    const { layout } = presentation;
    if (step >= layout.core) return false;
    const dueMs = presentation.unitDueMs(layout.unitOf(step));
    return dueMs - URGENT_MS <= timeMs && timeMs < dueMs;
  }

  /** By number of the item: the probability that an opening at this instant is of it. They make 1. */
  chances(timeMs: number): Float64Array {
    const chances = new Float64Array(this.presentation.layout.items);
    const drives = this.drives(timeMs);
    const total = weightOf(drives);
    for (const { weight, pool } of drives) spread(pool, weight / total, chances);
    return chances;
  }

  /** By motive: the probability that an opening at this instant comes from it. */
  motives(timeMs: number): Readonly<Partial<Record<Motive, number>>> {
    const drives = this.drives(timeMs);
    const total = weightOf(drives);
    return Object.fromEntries(drives.map(({ motive, weight }) => [motive, weight / total]));
  }

  /** What completing an item brings; for a quiz the caller says whether it was passed. */
  complete(item: number, isPassed = true): void {
    const { layout } = this.presentation;
    if (!layout.isCore(item)) return;
    const isQuiz = layout.kindOf(item) === 'quiz';
    if (!isQuiz) this.progress.practise(this.place, layout.skillOf(item));
    if (item === this.step && isPassed) this.progress.advance(this.place);
  }

  /** Counts an attempt at the quiz that is next; returns how many there are. */
  attempt(): number {
    return this.progress.attempt(this.place);
  }

  /** Motives that have an item now. There is always one. */
  private drives(timeMs: number): Drive[] {
    const { openCore, byTaste, bursting, fresh } = this.presentation.at(timeMs);
    const [taste, otherTaste] = this.tastes;
    const drives: Drive[] = [];
    if (this.step < openCore) this.addChain(drives, timeMs);
    add(drives, 'taste', byTaste[taste]!);
    add(drives, 'otherTaste', byTaste[otherTaste]!);
    add(drives, 'burst', bursting);
    add(drives, 'fresh', fresh);
    add(drives, 'review', this.reviewPool());
    add(drives, 'evergreen', this.presentation.evergreens);
    return drives;
  }

  /** The next item of the chain, and the lesson of its unit for those who look again. */
  private addChain(drives: Drive[], timeMs: number): void {
    const { step } = this;
    const { layout } = this.presentation;
    add(drives, 'next', uniform([step]), this.isUrgent(timeMs) ? URGENT_FACTOR : 1);
    const lesson = layout.firstItemOf(layout.unitOf(step));
    if (lesson < step) add(drives, 'again', uniform([lesson]));
  }

  /** What was done of the weakest skill of the units that are begun, while its ability is below 0. */
  private reviewPool(): Pool {
    const { step } = this;
    if (step === 0) return EMPTY;
    const { layout } = this.presentation;
    const begun = Math.min(SKILLS.length, layout.unitOf(Math.min(step, layout.core - 1)) + 1);
    let weakest = 0;
    let least = Infinity;
    for (let skill = 0; skill < begun; skill++) {
      const ability = this.abilityIn(skill);
      if (ability < least) [weakest, least] = [skill, ability];
    }
    if (least >= 0) return EMPTY;
    const items = layout.trainersOf(weakest);
    const after = items.findIndex((item) => item >= step);
    return uniform(items, after < 0 ? items.length : after);
  }
}

function add(drives: Drive[], motive: Motive, pool: Pool, factor = 1): void {
  if (pool.end > 0) drives.push({ motive, weight: MOTIVES[motive] * factor, pool });
}

function weightOf(drives: readonly Drive[]): number {
  let sum = 0;
  for (const { weight } of drives) sum += weight;
  return sum;
}
