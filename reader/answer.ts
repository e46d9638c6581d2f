/** What is served of a learner: the fallbacks, the same for HTTP and for the client library. */
import {
  WHOLE_COURSE,
  reasonText,
  type CandidateSource,
  type CourseRecommendations,
  type OverrideDetails,
  type Oversight,
  type SegmentRecommendation,
} from '../schemas/index.js';
import { bestBySize, inTurns } from './merging.js';
import { baselineReason, goingCourses, ownCourses, pausedCourses } from './oversight.js';
import type { Look } from './look.js';
import type { RecommendationView } from './view.js';
import type { OpenRecommendation } from './viewTopics.js';

/** Which of the two lists: whatever is best to do next, or only what was not opened before. */
export type ListName = 'next' | 'new';

/**
 * Where an answer comes from: the learner's own record, fresh or past its time; the list of the segment; the popular one. `paused` and `override` are the popular
 * list, too: because people paused the recommender, or decided so for the learner.
 */
export type Served = 'personal' | 'stale' | 'segment' | 'popular' | 'paused' | 'override';

/** What proposed an item: a source of candidates, or a person who pinned it for the learner. */
export type AnswerSource = CandidateSource | 'PINNED';

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
  readonly source: AnswerSource;
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
  /** Courses whose part of the list is what is popular in them, because people paused them; absent where there are none, and where all is paused. */
  readonly pausedCourses?: readonly string[];
  /** Best first. */
  readonly items: readonly AnsweredItem[];
}

/** What metrics and traces hear of an answer. */
export interface Told extends Pick<Answer, 'served' | 'madeAtMs' | 'validUntilMs' | 'model'> {
  readonly items: readonly Pick<AnsweredItem, 'item'>[];
}

/** That of an answer and no more, to be kept. */
export const toldOf = ({ served, madeAtMs, validUntilMs, model, items }: Answer): Told => ({
  ...{ served, madeAtMs, validUntilMs, model },
  items: items.map(({ item }) => ({ item })),
});

interface Candidate {
  readonly item: string;
  readonly course: string;
  readonly score: number;
  readonly source: AnswerSource;
  readonly reasons: readonly string[];
}

/** A question, as of one instant. */
interface Asked extends Question {
  readonly oversight: Oversight;
}

/** Each field by itself: questions come from many places, in many shapes, and this one is read often. */
const askedAt = ({ list, course, segment, limit, exclude, explain, profiling }: Question, { oversight }: Look): Asked => ({
  list,
  course,
  segment,
  limit,
  exclude,
  explain,
  profiling,
  oversight,
});

/** Answers by what there is of a learner. @param look - of the same turn; without the record where the question is one without profiling */
export function answerFor(view: RecommendationView, look: Look, question: Question, nowMs: number): Answer {
  const asked = askedAt(question, look);
  const override = view.override(look);
  if (override === null) return unpinned(view, look, null, asked, nowMs);
  const { pinned, excluded } = override;
  const among = { ...asked, exclude: [...(question.exclude ?? []), ...excluded] };
  if (pinned.length === 0) return unpinned(view, look, override, among, nowMs);
  // Those that stand first may be in the list, too: as many more are asked for as there are places.
  return withPinned(view, unpinned(view, look, override, { ...among, limit: MAX_LIMIT }, nowMs), pinned, among);
}

function unpinned(view: RecommendationView, look: Look, override: OverrideDetails | null, question: Asked, nowMs: number): Answer {
  // Without profiling not even the learner's courses are looked at.
  const record = question.profiling === false ? null : view.recommendation(look);
  const reason = baselineReason(question.oversight, override, question.course);
  if (reason !== null) return { ...ofPopular(view, record, question), served: reason };
  if (question.profiling === false) return ofPopular(view, null, question);
  return (
    (record !== null ? ofRecord(view, record, question, nowMs) : null) ?? ofSegments(view, record, question) ?? ofPopular(view, record, question)
  );
}

/** What a person chose stands first, whatever the list is. */
function withPinned(view: RecommendationView, answer: Answer, pinned: readonly string[], question: Asked): Answer {
  const score = Math.max(0, ...answer.items.map((item) => item.score)) + 1;
  const candidates = pinned.map((item): Candidate => {
    const course = view.item(item)?.course ?? question.course ?? '';
    return { item, course, score, source: 'PINNED', reasons: ['CHOSEN_BY_PERSON'] };
  });
  const ofCourse = candidates.filter(({ course }) => question.course === undefined || course === question.course);
  const first = shown(view, ofCourse, question);
  const rest = answer.items.filter(({ item }) => !first.some((one) => one.item === item));
  return { ...answer, items: [...first, ...rest].slice(0, limitOf(question)) };
}

/** The list of one segment of a course, else what is popular in the course, else in all. */
export function answerForSegment(view: RecommendationView, course: string, segment: string, question: Question): Answer {
  const asked = askedAt({ ...question, course, segment }, view.look(null));
  if (asked.oversight.isPaused(course)) return { ...ofPopular(view, null, asked), served: 'paused' };
  return ofSegments(view, null, asked) ?? ofPopular(view, null, asked);
}

/** Items of the learner's own record that may be served as such: the best of each course in turn, withdrawn and blocked ones left out. */
export function personalItems(view: RecommendationView, record: OpenRecommendation, question: Question): AnsweredItem[] {
  const look = view.look(record.learner);
  const [override, { oversight }] = [view.override(look), look];
  if (baselineReason(oversight, override, question.course) !== null) return [];
  const exclude = [...(question.exclude ?? []), ...(override?.excluded ?? [])];
  return itemsOf(view, ownCourses(record, oversight, question.course), [], askedAt({ ...question, exclude }, look));
}

function itemsOf(view: RecommendationView, own: readonly CourseRecommendations[], paused: readonly string[], question: Asked): AnsweredItem[] {
  const list = question.list ?? 'next';
  const lists = [
    ...own.map((one): Candidate[] => one[list].map(({ item, score, source, reasons }) => ({ item, course: one.course, score, source, reasons }))),
    ...paused.map((course) => candidatesIn(popularLists(view, [course]), 'popular')),
  ];
  return shown(view, inTurns(lists), question);
}

function ofRecord(view: RecommendationView, record: OpenRecommendation, question: Asked, nowMs: number): Answer | null {
  const { oversight, course } = question;
  const own = ownCourses(record, oversight, course);
  const paused = course === undefined ? pausedCourses(record, oversight) : [];
  if (own.length === 0 && paused.length > 0) return { ...ofPopular(view, record, question), served: 'paused' };
  const items = itemsOf(view, own, paused, question);
  // Nothing new being left is an answer: the lists below hold items that the learner has opened.
  const isAnswer = items.length > 0 || (question.list === 'new' && own.length > 0);
  if (!isAnswer) return null;
  const { madeAtMs, validUntilMs, modelVersion, topologyVersion, variant } = record;
  const made = { madeAtMs, validUntilMs, model: modelVersion, topologyVersion, variant };
  return { served: nowMs < validUntilMs ? 'personal' : 'stale', ...made, ...(paused.length > 0 && { pausedCourses: paused }), items };
}

function ofSegments(view: RecommendationView, record: OpenRecommendation | null, question: Asked): Answer | null {
  // Of a rule that was killed there is none: what is popular takes its place.
  const lists = segmentLists(view, record, question).filter(({ modelVersion }) => !question.oversight.isKilled(modelVersion));
  return ofLists(view, lists, 'segment', question);
}

function segmentLists(
  view: RecommendationView,
  record: OpenRecommendation | null,
  { course, segment, oversight }: Asked,
): readonly SegmentRecommendation[] {
  const own = record === null ? [] : goingCourses(record, oversight, course).filter((one) => one.segment !== '');
  if (own.length > 0) return own.map((one) => view.segment(one.course, one.segment)).filter((list) => list !== null);
  if (segment === undefined || segment === WHOLE_COURSE) return [];
  if (course === undefined) return view.segments(segment).filter((one) => !oversight.isPaused(one.course));
  const list = view.segment(course, segment);
  return list === null ? [] : [list];
}

function ofPopular(view: RecommendationView, record: OpenRecommendation | null, question: Asked): Answer {
  const courses = question.course === undefined ? (record?.personal.courses ?? []).map((one) => one.course as string) : [question.course];
  return (
    ofLists(view, popularLists(view, courses), 'popular', question) ??
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

function ofLists(view: RecommendationView, lists: readonly SegmentRecommendation[], served: 'segment' | 'popular', question: Asked): Answer | null {
  const items = shown(view, candidatesIn(lists, served), question);
  const [first] = lists;
  if (items.length === 0 || first === undefined) return null;
  const madeAtMs = Math.min(...lists.map((list) => list.madeAtMs));
  const validUntilMs = Math.min(...lists.map((list) => list.validUntilMs));
  return { served, madeAtMs, validUntilMs, model: first.modelVersion, topologyVersion: first.topologyVersion, variant: '', items };
}

const popularLists = (view: RecommendationView, courses: readonly string[]): SegmentRecommendation[] =>
  courses.map((course) => view.segment(course, WHOLE_COURSE)).filter((list) => list !== null);

const candidatesIn = (lists: readonly SegmentRecommendation[], served: 'segment' | 'popular'): Candidate[] =>
  bestBySize(lists).map(({ item, course, score }) => ({ item, course, score, ...SHARED[served] }));

const limitOf = ({ limit = DEFAULT_LIMIT }: Pick<Question, 'limit'>): number => Math.min(limit, MAX_LIMIT);

/** The first candidates that may be shown, with what the catalogue says of them. */
function shown(view: RecommendationView, candidates: Iterable<Candidate>, question: Asked): AnsweredItem[] {
  const limit = limitOf(question);
  const seen = new Set(question.exclude);
  const items: AnsweredItem[] = [];
  for (const { item, course, score, source, reasons } of candidates) {
    if (items.length >= limit) break;
    if (seen.has(item) || question.oversight.isBlocked(item)) continue;
    seen.add(item);
    const known = view.item(item);
    if (known?.withdrawn === true) continue;
    const answered: { -readonly [Field in keyof AnsweredItem]: AnsweredItem[Field] } = { item, course, score, source };
    if (known !== null) {
      answered.title = known.title;
      answered.kind = known.kind;
    }
    if (question.explain === true) answered.reasons = reasons.map((code) => ({ code, text: reasonText(code) }));
    items.push(answered);
  }
  return items;
}
