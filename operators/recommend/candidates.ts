import type { CandidateSource, CohortTrend, Curriculum, CurriculumItem, ItemId } from '../../schemas/index.js';
import { days } from '../duration.js';
import type { LearnerState, Use } from './learnerState.js';

type Trend = CohortTrend['items'][number];
type ActiveCourse = NonNullable<LearnerState['context']>['courses'][number];

/** A skill below this is worth a review. */
const WEAK = 0.6;
/** A quiz whose skills are all above this has nothing left to teach. */
const MASTERED = 0.95;
/** Items are new for so long. */
export const NEW_FOR_MS = days(14);

/** An item that may be recommended, with all that is known of it here. */
export interface Candidate {
  readonly item: ItemId;
  /** Who proposed it first. */
  readonly source: CandidateSource;
  readonly trend: Trend | undefined;
  readonly use: Use | undefined;
  readonly place: CurriculumItem | undefined;
  readonly isNext: boolean;
  /** Unit: days; `null` where it is not due. */
  readonly dueInDays: number | null;
  /** 1 - mastery of its least mastered skill; 0 where none was answered. */
  readonly weakness: number;
}

/** What candidates are made from, for one course. */
export interface CourseView {
  readonly course: ActiveCourse;
  readonly uses: readonly Use[];
  readonly trend: CohortTrend | undefined;
  readonly curriculum: Curriculum | undefined;
  readonly skills: LearnerState['skills'];
  readonly atMs: number;
}

/** The items of a curriculum by id; made once for each version of it. */
const placesOf = memoised(({ items }: Curriculum) => new Map(items.map((one) => [one.item, one])));
const trendsOf = memoised(({ items }: CohortTrend) => new Map(items.map((one) => [one.item, one])));
/** What only some items have, and what makes them candidates whatever their use: prerequisites, skills, youth. */
const specialOf = memoised(({ items }: Curriculum) => items.filter(({ prerequisites, skills }) => prerequisites.length > 0 || skills.length > 0));
const byAgeOf = memoised(({ items }: Curriculum) => [...items].sort((a, b) => b.addedAtMs - a.addedAtMs));

function memoised<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) made.set(key, (value = make(key)));
    return value;
  };
}

/**
 * The candidates of one course, each once: what trends in the cohort, what the learner used, what comes next in the curriculum or is due, what exercises
 * a weak skill, and what is new; without what is withdrawn, not available, not yet to be done, or mastered. Cost: O(trends + uses + curriculum).
 */
export function candidatesOf(view: CourseView): Candidate[] {
  const { trend, uses, curriculum } = view;
  const pool = new Pool(view);
  for (const { item } of trend?.items ?? []) pool.propose(item, 'TRENDING');
  for (const { item } of uses) pool.propose(item, 'REVIEW');
  for (const { item } of view.course.deadlines) if (pool.places?.has(item)) pool.propose(item, 'CURRICULUM');
  if (curriculum !== undefined) proposePlaces(pool, curriculum, view.atMs);
  return pool.candidates;
}

function proposePlaces(pool: Pool, curriculum: Curriculum, atMs: number): void {
  for (const place of specialOf(curriculum)) {
    if (pool.isNext(place)) pool.propose(place.item, 'CURRICULUM');
    else if (pool.weaknessOf(place) > 0) pool.propose(place.item, 'REVIEW');
  }
  for (const { item, addedAtMs } of byAgeOf(curriculum)) {
    if (addedAtMs < atMs - NEW_FOR_MS) break;
    pool.propose(item, 'NEW');
  }
}

/** Whether an item may be recommended at a time at all, to anybody. */
export function isOpen(place: CurriculumItem | undefined, atMs: number): boolean {
  if (place === undefined) return true;
  const { withdrawn, availableFromMs, availableUntilMs } = place;
  return !withdrawn && (availableFromMs === null || availableFromMs <= atMs) && (availableUntilMs === null || atMs < availableUntilMs);
}

/** The place of an item in a curriculum. */
export const placeOf = (curriculum: Curriculum | undefined, item: ItemId): CurriculumItem | undefined =>
  curriculum === undefined ? undefined : placesOf(curriculum).get(item);

class Pool {
  readonly candidates: Candidate[] = [];
  readonly places: ReadonlyMap<ItemId, CurriculumItem> | undefined;
  private readonly trends: ReadonlyMap<ItemId, Trend> | undefined;
  private readonly uses: ReadonlyMap<ItemId, Use>;
  private readonly mastery: ReadonlyMap<string, number>;
  private readonly met = new Set<ItemId>();

  constructor(private readonly view: CourseView) {
    const { curriculum, trend, uses, skills } = view;
    this.places = curriculum && placesOf(curriculum);
    this.trends = trend && trendsOf(trend);
    this.uses = new Map(uses.map((use) => [use.item, use]));
    this.mastery = new Map(skills.map(({ skill, mastery }) => [skill, mastery]));
  }

  propose(item: ItemId, source: CandidateSource): void {
    if (this.met.has(item)) return;
    this.met.add(item);
    const place = this.places?.get(item);
    const use = this.uses.get(item);
    if (!isOpen(place, this.view.atMs) || (place !== undefined && (!this.isReady(place, use) || this.isMastered(place)))) return;
    const isNext = place !== undefined && this.isNext(place);
    const weakness = place === undefined ? 0 : this.weaknessOf(place);
    this.candidates.push({ item, source, trend: this.trends?.get(item), use, place, isNext, dueInDays: this.dueIn(item), weakness });
  }

  /** Not opened, and all that comes before it is done. */
  isNext(place: CurriculumItem): boolean {
    return place.prerequisites.length > 0 && !this.uses.has(place.item) && this.isReady(place, undefined);
  }

  weaknessOf({ skills }: CurriculumItem): number {
    let least = 1;
    for (const skill of skills) least = Math.min(least, this.mastery.get(skill) ?? 1);
    return least < WEAK ? 1 - least : 0;
  }

  private isReady({ prerequisites }: CurriculumItem, use: Use | undefined): boolean {
    return use !== undefined || prerequisites.every((item) => this.uses.get(item)?.completed === true);
  }

  private isMastered({ kind, skills }: CurriculumItem): boolean {
    return kind === 'quiz' && skills.length > 0 && skills.every((skill) => (this.mastery.get(skill) ?? 0) >= MASTERED);
  }

  private dueIn(item: ItemId): number | null {
    const due = this.view.course.deadlines.find((one) => one.item === item);
    return due === undefined || due.dueAtMs < this.view.atMs ? null : (due.dueAtMs - this.view.atMs) / days(1);
  }
}
