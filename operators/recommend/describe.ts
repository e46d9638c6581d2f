import type { SegmentRecommendation } from '../../schemas/index.js';
import { days } from '../duration.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { COLUMNS, type CandidateRows } from './candidateRows.js';
import type { CourseView } from './courseView.js';
import type { LearnerHistory } from './learnerHistory.js';
import { countIn } from './recentDays.js';
import type { RetrievalScores } from './retrievalScores.js';
import { LONGEST_SEGMENT_LIST } from './segmentList.js';

const column = (name: string): number => itemFeatures.column(name);
const EVENTS_1D = column('learner_events_1d');
const EVENTS_7D = column('learner_events_7d');
const EVENTS_28D = column('learner_events_28d');
const ACTIVE_7D = column('learner_active_days_7d');
const ACTIVE_28D = column('learner_active_days_28d');
const LEARNER_AGE = column('learner_age');
const LEARNER_FIRST_AGE = column('learner_first_age');
const OPENED_SHARE = column('learner_opened_share');
const NEW_ITEMS = column('learner_new_items_7d');
const NEW_SHARE = column('learner_new_share_7d');
const ITEMS_A_DAY = column('learner_items_a_day');
const HOURS = column('hours_per_week');
const COURSE_DUE_IN = column('course_due_in');
const KIND_AFFINITY = column('kind_affinity');
const KIND_OPENED = column('kind_opened_share');
const ORDER_PLACE = column('order_place');
const ORDER_FROM_LEARNER = column('order_from_learner');
const PREVIOUS_OPENED = column('previous_opened');
const NEIGHBOURS_OPENED = column('neighbours_opened');
const PLANNED_IN = column('planned_in');
const PLANNED_UNTIL = column('planned_until');
const ALS_SCORE = column('als_score');
const ALS_RANK = column('als_rank');
const COVISIT_SCORE = column('covisit_score');
const COVISIT_RANK = column('covisit_rank');
const COVISIT_FRONT = column('covisit_front_score');
const SIMILARITY = column('recent_similarity');
const SEGMENT_RANK = column('segment_rank');
const SEGMENT_SHARE = column('segment_share');

const DAY_MS = days(1);
/** Days of use that the cohort's shares of the kinds weigh beside the learner's own. */
const PRIOR_DAYS = 2;
/** So many neighbours on either side. */
const REACH = 4;

/** Writes the features that concern every candidate alike. */
export function describeLearner(rows: CandidateRows, view: CourseView, history: LearnerHistory): void {
  const { engagement, course, hoursPerWeek, atMs } = view;
  const { activeDays, pairs7d, pairs28d, newItems7d, table } = history;
  const active28d = countIn(activeDays, 28);
  const dueAtMs = course.deadlines.reduce((first, one) => (one.dueAtMs >= atMs ? Math.min(first, one.dueAtMs) : first), Infinity);
  const written: readonly (readonly [column: number, value: number])[] = [
    [EVENTS_1D, engagement.events1d],
    [EVENTS_7D, engagement.events7d],
    [EVENTS_28D, engagement.events28d],
    [ACTIVE_7D, countIn(activeDays, 7)],
    [ACTIVE_28D, active28d],
    [LEARNER_AGE, history.age],
    [LEARNER_FIRST_AGE, history.firstAge],
    [OPENED_SHARE, table.items.length === 0 ? 1 : Math.min(1, history.uses.length / table.items.length)],
    [NEW_ITEMS, newItems7d],
    [NEW_SHARE, pairs7d === 0 ? 0 : newItems7d / pairs7d],
    [ITEMS_A_DAY, active28d === 0 ? 0 : pairs28d / active28d],
    ...(hoursPerWeek === null ? [] : [[HOURS, hoursPerWeek] as const]),
    ...(dueAtMs === Infinity ? [] : [[COURSE_DUE_IN, (dueAtMs - atMs) / DAY_MS] as const]),
  ];
  const { values } = rows;
  for (const [column, value] of written) for (let at = column; at < rows.rows * COLUMNS; at += COLUMNS) values[at] = value;
}

/** Writes what the learner's way through the course says of each candidate. */
export function describePlaces({ rows, numbers, values }: CandidateRows, history: LearnerHistory, atMs: number): void {
  const { table, opened, openedBefore, kindDays, kindOpened, pairs28d, frontPlace } = history;
  const { placeOf, numberAt } = table.order;
  const { of, items, cohortShare } = table.kinds;
  const last = placeOf.length - 1;
  for (let row = 0; row < rows; row++) {
    const number = numbers[row]!;
    const at = row * COLUMNS;
    if (number < 0) continue;
    const kind = of[number]!;
    const place = placeOf[number]!;
    values[at + KIND_AFFINITY] = (kindDays[kind]! + PRIOR_DAYS * cohortShare[kind]!) / (pairs28d + PRIOR_DAYS);
    values[at + KIND_OPENED] = kindOpened[kind]! / items[kind]!;
    if (frontPlace === frontPlace) values[at + ORDER_FROM_LEARNER] = values[at + ORDER_PLACE]! - frontPlace;
    if (place > 0) values[at + PREVIOUS_OPENED] = opened[numberAt[place - 1]!]!;
    const from = Math.max(0, place - REACH);
    const to = Math.min(last, place + REACH);
    if (to > from) values[at + NEIGHBOURS_OPENED] = (openedBefore[to + 1]! - openedBefore[from]! - opened[number]!) / (to - from);
    const plannedFromMs = table.plannedFromMs[number]!;
    const plannedUntilMs = table.plannedUntilMs[number]!;
    if (plannedFromMs === plannedFromMs) values[at + PLANNED_IN] = (plannedFromMs - atMs) / DAY_MS;
    if (plannedUntilMs === plannedUntilMs) values[at + PLANNED_UNTIL] = (plannedUntilMs - atMs) / DAY_MS;
  }
}

/** Writes what was learnt in training. */
export function describeRetrieval(rows: CandidateRows, { als, covisits, frontCovisits, similarityOf }: RetrievalScores): void {
  if (als !== null) write(rows, ALS_SCORE, als, ALS_RANK);
  if (covisits !== null) write(rows, COVISIT_SCORE, covisits, COVISIT_RANK);
  if (frontCovisits !== null) write(rows, COVISIT_FRONT, frontCovisits);
  if (similarityOf !== null) {
    const { numbers, values } = rows;
    for (let row = 0; row < rows.rows; row++) if (numbers[row]! >= 0) values[row * COLUMNS + SIMILARITY] = similarityOf(numbers[row]!);
  }
}

function write({ rows, numbers, values }: CandidateRows, column: number, scores: Float64Array, rank?: number): void {
  const ascending = rank === undefined ? null : scores.filter((score) => score === score).sort();
  for (let row = 0; row < rows; row++) {
    const number = numbers[row]!;
    const at = row * COLUMNS;
    const score = number < 0 ? NaN : scores[number]!;
    if (score !== score) continue;
    values[at + column] = score;
    if (ascending !== null) values[at + rank!] = (ascending.length - upperBound(ascending, score)) / ascending.length;
  }
}

/** How many of some ascending numbers are not greater than one. */
function upperBound(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Writes the places in the list of a segment. */
export function describeSegment(
  { values }: CandidateRows,
  segment: SegmentRecommendation,
  rowOf: (item: SegmentRecommendation['items'][number]['item']) => number,
): void {
  const [first] = segment.items;
  segment.items.forEach(({ item, learnerDays }, place) => {
    const row = rowOf(item);
    if (row < 0) return;
    values[row * COLUMNS + SEGMENT_RANK] = place / LONGEST_SEGMENT_LIST;
    values[row * COLUMNS + SEGMENT_SHARE] = learnerDays / Math.max(1, first!.learnerDays);
  });
}
