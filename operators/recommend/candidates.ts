import type { CandidateSource, CohortTrend, Curriculum, CurriculumItem, ItemId } from '../../schemas/index.js';
import { days } from '../duration.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { COLUMNS, UNKNOWN, type CandidateRows } from './candidateRows.js';
import { HAS_NEEDS, courseTable, isOpen, type CourseTable } from './courseTable.js';
import { daysBetween, decayed, type ActiveCourse, type Engagement, type LearnerState, type Use } from './learnerState.js';
import { freshnessOf } from './momentum.js';

/** Most items in a list. */
export const MOST_LISTED = 20;
/** So many items that trend and are not opened are always among the candidates, for a ranker to choose from. */
const MOST_TRENDING = 30;
/** So many of the newest. */
const MOST_NEW = 10;
/** A skill below this is worth a review. */
const WEAK = 0.6;
/** A quiz whose skills are all above this has nothing left to teach. */
const MASTERED = 0.95;
/** Items are new for so many days. */
export const NEW_FOR_DAYS = 14;
/** More than the error of a score of 32 bits. */
const SLACK = 1e-3;

const column = (name: string): number => itemFeatures.column(name);
const OPENED = column('opened');
const COMPLETED = column('completed');
const OWN_DAYS = column('own_days');
const OWN_WEIGHT = column('own_weight');
const OWN_AGE = column('own_age');
const NEXT = column('next_in_course');
const DUE_IN = column('due_in');
const WEAK_SKILL = column('weak_skill');
const ITEM_AGE = column('item_age');
const EVENTS_1D = column('learner_events_1d');
const EVENTS_7D = column('learner_events_7d');
const EVENTS_28D = column('learner_events_28d');

/** What candidates are made from, for one course. */
export interface CourseView {
  readonly course: ActiveCourse;
  readonly uses: readonly Use[];
  readonly trend: CohortTrend | undefined;
  readonly curriculum: Curriculum | undefined;
  readonly skills: LearnerState['skills'];
  readonly engagement: Engagement;
  readonly atMs: number;
}

/**
 * Gathers the candidates of one course, each once, with their features: what the learner used, what is due, what comes next in the curriculum,
 * what exercises a weak skill, and of the rest the best of what trends in the cohort and of what is new; without what is withdrawn, not
 * available, not yet to be done, or mastered.
 *
 * Of the rest, what many decisions have in common is sorted once (`courseTable`); a decision looks at as much of it as the lists can need:
 * whatever the formula would list is among the candidates. Cost: O(uses + what is due, next and weak + what is listed).
 */
export function gather(view: CourseView, rows: CandidateRows): void {
  rows.clear();
  const gathering = new Gathering(view, rows);
  gathering.proposeUsed();
  gathering.proposePersonal();
  gathering.proposeNew(gathering.proposeTrending());
  gathering.describeLearner();
}

/** What the walk over the trending items left: no other one has more momentum than `below`, and as many as a list takes have `floor`. */
interface Walked {
  readonly floor: number;
  readonly below: number;
}

/** The item was met, and left out. */
const LEFT_OUT = -1;
const DAY_MS = days(1);
const NO_ITEMS: ReadonlySet<ItemId> = new Set();
const NO_SKILLS: ReadonlyMap<string, number> = new Map();

class Gathering {
  private readonly table: CourseTable;
  private readonly completed: ReadonlySet<ItemId>;
  private readonly mastery: ReadonlyMap<string, number>;
  private readonly atMs: number;
  /** Rows of the candidates that are not in the table; mostly there are none. */
  private strangers: Map<ItemId, number> | null = null;

  constructor(
    private readonly view: CourseView,
    private readonly rows: CandidateRows,
  ) {
    const { trend, curriculum, uses, skills, atMs } = view;
    this.table = courseTable(trend, curriculum);
    this.atMs = atMs;
    const { dependents, exercising, notes } = this.table;
    this.completed = dependents.size === 0 ? NO_ITEMS : new Set(uses.flatMap(({ item, completed }) => (completed ? [item] : [])));
    this.mastery = exercising.size === 0 ? NO_SKILLS : new Map(skills.map(({ skill, mastery }) => [skill, mastery]));
    notes.fill(0);
  }

  proposeUsed(): void {
    const { table, rows } = this;
    for (const use of this.view.uses) {
      const number = table.numbers.get(use.item);
      if (number === undefined) this.proposeStranger(use);
      else if (this.propose(number, 'REVIEW', true)) this.describeUse((rows.rows - 1) * COLUMNS, use);
    }
  }

  /** What a learner used and neither the trend nor the curriculum knows. */
  private proposeStranger(use: Use): void {
    (this.strangers ??= new Map()).set(use.item, this.rows.rows);
    this.describeUse(this.rows.add(use.item, 'REVIEW', UNKNOWN, 0), use);
  }

  /** What is due or comes next, and what exercises a weak skill. */
  proposePersonal(): void {
    const { numbers, dependents, exercising, places } = this.table;
    for (const { item } of this.view.course.deadlines) {
      const number = numbers.get(item);
      if (number !== undefined && places[number] !== undefined) this.propose(number, 'CURRICULUM');
    }
    for (const item of this.completed) {
      for (const number of dependents.get(item) ?? []) if (this.isReady(places[number]!)) this.propose(number, 'CURRICULUM');
    }
    for (const [skill, mastery] of this.mastery) {
      if (mastery < WEAK) for (const number of exercising.get(skill) ?? []) this.propose(number, 'REVIEW');
    }
  }

  /** The best of those that trend, until no other can be in a list but by its youth. */
  proposeTrending(): Walked {
    const { byMomentum, momentum } = this.table;
    const slack = SLACK + Math.min(freshnessOf(NEW_FOR_DAYS), this.greatestFreshness());
    let [proposed, floor] = [0, -Infinity];
    for (const number of byMomentum) {
      const own = momentum[number]!;
      if (proposed >= MOST_TRENDING && own + slack < floor) return { floor, below: own };
      if (this.propose(number, 'TRENDING') && ++proposed === MOST_LISTED) floor = own;
    }
    return { floor, below: 0 };
  }

  /** The newest, and whatever new one gets into a list by its youth. */
  proposeNew({ floor, below }: Walked): void {
    const { byYouth, momentum, addedAtMs } = this.table;
    let proposed = 0;
    for (const number of byYouth) {
      const age = this.ageOf(addedAtMs[number]!);
      if (age > NEW_FOR_DAYS) return;
      const freshness = freshnessOf(age) + SLACK;
      if (proposed >= MOST_NEW && below + freshness < floor) return;
      if ((proposed < MOST_NEW || momentum[number]! + freshness >= floor) && this.propose(number, 'NEW')) proposed++;
    }
  }

  /** The features that concern every candidate, and what is due. */
  describeLearner(): void {
    const { rows, view } = this;
    const { events1d, events7d, events28d } = view.engagement;
    const { values } = rows;
    for (let at = 0; at < rows.rows * COLUMNS; at += COLUMNS) {
      values[at + EVENTS_1D] = events1d;
      values[at + EVENTS_7D] = events7d;
      values[at + EVENTS_28D] = events28d;
    }
    // The first deadline of an item counts: it is written last.
    for (const { item, dueAtMs } of view.course.deadlines.toReversed()) {
      const row = this.rowOf(item);
      if (row >= 0) values[row * COLUMNS + DUE_IN] = dueAtMs < this.atMs ? UNKNOWN[DUE_IN]! : (dueAtMs - this.atMs) / DAY_MS;
    }
  }

  /** Row of an item; less than 0 where it is no candidate. */
  private rowOf(item: ItemId): number {
    const number = this.table.numbers.get(item);
    return number === undefined ? (this.strangers?.get(item) ?? -1) : this.table.notes[number]! - 1;
  }

  private greatestFreshness(): number {
    const [newest] = this.table.byYouth;
    return newest === undefined ? 0 : freshnessOf(this.ageOf(this.table.addedAtMs[newest]!));
  }

  /** @returns whether it has become a candidate now, in the last row */
  private propose(number: number, source: CandidateSource, isUsed = false): boolean {
    const { table, rows } = this;
    if (table.notes[number] !== 0) return false;
    if (table.traits[number] !== 0 && this.isLeftOut(number, isUsed)) {
      table.notes[number] = LEFT_OUT;
      return false;
    }
    const at = rows.add(table.items[number]!, number < table.trending ? 'TRENDING' : source, table.features, number * COLUMNS);
    table.notes[number] = rows.rows;
    const added = table.addedAtMs[number]!;
    if (added === added) rows.values[at + ITEM_AGE] = this.ageOf(added);
    if (table.traits[number]! & HAS_NEEDS) this.describeNeeds(at, table.places[number]!, isUsed);
    return true;
  }

  private describeUse(at: number, use: Use): void {
    const { values } = this.rows;
    const age = daysBetween(use.lastMs, this.atMs - 1);
    values[at + OPENED] = 1;
    values[at + COMPLETED] = use.completed ? 1 : 0;
    values[at + OWN_DAYS] = use.days;
    values[at + OWN_WEIGHT] = decayed(use.weight, age);
    values[at + OWN_AGE] = age;
  }

  private describeNeeds(at: number, place: CurriculumItem, isUsed: boolean): void {
    if (!isUsed && place.prerequisites.length > 0) this.rows.values[at + NEXT] = 1;
    this.rows.values[at + WEAK_SKILL] = this.weaknessOf(place);
  }

  /** Unit: days. */
  private ageOf(addedAtMs: number): number {
    return Math.max(0, (this.atMs - addedAtMs) / DAY_MS);
  }

  private isLeftOut(number: number, isUsed: boolean): boolean {
    const place = this.table.places[number]!;
    return !isOpen(this.table, number, this.atMs) || (!isUsed && !this.isReady(place)) || this.isMastered(place);
  }

  private isReady({ prerequisites }: CurriculumItem): boolean {
    return prerequisites.every((item) => this.completed.has(item));
  }

  private isMastered({ kind, skills }: CurriculumItem): boolean {
    return kind === 'quiz' && skills.length > 0 && skills.every((skill) => (this.mastery.get(skill) ?? 0) >= MASTERED);
  }

  private weaknessOf({ skills }: CurriculumItem): number {
    let least = 1;
    for (const skill of skills) least = Math.min(least, this.mastery.get(skill) ?? 1);
    return least < WEAK ? 1 - least : 0;
  }
}
