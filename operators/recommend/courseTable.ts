import type { CohortTrend, Curriculum, CurriculumItem, ItemId } from '../../schemas/index.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { betterFirst } from './best.js';
import { COLUMNS } from './candidateRows.js';
import { cohortRows } from './cohortColumns.js';
import { courseKinds, type CourseKinds } from './courseKinds.js';
import { courseOrder, type CourseOrder } from './courseOrder.js';
import { kindNumber } from './itemKinds.js';
import { momentumOf } from './momentum.js';
import { oncePerPair } from './oncePerPair.js';

const ITEM_KIND = itemFeatures.column('item_kind');
const KIND_SHARE = itemFeatures.column('kind_share');
const ORDER_PLACE = itemFeatures.column('order_place');
const ORDER_FROM_COHORT = itemFeatures.column('order_from_cohort');

/**
 * What a trend and a curriculum decide alone: the same for every learner until one of them changes. Items are known by their number in it,
 * those that trend first.
 */
export interface CourseTable {
  readonly items: readonly ItemId[];
  readonly numbers: ReadonlyMap<ItemId, number>;
  /** Items below this number were used in the last 7 days: they trend. */
  readonly trending: number;
  /** A row of features for each item: those of cohort and course, and all others as if nothing were known of them. */
  readonly features: Float32Array;
  /** The row of an item that neither trend nor curriculum knows: what the cohort alone decides. */
  readonly stranger: Float32Array;
  /** What the cohort alone makes of an item that is not opened; 0 for those that do not trend. */
  readonly momentum: Float64Array;
  readonly places: readonly (CurriculumItem | undefined)[];
  readonly order: CourseOrder;
  readonly kinds: CourseKinds;
  /** {@link HAS_TIMES} and {@link HAS_NEEDS} for each item: most have neither, and need no further look. */
  readonly traits: Uint8Array;
  /** An item can be opened in [openFromMs, openUntilMs); a withdrawn one never. */
  readonly openFromMs: Float64Array;
  readonly openUntilMs: Float64Array;
  /** NaN for what has no place in the curriculum. */
  readonly addedAtMs: Float64Array;
  /** NaN for what is not planned. */
  readonly plannedFromMs: Float64Array;
  readonly plannedUntilMs: Float64Array;
  /** Trending items, greatest momentum first, ties by id. */
  readonly byMomentum: readonly number[];
  /** Items of the curriculum, newest first. */
  readonly byYouth: readonly number[];
  /** Which items need one to be completed first. */
  readonly dependents: ReadonlyMap<ItemId, readonly number[]>;
  /** Whether any item teaches or exercises a skill. */
  readonly hasSkills: boolean;
  /** Items of the curriculum that need no other first. */
  readonly starters: readonly ItemId[];
  /** For a gathering to note what it met; nothing in it outlives the gathering. */
  readonly notes: Int32Array;
}

/** The item is withdrawn, or can be opened for a time only. */
export const HAS_TIMES = 1;
/** The item has prerequisites or skills: what the learner did decides whether it may be a candidate. */
export const HAS_NEEDS = 2;

/** Stands for a record that there is none of. */
const NONE = {};
const tables = oncePerPair((trend: CohortTrend | typeof NONE, curriculum: Curriculum | typeof NONE) =>
  tableOf('items' in trend ? trend : undefined, 'items' in curriculum ? curriculum.items : []),
);

/** The table of a course as of a trend and a curriculum; made once for each pair of records. */
export const courseTable = (trend: CohortTrend | undefined, curriculum: Curriculum | undefined): CourseTable =>
  tables(trend ?? NONE, curriculum ?? NONE);

function tableOf(trend: CohortTrend | undefined, curriculum: readonly CurriculumItem[]): CourseTable {
  const trends = trend?.items ?? [];
  const items = [...new Set([...trends.map(({ item }) => item), ...curriculum.map(({ item }) => item)])];
  const numbers = new Map(items.map((item, number) => [item, number]));
  const placeOf = new Map(curriculum.map((place) => [place.item, place]));
  const places = items.map((item) => placeOf.get(item));
  const [order, kinds] = [courseOrder(items, trends, places), courseKinds(trends, places)];
  const features = featuresOf(cohortRows(items.length, trend), places, order, kinds);
  const momentum = Float64Array.from(items, (_, number) => momentumOf(features, number * COLUMNS));
  const trending = trends.filter(({ events7d }) => events7d > 0).length;
  const addedAtMs = Float64Array.from(places, (place) => place?.addedAtMs ?? NaN);
  return {
    items,
    numbers,
    trending,
    features,
    stranger: cohortRows(1, trend && { ...trend, items: [] }),
    momentum,
    places,
    order,
    kinds,
    traits: Uint8Array.from(places, (place) => (place === undefined ? 0 : traitsOf(place))),
    openFromMs: Float64Array.from(places, (place) => (place?.withdrawn === true ? Infinity : (place?.availableFromMs ?? -Infinity))),
    openUntilMs: Float64Array.from(places, (place) => place?.availableUntilMs ?? Infinity),
    addedAtMs,
    plannedFromMs: Float64Array.from(places, (place) => place?.plannedFromMs ?? NaN),
    plannedUntilMs: Float64Array.from(places, (place) => place?.plannedUntilMs ?? NaN),
    byMomentum: Array.from({ length: trending }, (_, number) => number).sort(betterFirst(momentum, items)),
    byYouth: numbersOf(places).sort(betterFirst(addedAtMs, items)),
    dependents: dependentsOf(places),
    hasSkills: curriculum.some(({ skills }) => skills.length > 0),
    starters: curriculum.filter(({ prerequisites }) => prerequisites.length === 0).map(({ item }) => item),
    notes: new Int32Array(items.length),
  };
}

/** The rows of the cohort with what the place of each item tells of everybody. */
function featuresOf(features: Float32Array, places: CourseTable['places'], order: CourseOrder, kinds: CourseKinds): Float32Array {
  places.forEach((place, number) => {
    const at = number * COLUMNS;
    const orderPlace = order.placeOf[number]! / places.length;
    features[at + ITEM_KIND] = kindNumber(place?.kind ?? '');
    features[at + KIND_SHARE] = kinds.cohortShare[kinds.of[number]!]!;
    features[at + ORDER_PLACE] = orderPlace;
    if (!Number.isNaN(order.cohortPlace)) features[at + ORDER_FROM_COHORT] = orderPlace - order.cohortPlace;
  });
  return features;
}

function traitsOf({ withdrawn, availableFromMs, availableUntilMs, prerequisites, skills }: CurriculumItem): number {
  const hasTimes = withdrawn || availableFromMs !== null || availableUntilMs !== null;
  const hasNeeds = prerequisites.length + skills.length > 0;
  return (hasTimes ? HAS_TIMES : 0) | (hasNeeds ? HAS_NEEDS : 0);
}

/** Numbers of the items that have a place in the curriculum. */
export const numbersOf = (places: CourseTable['places']): number[] => places.flatMap((place, number) => (place === undefined ? [] : [number]));

/** Numbers of the items by those that they need first. */
function dependentsOf(places: CourseTable['places']): Map<ItemId, number[]> {
  const dependents = new Map<ItemId, number[]>();
  for (const number of numbersOf(places)) {
    for (const item of places[number]!.prerequisites) {
      const known = dependents.get(item);
      if (known === undefined) dependents.set(item, [number]);
      else known.push(number);
    }
  }
  return dependents;
}

/** Whether an item may be recommended at a time at all, to anybody. */
export const isOpen = (table: CourseTable, number: number, atMs: number): boolean =>
  table.openFromMs[number]! <= atMs && atMs < table.openUntilMs[number]!;
