import type { CandidateSource, ReasonCode } from '../../schemas/index.js';
import type { FeatureSet } from '../features/declarations.js';
import { itemFeatures } from '../features/itemFeatures.js';
import type { FeatureMatrix, ListName, Ranker } from '../ports/ranker.js';
import { NEW_FOR_DAYS } from './candidates.js';
import { DUE_SOON_DAYS } from './formulaRanker.js';

/** A formula has the strongest signs to show, a model what weighed most. */
const MOST_SIGNS = 2;
const MOST_REASONS = 3;
/** A third reason weighs such a part of the first at least. */
const THIRD_PART = 0.25;
/** What was used so many days ago was used lately; on so many days: often. */
const LATELY_DAYS = 14;
const OFTEN_DAYS = 3;
/** What is planned is planned for about now so many days before and after. */
const ABOUT_DAYS = 7;
/** Share of the cohort that makes an item popular. */
const POPULAR_SHARE = 0.2;
/** Most difference between difficulty and mastery. */
const SUITED = 0.25;

const column = (name: string): number => itemFeatures.column(name);
const EVENTS_7D = column('cohort_events_7d');
const EVENTS_3D = column('cohort_events_3d');
const OPENED = column('opened');
const OWN_DAYS = column('own_days');
const OWN_AGE = column('own_age');
const NEXT = column('next_in_course');
const DUE = column('due_in');
const WEAK = column('weak_skill');
const ITEM_AGE = column('item_age');
const PENETRATION = column('cohort_penetration');
const PLANNED_IN = column('planned_in');
const PLANNED_UNTIL = column('planned_until');
const KIND_AFFINITY = column('kind_affinity');
const KIND_SHARE = column('kind_share');
const KIND_OPENED = column('kind_opened_share');
const GAP = column('difficulty_gap');
const NEIGHBOURS = column('neighbours_opened');
const COVISITS = column('covisit_score');
const ALS = column('als_score');
const SIMILARITY = column('recent_similarity');
const SEGMENT_RANK = column('segment_rank');

type Holds = (values: Float32Array, at: number) => boolean;

/** When the words of a code are true of a row, whatever a model made of its numbers: a due date may weigh because it is far off. */
const HOLDS: Readonly<Record<ReasonCode, Holds>> = {
  DUE_SOON: (values, at) => values[at + DUE]! <= DUE_SOON_DAYS,
  WEAK_SKILL: (values, at) => values[at + WEAK]! > 0,
  NEXT_IN_COURSE: (values, at) => values[at + NEXT]! > 0,
  NEW_ITEM: (values, at) => values[at + OPENED]! === 0 && values[at + ITEM_AGE]! < NEW_FOR_DAYS,
  CONTINUE: (values, at) => values[at + OPENED]! > 0 && values[at + OWN_AGE]! <= LATELY_DAYS,
  USED_OFTEN: (values, at) => values[at + OWN_DAYS]! >= OFTEN_DAYS,
  TRENDING_IN_COHORT: (values, at) => values[at + EVENTS_7D]! > 0,
  RISING_IN_COHORT: (values, at) => values[at + EVENTS_3D]! * 7 > values[at + EVENTS_7D]! * 3,
  POPULAR: (values, at) => values[at + PENETRATION]! >= POPULAR_SHARE,
  POPULAR_IN_SEGMENT: (values, at) => values[at + SEGMENT_RANK]! < 1,
  PLANNED_NOW: (values, at) => values[at + PLANNED_IN]! <= ABOUT_DAYS && values[at + PLANNED_UNTIL]! > -ABOUT_DAYS,
  READY_FOR_IT: (values, at) => values[at + NEXT]! > 0,
  RIGHT_LEVEL: (values, at) => Math.abs(values[at + GAP]!) <= SUITED,
  KIND_YOU_USE: (values, at) => values[at + KIND_OPENED]! > 0 && values[at + KIND_AFFINITY]! > values[at + KIND_SHARE]!,
  GOES_WITH_RECENT: (values, at) => values[at + COVISITS]! > 0 || values[at + NEIGHBOURS]! > 0,
  LEARNERS_LIKE_YOU: (values, at) => values[at + ALS]! > 0,
  LIKE_YOUR_RECENT: (values, at) => values[at + SIMILARITY]! > 0,
};

/** What can speak for a candidate by its features alone; the source behind it where that says more than who proposed it. */
export interface Sign {
  readonly reason: ReasonCode;
  readonly source?: CandidateSource;
}

/** The strongest first. */
const SIGNS: readonly (Sign & { readonly holds: Holds })[] = [
  { reason: 'DUE_SOON', source: 'CURRICULUM', holds: HOLDS.DUE_SOON },
  { reason: 'WEAK_SKILL', source: 'REVIEW', holds: HOLDS.WEAK_SKILL },
  { reason: 'NEXT_IN_COURSE', source: 'CURRICULUM', holds: HOLDS.NEXT_IN_COURSE },
  { reason: 'NEW_ITEM', source: 'NEW', holds: HOLDS.NEW_ITEM },
  { reason: 'CONTINUE', holds: (values, at) => values[at + OPENED]! > 0 },
  { reason: 'TRENDING_IN_COHORT', holds: HOLDS.TRENDING_IN_COHORT },
];

/** The strongest sign of a row; `undefined` where nothing speaks for it. */
export function signOf({ values, columns }: FeatureMatrix, row: number): Sign | undefined {
  return SIGNS.find(({ holds }) => holds(values, row * columns));
}

/**
 * Why a row is listed, the strongest reason first: what its features added to its score, summed by the reason that each declares, as far as it
 * spoke for the row and its words are true of it. Three at most; signs make up for what is missing to two. A ranker that cannot say what weighed
 * has the signs alone, and a row may have none.
 */
export function reasonsOf(ranker: Ranker, matrix: FeatureMatrix, row: number, list: ListName): readonly ReasonCode[] {
  const weighed = ranker.contributions === null ? [] : weighedReasons(ranker.featureSet, ranker.contributions(matrix, row, list), matrix, row);
  if (weighed.length >= MOST_SIGNS) return weighed;
  const { values, columns } = matrix;
  const signs = SIGNS.filter(({ reason, holds }) => !weighed.includes(reason) && holds(values, row * columns)).map(({ reason }) => reason);
  return [...weighed, ...signs].slice(0, MOST_SIGNS);
}

function weighedReasons(set: FeatureSet, contributions: Float64Array, { values, columns }: FeatureMatrix, row: number): ReasonCode[] {
  const at = row * columns;
  const speaking: { readonly reason: ReasonCode; readonly sum: number }[] = [];
  for (const { reason, of } of columnsByReason(set)) {
    let sum = 0;
    for (const column of of) sum += contributions[column]!;
    if (sum > 0 && HOLDS[reason](values, at)) speaking.push({ reason, sum });
  }
  speaking.sort((a, b) => b.sum - a.sum);
  const strongest = speaking[0]?.sum ?? 0;
  const kept = speaking.filter(({ sum }, place) => place < MOST_SIGNS || sum >= THIRD_PART * strongest);
  return kept.slice(0, MOST_REASONS).map(({ reason }) => reason);
}

interface ReasonColumns {
  readonly reason: ReasonCode;
  readonly of: readonly number[];
}

const knownColumns = new WeakMap<FeatureSet, readonly ReasonColumns[]>();

/** The columns that speak for each reason, in the order of their declarations; found once for each set. */
function columnsByReason(set: FeatureSet): readonly ReasonColumns[] {
  let known = knownColumns.get(set);
  if (known === undefined) {
    const byReason = new Map<ReasonCode, number[]>();
    set.declarations.forEach(({ reason }, column) => {
      if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), column]);
    });
    knownColumns.set(set, (known = [...byReason].map(([reason, of]) => ({ reason, of }))));
  }
  return known;
}
