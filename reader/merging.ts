/** How lists of several courses become one. */
import type { SegmentItem, SegmentRecommendation } from '../schemas/index.js';

/**
 * The firsts of all lists, then the seconds, and so on, in the order of the lists: scores of two courses cannot be compared, ranks can.
 * @example inTurns([['a', 'b'], ['x']]) // a, x, b
 */
export function inTurns<T>(lists: readonly (readonly T[])[]): Iterable<T> {
  // Most learners have one course.
  return lists.length === 1 ? lists[0]! : turns(lists);
}

function* turns<T>(lists: readonly (readonly T[])[]): Generator<T, void, undefined> {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let rank = 0; rank < longest; rank++) {
    for (const list of lists) if (rank < list.length) yield list[rank]!;
  }
}

/** An item of a segment's list, with its course. */
export interface SharedItem extends SegmentItem {
  readonly course: string;
}

/**
 * Items of segments' lists: of one list in its order; of several by learner-days, which can be compared between courses, then by
 * item.
 */
export function bestBySize(lists: readonly SegmentRecommendation[]): SharedItem[] {
  const items = lists.flatMap((list) => list.items.map((item) => ({ ...item, course: list.course })));
  return lists.length < 2 ? items : items.sort((a, b) => b.learnerDays - a.learnerDays || (a.item < b.item ? -1 : 1));
}
