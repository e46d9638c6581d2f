import {
  WHOLE_COURSE,
  segmentKey,
  type CandidateSource,
  type CohortTrend,
  type CourseRecommendations,
  type FeatureLogDetails,
  type ItemId,
  type ReasonCode,
  type RecommendedItem,
} from '../../schemas/index.js';
import { shareOf } from '../hash.js';
import type { Ranker } from '../ports/ranker.js';
import { CandidateRows } from './candidateRows.js';
import { MOST_LISTED, gather } from './candidates.js';
import { courseTable, isOpen, type CourseTable } from './courseTable.js';
import { engagementAt, usesIn, type ActiveCourse, type LearnerState } from './learnerState.js';
import { Scored, bestOf, listOf } from './lists.js';
import type { DecisionLookups } from './lookups.js';

/** One course of one learner at one time. */
export interface CourseMoment {
  readonly state: LearnerState;
  readonly course: ActiveCourse;
  readonly atMs: number;
}

/** The lists of a course, and what they were made from. */
export interface CourseDecision {
  readonly lists: CourseRecommendations;
  /** `null` where it was not asked for, and of lists that nothing was ranked for. */
  readonly log: FeatureLogDetails | null;
}

/** Of the candidates that were not listed, such a share is logged. */
const UNLISTED_SHARE = 0.15;
/** Serves one decision after the other; nothing in it outlives one. */
const candidates = new CandidateRows();

/** Decides one course: by the learner's history, else by segment and popularity. */
export function decideCourse(moment: CourseMoment, lookups: DecisionLookups, ranker: Ranker, isLogged: boolean): CourseDecision {
  const { state, course, atMs } = moment;
  const uses = usesIn(state, course.course);
  if (state.context?.consentProfiling !== true || uses.length === 0) return { lists: sharedLists(moment, lookups), log: null };
  const [trend, curriculum] = [trendOf(course, lookups), lookups.curricula.get(course.course)];
  gather({ course, uses, trend, curriculum, skills: state.skills, engagement: engagementAt(state, atMs), atMs }, candidates);
  const scored = new Scored(candidates, ranker.score(candidates));
  const [next, fresh] = [bestOf(scored, 'next'), bestOf(scored, 'new')];
  const lists = { course: course.course, segment: segmentOf(state), next: listOf(scored, next), new: listOf(scored, fresh) };
  return { lists, log: isLogged ? { course: course.course, cohort: course.cohort, candidates: loggedOf(moment, scored, next, fresh) } : null };
}

/** What the cohort uses, if it is one of this course: a profile names one cohort, whatever courses it has. */
function trendOf({ course, cohort }: ActiveCourse, { trends }: DecisionLookups): CohortTrend | undefined {
  const trend = trends.get(cohort);
  return trend?.course === course ? trend : undefined;
}

/** A segment is made of what learners did: without consent there is none. */
const segmentOf = ({ context }: LearnerState): string => (context?.consentProfiling === true ? (context.segment ?? '') : '');

/** What was listed and a sample of the rest, best first. */
function loggedOf(
  { course, atMs }: CourseMoment,
  scored: Scored,
  next: readonly number[],
  fresh: readonly number[],
): FeatureLogDetails['candidates'] {
  const { items, sources, rows } = scored.candidates;
  const moment = `|${course.course}|${String(atMs)}`;
  const listed = new Set([...next, ...fresh]);
  const logged = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => listed.has(row) || shareOf(`${items[row]!}${moment}`) < UNLISTED_SHARE,
  );
  return logged
    .sort((a, b) => scored.compare(a, b))
    .map((row) => ({
      item: items[row]!,
      source: sources[row]!,
      nextRank: next.indexOf(row),
      newRank: fresh.indexOf(row),
      score: scored.scores[row]!,
      features: scored.candidates.features(row),
    }));
}

/** What many use: the segment's list, then that of the whole course, then what trends in the cohort. The same for `next` and `new`. */
function sharedLists({ state, course, atMs }: CourseMoment, lookups: DecisionLookups): CourseRecommendations {
  const segment = segmentOf(state);
  const table = courseTable(trendOf(course, lookups), lookups.curricula.get(course.course));
  const list = new SharedList(table, atMs, state.context?.consentProfiling === true);
  const itemsOf = (name: string): readonly ItemId[] => lookups.segments.get(segmentKey(course.course, name))?.items.map(({ item }) => item) ?? [];
  if (segment !== '') list.add(itemsOf(segment), 'SEGMENT', 'POPULAR_IN_SEGMENT');
  list.add(itemsOf(WHOLE_COURSE), 'POPULAR', 'POPULAR');
  list.add(table.items.slice(0, table.trending), 'POPULAR', 'POPULAR');
  // Before anybody used anything there is the curriculum: what needs nothing else first.
  list.add(table.starters, 'CURRICULUM', 'NEXT_IN_COURSE');
  return { course: course.course, segment, next: list.items, new: list.items };
}

class SharedList {
  readonly items: RecommendedItem[] = [];
  private readonly met = new Set<ItemId>();

  /** @param isNew - the learner has done nothing yet; of one who is not profiled nobody knows */
  constructor(
    private readonly table: CourseTable,
    private readonly atMs: number,
    private readonly isNew: boolean,
  ) {}

  add(items: readonly ItemId[], source: CandidateSource, reason: ReasonCode): void {
    for (const item of items) {
      if (this.items.length === MOST_LISTED) return;
      if (this.met.has(item) || !this.isReady(item)) continue;
      this.met.add(item);
      this.items.push({ item, score: Math.fround(1 / this.met.size), source, reasons: [reason] });
    }
  }

  private isReady(item: ItemId): boolean {
    const number = this.table.numbers.get(item);
    if (number === undefined) return true;
    const needsOthers = (this.table.places[number]?.prerequisites.length ?? 0) > 0;
    return isOpen(this.table, number, this.atMs) && !(this.isNew && needsOthers);
  }
}
