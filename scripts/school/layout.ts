/** How the items of every course are arranged: a chain in units, electives of several tastes, and what is used in every week. */

/** Skills of a course; a unit trains one, in turn. */
export const SKILLS = ['concepts', 'methods', 'practice', 'transfer'] as const;
/** Tastes that electives are made for, and learners have. Nothing in the catalogue tells them. */
export const TASTES = 4;

const ELECTIVE_SHARE = 0.3;
const MOST_EVERGREENS = 2;
const ITEMS_PER_UNIT = 4;
const MOST_UNITS = 12;
/** After the last unit: time to catch up. */
const WEEKS_AFTER = 2;

/** Kinds of the items of a unit. */
export type CoreKind = 'lesson' | 'exercise' | 'quiz';

/**
 * Items have numbers: first the chain (unit after unit: a lesson, exercises, a quiz), then the electives, then the evergreens. Each item of the
 * chain has the one before it as its prerequisite.
 */
export class Layout {
  /** Items of the chain, 1 or more. */
  readonly core: number;
  readonly electives: number;
  readonly evergreens: number;
  readonly units: number;
  /** Length of a presentation. */
  readonly weeks: number;
  /** By unit: number of its first item; one more at the end. */
  private readonly firstOf: readonly number[];
  /** By skill: the items of the chain that train it, quizzes left out. */
  private readonly trainers: readonly (readonly number[])[];

  constructor(readonly items: number) {
    this.evergreens = Math.min(MOST_EVERGREENS, Math.floor(items / 5));
    this.electives = Math.floor(items * ELECTIVE_SHARE);
    this.core = items - this.evergreens - this.electives;
    this.units = Math.min(MOST_UNITS, Math.max(1, Math.round(this.core / ITEMS_PER_UNIT)));
    this.weeks = this.units + WEEKS_AFTER;
    this.firstOf = Array.from({ length: this.units + 1 }, (_, unit) => Math.ceil((unit * this.core) / this.units));
    this.trainers = SKILLS.map((_, skill) => this.chain().filter((item) => this.skillOf(item) === skill && this.kindOf(item) !== 'quiz'));
  }

  /** Unit of an item of the chain, 0 first. */
  unitOf(item: number): number {
    return Math.min(this.units - 1, Math.floor((item * this.units) / this.core));
  }

  /** Number of the first item of a unit; of `units`, the end of the chain. */
  firstItemOf(unit: number): number {
    return this.firstOf[unit]!;
  }

  /** The quiz of a unit is its last item. */
  quizOf(unit: number): number {
    return this.firstOf[unit + 1]! - 1;
  }

  kindOf(item: number): CoreKind {
    const unit = this.unitOf(item);
    if (item === this.quizOf(unit)) return 'quiz';
    return item === this.firstOf[unit] ? 'lesson' : 'exercise';
  }

  /** Number of the skill that an item of the chain trains. */
  skillOf(item: number): number {
    return this.unitOf(item) % SKILLS.length;
  }

  /** Items of the chain before `end` that train a skill: the first ones of the list. */
  trainersOf(skill: number): readonly number[] {
    return this.trainers[skill]!;
  }

  isCore(item: number): boolean {
    return item < this.core;
  }

  isElective(item: number): boolean {
    return item >= this.core && item < this.core + this.electives;
  }

  private chain(): number[] {
    return Array.from({ length: this.core }, (_, item) => item);
  }
}
