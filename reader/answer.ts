/** What is served of a learner: the fallbacks, the same for HTTP and for the client library. */
import { WHOLE_COURSE, reasonText, type CandidateSource, type CourseRecommendations, type SegmentRecommendation } from '../schemas/index.js';
import { bestBySize, inTurns } from './merging.js';
import type { RecommendationView } from './view.js';
import type { OpenRecommendation } from './viewTopics.js';

/** Which of the two lists: whatever is best to do next, or only what was not opened before. */
export type ListName = 'next' | 'new';

/** Where an answer comes from: the learner's own record, fresh or past its time; the list of the segment; the popular one. */
export type Served = 'personal' | 'stale' | 'segment' | 'popular';

/** Longest list. */
export const MAX_LIMIT = 20;
/** Length of a list when nothing is said. */
export const DEFAULT_LIMIT = 10;

/** What is asked for. */
export interface Question {
  /** `next` by default. */
  readonly list?: ListName | undefined;
  /** Only this course; by default every course of the learner, merged. */
  readonly course?: string | undefined;
  /** Stands in where the record does not tell the segment. */
  readonly segment?: string | undefined;
  /** Items, 1 to 20; 10 by default. */
  readonly limit?: number | undefined;
  /** Items to leave out. */
  readonly exclude?: readonly string[] | undefined;
  /** Whether to give the reasons; by default not. */
  readonly explain?: boolean | undefined;
  /** `false`: only what is popular, in the course or in all. Neither the learner's record nor a segment is looked at. By default `true`. */
  readonly profiling?: boolean | undefined;
}

/** Why an item is recommended. */
export interface Reason {
  /** Stable, such as `DUE_SOON`. */
  readonly code: string;
  /** The same for people, in English. */
  readonly text: string;
}

/** An item of an answer. */
export interface AnsweredItem {
  readonly item: string;
  readonly course: string;
  /** Rank score within its list; comparable within one course only. */
  readonly score: number;
  readonly source: CandidateSource;
  /** From the catalogue, where it knows the item. */
  readonly title?: string;
  readonly kind?: string;
  readonly reasons?: readonly Reason[];
}

/** An answer without the question. */
export interface Answer {
  readonly served: Served;
  /** When the list was made, ms since epoch of event time; of several lists the oldest. `null` for no list. */
  readonly madeAtMs: number | null;
  /** From when on it is stale, ms since epoch of event time; of several lists the first. */
  readonly validUntilMs: number | null;
  readonly model: string | null;
  readonly topologyVersion: number | null;
  /** Experiment variant; empty outside experiments and for lists that are not the learner's own. */
  readonly variant: string;
  /** Best first. */
  readonly items: readonly AnsweredItem[];
}

interface Candidate {
  readonly item: string;
  readonly course: string;
  readonly score: number;
  readonly source: CandidateSource;
  readonly reasons: readonly string[];
}

/** Answers for a learner, or for nobody in particular (`null`: unknown, or not to be served). */
export function answerFor(view: RecommendationView, learner: string | null, question: Question, nowMs: number): Answer {
  if (question.profiling === false) return ofPopular(view, null, question);
  const record = learner === null ? null : view.recommendation(learner);
  return (
    (record !== null ? ofRecord(view, record, question, nowMs) : null) ?? ofSegments(view, record, question) ?? ofPopular(view, record, question)
  );
}

/** The list of one segment of a course, else what is popular in the course, else in all. */
export function answerForSegment(view: RecommendationView, course: string, segment: string, question: Question): Answer {
  const asked = { ...question, course, segment };
  return ofSegments(view, null, asked) ?? ofPopular(view, null, asked);
}

/** Items of the learner's own record: the best of each course in turn, withdrawn ones left out. */
export function personalItems(view: RecommendationView, record: OpenRecommendation, question: Question): AnsweredItem[] {
  const list = question.list ?? 'next';
  const courses = coursesOf(record, question.course);
  return shown(view, inTurns(courses.map((one) => one[list].map((item) => ({ ...item, course: one.course })))), question);
}

function ofRecord(view: RecommendationView, record: OpenRecommendation, question: Question, nowMs: number): Answer | null {
  const items = personalItems(view, record, question);
  // Nothing new being left is an answer: the lists below hold items that the learner has opened.
  const isAnswer = items.length > 0 || (question.list === 'new' && coursesOf(record, question.course).length > 0);
  if (!isAnswer) return null;
  const { madeAtMs, validUntilMs, modelVersion, topologyVersion, variant } = record;
  return { served: nowMs < validUntilMs ? 'personal' : 'stale', madeAtMs, validUntilMs, model: modelVersion, topologyVersion, variant, items };
}

function ofSegments(view: RecommendationView, record: OpenRecommendation | null, question: Question): Answer | null {
  return ofLists(view, segmentLists(view, record, question), 'segment', question);
}

function segmentLists(view: RecommendationView, record: OpenRecommendation | null, { course, segment }: Question): readonly SegmentRecommendation[] {
  const own = record === null ? [] : coursesOf(record, course).filter((one) => one.segment !== '');
  if (own.length > 0) return own.map((one) => view.segment(one.course, one.segment)).filter((list) => list !== null);
  if (segment === undefined || segment === WHOLE_COURSE) return [];
  if (course === undefined) return view.segments(segment);
  const list = view.segment(course, segment);
  return list === null ? [] : [list];
}

function ofPopular(view: RecommendationView, record: OpenRecommendation | null, question: Question): Answer {
  const courses = question.course === undefined ? (record?.personal.courses ?? []).map((one) => one.course as string) : [question.course];
  const lists = courses.map((course) => view.segment(course, WHOLE_COURSE)).filter((list) => list !== null);
  return (
    ofLists(view, lists, 'popular', question) ??
    // A course that was asked for and has no list: items of other courses are no answer to that.
    (question.course === undefined ? ofLists(view, view.segments(WHOLE_COURSE), 'popular', question) : null) ??
    NOTHING
  );
}

const NOTHING: Answer = { served: 'popular', madeAtMs: null, validUntilMs: null, model: null, topologyVersion: null, variant: '', items: [] };

const SHARED = {
  segment: { source: 'SEGMENT', reasons: ['POPULAR_IN_SEGMENT'] },
  popular: { source: 'POPULAR', reasons: ['POPULAR'] },
} as const;

function ofLists(
  view: RecommendationView,
  lists: readonly SegmentRecommendation[],
  served: 'segment' | 'popular',
  question: Question,
): Answer | null {
  const { source, reasons } = SHARED[served];
  const items = shown(
    view,
    bestBySize(lists).map(({ item, course, score }) => ({ item, course, score, source, reasons })),
    question,
  );
  const [first] = lists;
  if (items.length === 0 || first === undefined) return null;
  const madeAtMs = Math.min(...lists.map((list) => list.madeAtMs));
  const validUntilMs = Math.min(...lists.map((list) => list.validUntilMs));
  return { served, madeAtMs, validUntilMs, model: first.modelVersion, topologyVersion: first.topologyVersion, variant: '', items };
}

const coursesOf = (record: OpenRecommendation, course: string | undefined): readonly CourseRecommendations[] =>
  course === undefined ? record.personal.courses : record.personal.courses.filter((one) => one.course === course);

/** The first candidates that may be shown, with what the catalogue says of them. */
function shown(view: RecommendationView, candidates: Iterable<Candidate>, question: Question): AnsweredItem[] {
  const limit = Math.min(question.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  const seen = new Set(question.exclude);
  const items: AnsweredItem[] = [];
  for (const { item, course, score, source, reasons } of candidates) {
    if (items.length >= limit) break;
    if (seen.has(item)) continue;
    seen.add(item);
    const known = view.item(item);
    if (known?.withdrawn === true) continue;
    const described = known === null ? {} : { title: known.title, kind: known.kind };
    const why = question.explain === true ? { reasons: reasons.map((code) => ({ code, text: reasonText(code) })) } : {};
    items.push({ item, course, score, source, ...described, ...why });
  }
  return items;
}
