import type { CandidateSource, CurriculumItem, ItemId } from '../../schemas/index.js';
import { days } from '../duration.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { describeBatch } from './batchColumns.js';
import { bestOf, betterFirst, greatest } from './best.js';
import { COLUMNS, type CandidateRows } from './candidateRows.js';
import { MOST_CANDIDATES, MOST_USED, FIXED_QUOTA, USUAL_QUOTAS, inTurn, sourceBit } from './candidateSources.js';
import { HAS_NEEDS, courseTable, isOpen, type CourseTable } from './courseTable.js';
import type { CourseView } from './courseView.js';
import { describeLearner, describePlaces, describeRetrieval, describeSegment } from './describe.js';
import { WEAKNESS_WORTH, formulaScore } from './formulaRanker.js';
import { LearnerHistory } from './learnerHistory.js';
import { freshnessOf } from './momentum.js';
import { countIn, lastGapOf } from './recentDays.js';
import { retrievalScores, type RetrievalScores } from './retrievalScores.js';
import { retrievalTable, type RetrievalTable } from './retrievalTable.js';
import { WEAK, weaknessAt, weaknessIn } from './weakness.js';

/** Most items in a list. */
export const MOST_LISTED = 20;
/** A quiz whose skills are all above this has nothing left to teach. */
const MASTERED = 0.85;
/** Items are new for so many days. */
export const NEW_FOR_DAYS = 14;
/** More than the error of a score of 32 bits. */
const SLACK = 1e-3;

const column = (name: string): number => itemFeatures.column(name);
const OPENED = column('opened');
const COMPLETED = column('completed');
const OWN_DAYS = column('own_days');
const OWN_DAYS_7D = column('own_days_7d');
const OWN_DAYS_28D = column('own_days_28d');
const OWN_EVENTS = column('own_events');
const OWN_WEIGHT = column('own_weight');
const OWN_WEIGHT_7D = column('own_weight_7d');
const OWN_AGE = column('own_age');
const OWN_FIRST_AGE = column('own_first_age');
const OWN_GAP = column('own_gap');
const NEXT = column('next_in_course');
const PREREQUISITES_DONE = column('prerequisites_done');
const DUE_IN = column('due_in');
const WEAK_SKILL = column('weak_skill');
const MASTERY_MEAN = column('mastery_mean');
const DIFFICULTY_GAP = column('difficulty_gap');
const ITEM_AGE = column('item_age');

/**
 * Gathers the candidates of one course, each once, with their features: what the learner used, what is due, what comes next in the curriculum,
 * and of the rest the best of what trends in the cohort, of what is new, and of what training found to suit what the learner used; where that is
 * less than a list, what exercises a weak skill and what their segment uses. Left out is what is withdrawn, not available, not yet to be done, or
 * mastered.
 *
 * Of the rest, what many decisions have in common is sorted once (`courseTable`, `retrievalTable`); a decision looks at as much of it as the lists
 * can need: of each source the formula's best are among the candidates. Each source has its quota, and all
 * of them together are `MOST_CANDIDATES` at most: where they would be more, what was used gives way first.
 */
export function gather(view: CourseView, rows: CandidateRows): void {
  rows.clear();
  const table = courseTable(view.trend, view.curriculum);
  const history = new LearnerHistory(view.uses, table, view.atMs);
  const retrieved = retrievalTable(table, view.retrieval, view.course.course);
  const scores = retrievalScores(retrieved, history);
  const gathering = new Gathering(view, rows, history);
  gathering.proposeUsed();
  gathering.proposeCurriculum();
  gathering.proposeTrending();
  gathering.proposeNew();
  gathering.proposeRetrieved(retrieved, scores);
  gathering.proposeWhereFew();
  gathering.keepMost();
  gathering.describeSegment();
  describeLearner(rows, view, history);
  describePlaces(rows, history, view.atMs);
  describeRetrieval(rows, scores);
  describeBatch(rows, view.batch, view.course.cohort, view.atMs);
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
  private readonly hasWeakSkill: boolean;
  private readonly dueAtMs: ReadonlyMap<ItemId, number>;
  private readonly atMs: number;
  private readonly without: number;
  private readonly quotas: Readonly<Record<keyof typeof USUAL_QUOTAS, number>>;
  /** Rows of the candidates that are not in the table; mostly there are none. */
  private strangers: Map<ItemId, number> | null = null;
  /** The first row of each source, in the order in which they propose; what was used comes before. */
  private readonly starts: number[] = [];

  constructor(
    private readonly view: CourseView,
    private readonly rows: CandidateRows,
    private readonly history: LearnerHistory,
  ) {
    const { uses, skills, atMs, without = 0, quotas } = view;
    this.table = history.table;
    this.atMs = atMs;
    this.without = without;
    this.quotas = quotas === undefined ? USUAL_QUOTAS : { ...USUAL_QUOTAS, ...quotas };
    const { dependents, hasSkills, notes } = this.table;
    this.completed = dependents.size === 0 ? NO_ITEMS : new Set(uses.flatMap(({ item, completed }) => (completed ? [item] : [])));
    this.mastery = hasSkills ? new Map(skills.map(({ skill, mastery }) => [skill, mastery])) : NO_SKILLS;
    this.hasWeakSkill = [...this.mastery.values()].some((mastery) => mastery < WEAK);
    // The first deadline of an item counts: it is put in last.
    this.dueAtMs = new Map(view.course.deadlines.map(({ item, dueAtMs }) => [item, dueAtMs] as const).reverse());
    notes.fill(0);
  }

  proposeUsed(): void {
    const { rows, history } = this;
    history.uses.forEach(({ item }, use) => {
      const number = history.numbers[use]!;
      if (number < 0) this.proposeStranger(item, use);
      else if (this.propose(number, 'REVIEW', true)) this.describeUse((rows.rows - 1) * COLUMNS, use);
    });
    this.keepBest(0, MOST_USED);
  }

  /** What a learner used and neither the trend nor the curriculum knows. */
  private proposeStranger(item: ItemId, use: number): void {
    const { rows } = this;
    (this.strangers ??= new Map()).set(item, rows.rows);
    const at = rows.add(item, -1, 'REVIEW', this.table.stranger, 0);
    rows.sourceSets[rows.rows - 1] = sourceBit('REVIEW');
    this.describeDue(at, item);
    this.describeUse(at, use);
  }

  /** What is due, and what has become ready. */
  proposeCurriculum(): void {
    const from = this.begin();
    if (!this.asks('CURRICULUM')) return;
    const { numbers, dependents, places } = this.table;
    for (const { item } of this.view.course.deadlines) {
      const number = numbers.get(item);
      if (number !== undefined) this.propose(number, 'CURRICULUM');
    }
    for (const item of this.completed) {
      for (const number of dependents.get(item) ?? []) if (this.isReady(places[number]!)) this.propose(number, 'CURRICULUM');
    }
    this.keepBest(from, FIXED_QUOTA);
  }

  /** The best of those that trend. What is new may have more by its youth than the walk allows for: that is for the next source to see. */
  proposeTrending(): void {
    this.begin();
    if (!this.asks('TRENDING')) return;
    const { byMomentum, momentum, byYouth } = this.table;
    const most = this.quotas.TRENDING;
    const slack = SLACK + (byYouth.length === 0 ? 0 : freshnessOf(NEW_FOR_DAYS)) + (this.hasWeakSkill ? WEAKNESS_WORTH : 0);
    const found: number[] = [];
    for (const number of byMomentum) {
      if (found.length >= most && momentum[number]! + slack < momentum[found[most - 1]!]!) break;
      if (this.isFree(number)) found.push(number);
    }
    this.proposeWorthiest(found, most, 'TRENDING');
  }

  /** Of what the catalogue told of lately, the best. */
  proposeNew(): void {
    this.begin();
    if (!this.asks('NEW')) return;
    const { byYouth, addedAtMs } = this.table;
    const found: number[] = [];
    for (const number of byYouth) {
      if (this.ageOf(addedAtMs[number]!) > NEW_FOR_DAYS) break;
      if (this.isFree(number)) found.push(number);
    }
    this.proposeWorthiest(found, this.quotas.NEW, 'NEW');
  }

  /** Proposes what the formula would list first of items that are neither due nor next in the course. */
  private proposeWorthiest(numbers: readonly number[], most: number, source: 'TRENDING' | 'NEW'): void {
    const { items, momentum, addedAtMs } = this.table;
    // In 32 bits, as scores are: what is equal in them is in the order of the names.
    const worths = new Float32Array(momentum.length);
    for (const number of numbers) {
      const added = addedAtMs[number]!;
      worths[number] = momentum[number]! + WEAKNESS_WORTH * this.weaknessOf(number) + (added === added ? freshnessOf(this.ageOf(added)) : 0);
    }
    for (const number of bestOf(numbers, most, betterFirst(worths, items))) this.propose(number, source);
  }

  /** What suits what was used, as training found; more are looked at than are proposed, as some are left out. */
  proposeRetrieved(table: RetrievalTable, { als, covisits, similarityOf, recentPoint }: RetrievalScores): void {
    const { opened } = this.history;
    const { ALS, NEIGHBOURS, COVISITED } = this.quotas;
    this.begin();
    if (als !== null && this.asks('ALS')) this.proposeBest(greatest(als, opened, ALS), 'ALS');
    this.begin();
    if (recentPoint !== null && this.asks('NEIGHBOURS')) {
      const { numbers } = this.table;
      const found = table.embeddings!.nearest(this.view.course.course, recentPoint, 2 * NEIGHBOURS + this.view.uses.length);
      // What training did not see stands beside the index, and is compared one by one.
      const near = [...found.flatMap(({ item }) => numbers.get(item) ?? []), ...table.unseen].filter((number) => opened[number] === 0);
      const similarities = new Map(near.map((number) => [number, similarityOf!(number)]));
      this.proposeBest(
        near.sort((a, b) => similarities.get(b)! - similarities.get(a)! || a - b),
        'NEIGHBOURS',
      );
    }
    this.begin();
    if (covisits !== null && this.asks('COVISITED')) this.proposeBest(greatest(covisits, opened, COVISITED), 'COVISITED');
  }

  private proposeBest(numbers: readonly number[], source: 'ALS' | 'NEIGHBOURS' | 'COVISITED'): void {
    let named = 0;
    for (const number of numbers) {
      this.propose(number, source, false, source);
      if (this.table.notes[number]! > 0 && ++named === this.quotas[source]) return;
    }
  }

  /**
   * Where the others propose less than a list of what was not opened, as in a cohort of a few learners: what exercises a weak skill, then what the segment
   * uses. Beside as much as a list neither changed any, so there they are not asked.
   */
  proposeWhereFew(): void {
    const { rows, view } = this;
    const most = this.starts[0]! + MOST_LISTED;
    const from = this.begin();
    if (from >= most) return;
    if (this.hasWeakSkill && this.asks('REVIEW')) {
      for (const number of this.table.byYouth) if (this.weaknessOf(number) > 0) this.propose(number, 'REVIEW');
      this.keepBest(from, most - from);
    }
    if (!this.asks('SEGMENT')) return;
    for (const { item } of view.segment?.items ?? []) {
      const number = this.table.numbers.get(item);
      if (number !== undefined && rows.rows < most) this.propose(number, 'SEGMENT', false, 'SEGMENT');
    }
  }

  /** The place in the list of the segment is told of whatever is a candidate. */
  describeSegment(): void {
    const { segment } = this.view;
    if (segment !== undefined) describeSegment(this.rows, segment, (item) => this.rowOf(item));
  }

  /** Where there is no room for all: of what was used as few as a list takes, then of the others as many of each source as there is room for. */
  keepMost(): void {
    const { rows, starts } = this;
    const excess = rows.rows - MOST_CANDIDATES;
    if (excess <= 0) return;
    const used = starts[0]!;
    const left = Math.max(Math.min(used, MOST_LISTED), used - excess);
    this.keepBest(0, left, used);
    const moved = starts.map((start) => start - used + left);
    if (rows.rows > MOST_CANDIDATES) this.keepRows(left, inTurn(moved, rows.rows, MOST_CANDIDATES - left));
  }

  /** The next row is the first of another source. @returns it */
  private begin(): number {
    this.starts.push(this.rows.rows);
    return this.rows.rows;
  }

  private asks(source: CandidateSource): boolean {
    return (this.without & sourceBit(source)) === 0;
  }

  /** Row of an item; less than 0 where it is no candidate. */
  private rowOf(item: ItemId): number {
    const number = this.table.numbers.get(item);
    return number === undefined ? (this.strangers?.get(item) ?? -1) : this.table.notes[number]! - 1;
  }

  /**
   * @param label - source to name where it is the first to propose it; that it trends says more than most
   * @returns whether it has become a candidate now, in the last row
   */
  private propose(number: number, source: CandidateSource, isUsed = false, label = number < this.table.trending ? 'TRENDING' : source): boolean {
    const { table, rows } = this;
    const note = table.notes[number]!;
    if (note > 0) rows.sourceSets[note - 1]! |= sourceBit(source);
    if (note !== 0) return false;
    if (table.traits[number] !== 0 && this.isLeftOut(number, isUsed)) {
      table.notes[number] = LEFT_OUT;
      return false;
    }
    const at = rows.add(table.items[number]!, number, label, table.features, number * COLUMNS);
    rows.sourceSets[rows.rows - 1] = sourceBit(source) | sourceBit(label);
    table.notes[number] = rows.rows;
    const added = table.addedAtMs[number]!;
    if (added === added) rows.values[at + ITEM_AGE] = this.ageOf(added);
    if (table.traits[number]! & HAS_NEEDS) this.describeNeeds(at, table.places[number]!, isUsed);
    this.describeDue(at, table.items[number]!);
    return true;
  }

  /** Of the rows from one on and before another, keeps those that the formula would list first. */
  private keepBest(from: number, most: number, to = this.rows.rows): void {
    const { rows } = this;
    if (to - from <= most) return;
    const scores = new Float32Array(to);
    for (let row = from; row < to; row++) scores[row] = formulaScore(rows.values, row * COLUMNS);
    const ranked = rowsFrom(from, to).sort(betterFirst(scores, rows.items));
    const best = ranked.slice(0, most).sort((a, b) => a - b);
    this.keepRows(from, [...best, ...rowsFrom(to, rows.rows)]);
  }

  /** Of the rows from one on, keeps some, in their order. */
  private keepRows(from: number, kept: readonly number[]): void {
    const { rows, table } = this;
    for (let row = from; row < rows.rows; row++) {
      if (rows.numbers[row]! >= 0) table.notes[rows.numbers[row]!] = LEFT_OUT;
      else this.strangers!.delete(rows.items[row]!);
    }
    rows.keep(from, kept);
    for (let row = from; row < rows.rows; row++) {
      if (rows.numbers[row]! >= 0) table.notes[rows.numbers[row]!] = row + 1;
      else this.strangers!.set(rows.items[row]!, row);
    }
  }

  private describeUse(at: number, use: number): void {
    const { values } = this.rows;
    const { uses, ages, firstAges, recentDays, weights, weights7d } = this.history;
    const { completed, days, events, recentDays: remembered } = uses[use]!;
    values[at + OPENED] = 1;
    values[at + COMPLETED] = completed ? 1 : 0;
    values[at + OWN_DAYS] = days;
    values[at + OWN_DAYS_7D] = countIn(recentDays[use]!, 7);
    values[at + OWN_DAYS_28D] = countIn(recentDays[use]!, 28);
    values[at + OWN_EVENTS] = events;
    values[at + OWN_WEIGHT] = weights[use]!;
    values[at + OWN_WEIGHT_7D] = weights7d[use]!;
    values[at + OWN_AGE] = ages[use]!;
    values[at + OWN_FIRST_AGE] = firstAges[use]!;
    const gap = lastGapOf(remembered);
    if (gap > 0) values[at + OWN_GAP] = gap;
  }

  private describeDue(at: number, item: ItemId): void {
    const dueAtMs = this.dueAtMs.size === 0 ? undefined : this.dueAtMs.get(item);
    if (dueAtMs !== undefined && dueAtMs >= this.atMs) this.rows.values[at + DUE_IN] = (dueAtMs - this.atMs) / DAY_MS;
  }

  private describeNeeds(at: number, { prerequisites, skills, difficulty }: CurriculumItem, isUsed: boolean): void {
    const { values } = this.rows;
    if (prerequisites.length > 0) {
      let done = 0;
      for (const item of prerequisites) if (this.completed.has(item)) done++;
      values[at + PREREQUISITES_DONE] = done / prerequisites.length;
      if (!isUsed) values[at + NEXT] = 1;
    }
    let [least, sum, known] = [1, 0, 0];
    for (const skill of skills) {
      const mastery = this.mastery.get(skill);
      if (mastery === undefined) continue;
      least = Math.min(least, mastery);
      sum += mastery;
      known++;
    }
    if (known === 0) return;
    values[at + WEAK_SKILL] = weaknessAt(least);
    values[at + MASTERY_MEAN] = sum / known;
    if (difficulty !== null) values[at + DIFFICULTY_GAP] = difficulty - sum / known;
  }

  private weaknessOf(number: number): number {
    return this.hasWeakSkill ? weaknessIn(this.table.places[number]?.skills ?? [], this.mastery) : 0;
  }

  /** Unit: days. */
  private ageOf(addedAtMs: number): number {
    return Math.max(0, (this.atMs - addedAtMs) / DAY_MS);
  }

  /** Whether an item may become a candidate, and nobody has proposed it. */
  private isFree(number: number): boolean {
    const { notes, traits } = this.table;
    return notes[number] === 0 && !(traits[number] !== 0 && this.isLeftOut(number, false));
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
}

const rowsFrom = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);
