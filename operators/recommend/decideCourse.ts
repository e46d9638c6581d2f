import {
  WHOLE_COURSE,
  segmentKey,
  type CandidateSource,
  type CourseRecommendations,
  type CurriculumItem,
  type FeatureLogDetails,
  type ItemId,
  type ReasonCode,
  type RecommendedItem,
} from '../../schemas/index.js';
import { shareOf } from '../hash.js';
import type { Ranker } from '../ports/ranker.js';
import { candidatesOf, isOpen, placeOf, type CourseView } from './candidates.js';
import { featureRows } from './featureRows.js';
import type { LearnerState } from './learnerState.js';
import { MOST_LISTED, byScore, listOf, type Scored } from './lists.js';
import type { DecisionLookups } from './lookups.js';

/** One course of one learner at one time. */
export interface CourseMoment {
  readonly state: LearnerState;
  readonly course: CourseView['course'];
  readonly atMs: number;
}

/** The lists of a course, and what they were made from; nothing of a learner who is not profiled. */
export interface CourseDecision {
  readonly lists: CourseRecommendations;
  /** Made only when it is asked for: most decisions are not logged. */
  readonly log: (() => FeatureLogDetails) | null;
}

/** Of the candidates that were not listed, such a share is logged. */
const UNLISTED_SHARE = 0.15;

/** Decides one course: by the learner's history, else by segment and popularity. */
export function decideCourse(moment: CourseMoment, lookups: DecisionLookups, ranker: Ranker): CourseDecision {
  const { state, course, atMs } = moment;
  const uses = state.histories.find((one) => one.course === course.course)?.uses ?? [];
  const isProfiled = state.context?.consentProfiling === true;
  const segment = isProfiled ? (state.context?.segment ?? '') : '';
  if (!isProfiled || uses.length === 0) return { lists: sharedLists(moment, lookups, segment), log: null };
  const [trend, curriculum] = [lookups.trends.get(course.cohort), lookups.curricula.get(course.course)];
  const candidates = candidatesOf({ course, uses, trend, curriculum, skills: state.skills, atMs });
  const matrix = featureRows(candidates, atMs);
  const scores = ranker.score(matrix);
  const ranked = candidates.map((candidate, row) => ({ candidate, score: scores[row]!, row })).sort(byScore);
  const unopened = ranked.filter(({ candidate }) => candidate.use === undefined);
  const lists = { course: course.course, segment, next: listOf(ranked, atMs), new: listOf(unopened, atMs) };
  const rowOf = (row: number): number[] => [...matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns)];
  return { lists, log: () => ({ course: course.course, cohort: course.cohort, candidates: loggedOf(moment, ranked, unopened, rowOf) }) };
}

function loggedOf(
  { course, atMs }: CourseMoment,
  ranked: readonly (Scored & { readonly row: number })[],
  unopened: readonly Scored[],
  featuresOf: (row: number) => number[],
): FeatureLogDetails['candidates'] {
  const newRanks = new Map(unopened.slice(0, MOST_LISTED).map(({ candidate }, rank) => [candidate.item, rank]));
  return ranked.flatMap(({ candidate: { item, source }, score, row }, rank) => {
    const newRank = newRanks.get(item) ?? -1;
    const nextRank = rank < MOST_LISTED ? rank : -1;
    if (nextRank < 0 && newRank < 0 && shareOf(`${item}|${course.course}|${String(atMs)}`) >= UNLISTED_SHARE) return [];
    return [{ item, source, nextRank, newRank, score: Math.fround(score), features: featuresOf(row) }];
  });
}

/** What many use: the segment's list, then that of the whole course, then what trends in the cohort. The same for `next` and `new`. */
function sharedLists({ course, atMs }: CourseMoment, { trends, curricula, segments }: DecisionLookups, segment: string): CourseRecommendations {
  const curriculum = curricula.get(course.course);
  const list = new SharedList((item) => placeOf(curriculum, item), atMs);
  const itemsOf = (name: string): readonly ItemId[] => segments.get(segmentKey(course.course, name))?.items.map(({ item }) => item) ?? [];
  if (segment !== '') list.add(itemsOf(segment), 'SEGMENT', 'POPULAR_IN_SEGMENT');
  list.add(itemsOf(WHOLE_COURSE), 'POPULAR', 'POPULAR');
  list.add(trends.get(course.cohort)?.items.map(({ item }) => item) ?? [], 'POPULAR', 'POPULAR');
  // Before anybody used anything there is the curriculum: what needs nothing else first.
  list.add(curriculum?.items.filter(({ prerequisites }) => prerequisites.length === 0).map(({ item }) => item) ?? [], 'CURRICULUM', 'NEXT_IN_COURSE');
  return { course: course.course, segment, next: list.items, new: list.items };
}

class SharedList {
  readonly items: RecommendedItem[] = [];
  private readonly met = new Set<ItemId>();

  constructor(
    private readonly placeOf: (item: ItemId) => CurriculumItem | undefined,
    private readonly atMs: number,
  ) {}

  add(items: readonly ItemId[], source: CandidateSource, reason: ReasonCode): void {
    for (const item of items) {
      if (this.items.length === MOST_LISTED) return;
      if (this.met.has(item) || !isOpen(this.placeOf(item), this.atMs)) continue;
      this.met.add(item);
      this.items.push({ item, score: Math.fround(1 / this.met.size), source, reasons: [reason] });
    }
  }
}
