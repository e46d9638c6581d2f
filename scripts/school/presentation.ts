/** One presentation of a course: its items, and what there is to open at an instant. */
import { courseId, itemId, type CourseId, type ItemId } from '../../schemas/index.js';
import { DAY_MS, ENROLMENT_MS, type Calendar } from './calendar.js';
import { burstsOf, electivesOf, type Burst, type Elective } from './electives.js';
import { TASTES, type Layout } from './layout.js';
import { traitOf } from './numbers.js';
import { uniform, weighted, type Pool } from './pool.js';

const TRAIT = { difficulty: 111, electiveKind: 112 } as const;
const ROUNDS_APART = 100_003;
/** How much more likely an elective is opened by those of its taste. */
const TASTE_WEIGHT = 12;
/** For how long an elective that appeared counts as new. */
const NEW_MS = 3 * DAY_MS;
const SUBJECTS = ['algebra', 'biology', 'chemistry', 'design', 'economics', 'french', 'geography', 'history', 'informatics', 'japanese'] as const;
const ELECTIVE_KINDS = ['video', 'article', 'podcast', 'game'] as const;
const EVERGREEN_KINDS = ['home', 'forum'] as const;

/** What there is to open between two changes. */
export interface Moment {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Items of the chain whose unit has opened. */
  readonly openCore: number;
  /** By taste: the electives, with those of the taste in front. */
  readonly byTaste: readonly Pool[];
  readonly fresh: Pool;
  readonly bursting: Pool;
}

/** A presentation. Memory grows with its items and days. */
export class Presentation {
  readonly course: CourseId;
  readonly subject: string;
  readonly startMs: number;
  /** First instant after its last week. Unit: ms since epoch (UTC). */
  readonly endMs: number;
  readonly ids: readonly ItemId[];
  readonly kinds: readonly string[];
  /** Of each item of the chain, as the ability that answers every second question. Unit: logits. */
  readonly difficulties: readonly number[];
  readonly electives: readonly Elective[];
  readonly bursts: readonly Burst[];
  readonly evergreens: Pool;
  private readonly changesMs: readonly number[];
  private moment: Moment;

  /** @param number - of the course, 0 first */
  constructor(
    seed: number,
    readonly number: number,
    readonly round: number,
    readonly layout: Layout,
    private readonly calendar: Calendar,
  ) {
    const identity = number * ROUNDS_APART + round;
    this.subject = SUBJECTS[number] ?? `subject-${number + 1}`;
    this.course = courseId(`${this.subject}-${round + 1}`);
    this.startMs = calendar.startOf(number, round);
    this.endMs = this.startMs + calendar.lengthMs;
    this.electives = electivesOf(seed, identity, this.startMs, layout);
    this.bursts = burstsOf(seed, identity, this.startMs, layout.weeks * 7, this.electives);
    this.kinds = kindsOf(layout, (place) => traitOf(seed, TRAIT.electiveKind, identity, place));
    this.ids = this.kinds.map((kind, item) => itemId(`${this.course}-${kind}-${item + 1}`));
    this.difficulties = Array.from({ length: layout.core }, (_, item) => 2 * traitOf(seed, TRAIT.difficulty, identity, item) - 1);
    this.evergreens = evergreensOf(layout);
    this.changesMs = this.changes();
    this.moment = this.momentAt(this.startMs);
  }

  /** When enrolment opens and the catalogue is written. Unit: ms since epoch (UTC). */
  get announcedMs(): number {
    return this.startMs - ENROLMENT_MS;
  }

  unitOpensMs(unit: number): number {
    return this.startMs + this.calendar.unitOpens(unit);
  }

  unitDueMs(unit: number): number {
    return this.startMs + this.calendar.unitDue(unit);
  }

  /** What there is to open at an instant of its weeks. */
  at(timeMs: number): Moment {
    if (timeMs < this.moment.fromMs || timeMs >= this.moment.untilMs) this.moment = this.momentAt(timeMs);
    return this.moment;
  }

  private changes(): number[] {
    const units = Array.from({ length: this.layout.units }, (_, unit) => this.unitOpensMs(unit));
    const electives = this.electives.flatMap(({ appearsMs, withdrawnMs }) => [appearsMs, appearsMs + NEW_MS, withdrawnMs]);
    const bursts = this.bursts.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]);
    return [...new Set([...units, ...electives, ...bursts])].sort((a, b) => a - b);
  }

  private momentAt(timeMs: number): Moment {
    const next = this.changesMs.findIndex((changeMs) => changeMs > timeMs);
    const there = this.electives.filter(({ appearsMs, withdrawnMs }) => appearsMs <= timeMs && timeMs < withdrawnMs);
    const isNew = ({ appearsMs }: Elective): boolean => appearsMs > this.announcedMs && timeMs < appearsMs + NEW_MS;
    const weight = ({ taste, popularity }: Elective, of: number): number => popularity * (taste === of ? TASTE_WEIGHT : 1);
    const items = there.map(({ item }) => item);
    const opened = Math.min(this.layout.units, Math.floor((timeMs - this.startMs) / this.calendar.unitOpens(1)) + 1);
    return {
      fromMs: next === 0 ? -Infinity : (this.changesMs[next < 0 ? this.changesMs.length - 1 : next - 1] ?? -Infinity),
      untilMs: next < 0 ? Infinity : this.changesMs[next]!,
      openCore: opened < 1 ? 0 : this.layout.firstItemOf(opened),
      byTaste: Array.from({ length: TASTES }, (_, taste) => weighted(items, (item) => weight(this.electives[item - this.layout.core]!, taste))),
      fresh: uniform(there.filter(isNew).map(({ item }) => item)),
      bursting: uniform(this.bursts.filter(({ fromMs, untilMs }) => fromMs <= timeMs && timeMs < untilMs).map(({ item }) => item)),
    };
  }
}

function kindsOf(layout: Layout, electiveTrait: (place: number) => number): string[] {
  const { core, electives, evergreens } = layout;
  return [
    ...Array.from({ length: core }, (_, item) => layout.kindOf(item)),
    ...Array.from({ length: electives }, (_, place) => ELECTIVE_KINDS[Math.floor(electiveTrait(place) * ELECTIVE_KINDS.length)]!),
    ...EVERGREEN_KINDS.slice(0, evergreens),
  ];
}

/** Two of three go to the home page; a course too small to have one goes to its first lesson. */
function evergreensOf({ items, evergreens }: Layout): Pool {
  if (evergreens === 0) return uniform([0]);
  return weighted(
    Array.from({ length: evergreens }, (_, place) => items - evergreens + place),
    (item) => (item === items - evergreens ? 2 : 1),
  );
}
