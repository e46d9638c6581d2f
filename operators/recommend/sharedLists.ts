import type { CandidateSource, CourseRecommendations, ItemId, ReasonCode, RecommendedItem } from '../../schemas/index.js';
import { days } from '../duration.js';
import { MOST_LISTED } from './candidates.js';
import { segmentIn, trendOf, type CourseMoment } from './courseMoment.js';
import { courseTable, isOpen, type CourseTable } from './courseTable.js';
import type { DecisionLookups } from './lookups.js';
import { segmentListOf, type SharedItem } from './segmentList.js';

/** The last places of a full list are for what the catalogue told of so lately that nobody can have used it much. */
const NEW_PLACES = 2;
const NEW_FOR = days(3);

/** Why an item of a shared list is there. */
export const whyShared = ({ isOfSegment }: Pick<SharedItem, 'isOfSegment'>): { readonly source: CandidateSource; readonly reason: ReasonCode } =>
  isOfSegment ? { source: 'SEGMENT', reason: 'POPULAR_IN_SEGMENT' } : { source: 'POPULAR', reason: 'POPULAR' };

/**
 * What many use, for whom nothing else is known of: the list of the segment, then what trends in the cohort, then what the course begins with;
 * and the newest items in the last places. The same for `next` and `new`.
 */
export function sharedLists(moment: CourseMoment, lookups: DecisionLookups): CourseRecommendations {
  const { state, course, atMs } = moment;
  const table = courseTable(trendOf(course, lookups), lookups.curricula.get(course.course));
  const list = new SharedList(table, atMs, state.context?.consentProfiling === true);
  const newest = list.ready(newestIn(table, atMs)).slice(0, NEW_PLACES);
  for (const one of segmentListOf(moment, lookups)?.items ?? []) list.add([one.item], whyShared(one));
  list.add(table.items.slice(0, table.trending), whyShared({ isOfSegment: false }));
  // Before anybody used anything there is the curriculum: what needs nothing else first.
  list.add(table.starters, { source: 'CURRICULUM', reason: 'NEXT_IN_COURSE' });
  list.addLast(newest, { source: 'NEW', reason: 'NEW_ITEM' });
  return { course: course.course, segment: segmentIn(state), next: list.items, new: list.items };
}

/** What the catalogue told of in the last days, the newest first. */
function newestIn({ byYouth, addedAtMs, items }: CourseTable, atMs: number): ItemId[] {
  const isNew = (number: number): boolean => addedAtMs[number]! > atMs - NEW_FOR && addedAtMs[number]! <= atMs;
  return byYouth.filter(isNew).map((number) => items[number]!);
}

class SharedList {
  items: RecommendedItem[] = [];

  /** @param isNew - the learner has done nothing yet; of one who is not profiled nobody knows */
  constructor(
    private readonly table: CourseTable,
    private readonly atMs: number,
    private readonly isNew: boolean,
  ) {}

  add(items: readonly ItemId[], { source, reason }: ReturnType<typeof whyShared>): void {
    for (const item of this.ready(items)) {
      if (this.items.length === MOST_LISTED) return;
      if (!this.has(item)) this.items.push({ item, score: Math.fround(1 / (this.items.length + 1)), source, reasons: [reason] });
    }
  }

  /** Adds what is not listed yet, in place of the last ones where the list is full. */
  addLast(items: readonly ItemId[], why: ReturnType<typeof whyShared>): void {
    const missing = items.filter((item) => !this.has(item));
    this.items = this.items.slice(0, MOST_LISTED - missing.length);
    this.add(missing, why);
  }

  /** Those that the learner can open now. */
  ready(items: readonly ItemId[]): ItemId[] {
    return items.filter((item) => this.isReady(item));
  }

  private has(item: ItemId): boolean {
    return this.items.some((one) => one.item === item);
  }

  private isReady(item: ItemId): boolean {
    const number = this.table.numbers.get(item);
    if (number === undefined) return true;
    const needsOthers = (this.table.places[number]?.prerequisites.length ?? 0) > 0;
    return isOpen(this.table, number, this.atMs) && !(this.isNew && needsOthers);
  }
}
