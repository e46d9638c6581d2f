import { WHOLE_COURSE, segmentKey, type SegmentItem, type SegmentRecommendation } from '../../schemas/index.js';
import { segmentIn, type CourseMoment } from './courseMoment.js';
import type { DecisionLookups } from './lookups.js';
import { oncePerPair } from './oncePerPair.js';

/** An item of a list that many share. */
export interface SharedItem extends SegmentItem {
  /** Whether the segment made its place, and not the rest of the course. */
  readonly isOfSegment: boolean;
}

/** What a segment uses most, as far as it is known by itself, else what the whole course uses. */
export interface SegmentList extends Omit<SegmentRecommendation, 'items'> {
  /** Best first. Learner-days are those of the segment and, for what it does not tell, of the course: no whole numbers. */
  readonly items: readonly SharedItem[];
}

/** As many as a list of a segment has. */
export const LONGEST_SEGMENT_LIST = 20;
/**
 * So many learner-days of a segment, summed over items, weigh as much as all that the course tells: those of some ten learners in a few days.
 * Chosen on BBB-2013B and AAA-2013J up to day 40: for learners in their first week it is better than 0 or 20; more gains at most 0.003.
 */
const COURSE_WEIGHT = 100;

/**
 * The list of the learner's segment in a course: counts of the segment, with those of the whole course as prior counts, so that an empty
 * segment has the list of the course, a tiny one nearly so, and a large one its own. A list that is past its time is as if there were none.
 * `undefined` where the course has none, either.
 * @see Zhai, Lafferty: A study of smoothing methods for language models applied to information retrieval. ACM TOIS 22, 2004 (Dirichlet prior)
 */
export function segmentListOf({ state, course: { course }, atMs }: CourseMoment, { segments }: DecisionLookups): SegmentList | undefined {
  const segment = segmentIn(state);
  const whole = segments.get(segmentKey(course, WHOLE_COURSE));
  const own = segment === '' ? undefined : segments.get(segmentKey(course, segment));
  // What the whole course used a while ago is better than nothing; a segment has the course.
  const fresh = own !== undefined && own.validUntilMs > atMs ? own : undefined;
  if (whole === undefined && fresh === undefined) return undefined;
  return smoothedOnce(whole ?? fresh!, fresh ?? whole!);
}

const smoothedOnce = oncePerPair(smoothed);

function smoothed(whole: SegmentRecommendation, own: SegmentRecommendation): SegmentList {
  if (own === whole) return { ...own, items: own.items.map((one) => ({ ...one, isOfSegment: own.segment !== WHOLE_COURSE })) };
  const counts = new Map(own.items.map(({ item, learnerDays }) => [item, learnerDays]));
  const total = whole.items.reduce((sum, { learnerDays }) => sum + learnerDays, 0);
  const prior = new Map(whole.items.map(({ item, learnerDays }) => [item, (COURSE_WEIGHT * learnerDays) / Math.max(1, total)]));
  const items = [...new Set([...counts.keys(), ...prior.keys()])]
    .map((item) => {
      const [of, from] = [counts.get(item) ?? 0, prior.get(item) ?? 0];
      return { item, score: of + from, learnerDays: of + from, isOfSegment: of > from };
    })
    .sort((a, b) => b.score - a.score || (a.item < b.item ? -1 : 1));
  return { ...own, items: items.slice(0, LONGEST_SEGMENT_LIST) };
}
