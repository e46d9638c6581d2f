import type { CohortTrend, Curriculum, CurriculumItem, ItemId } from '../../schemas/index.js';
import { itemFeatures } from '../features/itemFeatures.js';
import { COLUMNS, UNKNOWN } from './candidateRows.js';
import { momentumOf } from './momentum.js';

type Trend = CohortTrend['items'][number];

/** The columns that the cohort decides, with what is in them. */
const COHORT: readonly (readonly [column: number, of: (trend: Trend) => number])[] = [
  [itemFeatures.column('cohort_events_1d'), ({ events1d }) => events1d],
  [itemFeatures.column('cohort_events_3d'), ({ events3d }) => events3d],
  [itemFeatures.column('cohort_events_7d'), ({ events7d }) => events7d],
  [itemFeatures.column('cohort_learner_days_1d'), ({ learnerDays1d }) => learnerDays1d],
  [itemFeatures.column('cohort_learner_days_3d'), ({ learnerDays3d }) => learnerDays3d],
  [itemFeatures.column('cohort_learner_days_7d'), ({ learnerDays7d }) => learnerDays7d],
  [itemFeatures.column('cohort_new_learners_1d'), ({ newLearners1d }) => newLearners1d],
  [itemFeatures.column('cohort_new_learners_3d'), ({ newLearners3d }) => newLearners3d],
  [itemFeatures.column('cohort_new_learners_7d'), ({ newLearners7d }) => newLearners7d],
];

/**
 * What a trend and a curriculum decide alone: the same for every learner until one of them changes. Items are known by their number in it,
 * those that trend first.
 */
export interface CourseTable {
  readonly items: readonly ItemId[];
  readonly numbers: ReadonlyMap<ItemId, number>;
  /** Items below this number trend. */
  readonly trending: number;
  /** A row of features for each item: those of the cohort, and all others as if nothing were known of them. */
  readonly features: Float32Array;
  /** What the cohort alone makes of an item that is not opened; 0 for those that do not trend. */
  readonly momentum: Float64Array;
  readonly places: readonly (CurriculumItem | undefined)[];
  /** {@link HAS_TIMES} and {@link HAS_NEEDS} for each item: most have neither, and need no further look. */
  readonly traits: Uint8Array;
  /** An item can be opened in [openFromMs, openUntilMs); a withdrawn one never. */
  readonly openFromMs: Float64Array;
  readonly openUntilMs: Float64Array;
  /** NaN for what has no place in the curriculum. */
  readonly addedAtMs: Float64Array;
  /** Trending items, greatest momentum first, ties by id. */
  readonly byMomentum: readonly number[];
  /** Items of the curriculum, newest first. */
  readonly byYouth: readonly number[];
  /** Which items need one to be completed first. */
  readonly dependents: ReadonlyMap<ItemId, readonly number[]>;
  /** Which items teach or exercise a skill. */
  readonly exercising: ReadonlyMap<string, readonly number[]>;
  /** Items of the curriculum that need no other first. */
  readonly starters: readonly ItemId[];
  /** For a gathering to note what it met; nothing in it outlives the gathering. */
  readonly notes: Int32Array;
}

/** The item is withdrawn, or can be opened for a time only. */
export const HAS_TIMES = 1;
/** The item has prerequisites or skills: what the learner did decides whether it may be a candidate. */
export const HAS_NEEDS = 2;

/** Tables by the decoded records, which all decisions of a process share and none changes. */
const tables = new WeakMap<object, WeakMap<object, CourseTable>>();
/** Stands for a record that there is none of. */
const NONE = {};

/** The table of a course as of a trend and a curriculum; made once for each pair of records. */
export function courseTable(trend: CohortTrend | undefined, curriculum: Curriculum | undefined): CourseTable {
  const [one, other] = [trend ?? NONE, curriculum ?? NONE];
  let byCurriculum = tables.get(one);
  if (byCurriculum === undefined) tables.set(one, (byCurriculum = new WeakMap()));
  let table = byCurriculum.get(other);
  if (table === undefined) byCurriculum.set(other, (table = tableOf(trend?.items ?? [], curriculum?.items ?? [])));
  return table;
}

function tableOf(trends: readonly Trend[], curriculum: readonly CurriculumItem[]): CourseTable {
  const items = [...new Set([...trends.map(({ item }) => item), ...curriculum.map(({ item }) => item)])];
  const numbers = new Map(items.map((item, number) => [item, number]));
  const features = featuresOf(items, trends);
  const momentum = Float64Array.from(items, (_, number) => momentumOf(features, number * COLUMNS));
  const placeOf = new Map(curriculum.map((place) => [place.item, place]));
  const places = items.map((item) => placeOf.get(item));
  const addedAtMs = Float64Array.from(places, (place) => place?.addedAtMs ?? NaN);
  const byId = (a: number, b: number): number => (items[a]! < items[b]! ? -1 : 1);
  return {
    items,
    numbers,
    trending: trends.length,
    features,
    momentum,
    places,
    traits: Uint8Array.from(places, (place) => (place === undefined ? 0 : traitsOf(place))),
    openFromMs: Float64Array.from(places, (place) => (place?.withdrawn === true ? Infinity : (place?.availableFromMs ?? -Infinity))),
    openUntilMs: Float64Array.from(places, (place) => place?.availableUntilMs ?? Infinity),
    addedAtMs,
    byMomentum: trends.map((_, number) => number).sort((a, b) => momentum[b]! - momentum[a]! || byId(a, b)),
    byYouth: numbersOf(places).sort((a, b) => addedAtMs[b]! - addedAtMs[a]! || byId(a, b)),
    dependents: indexOf(places, ({ prerequisites }) => prerequisites),
    exercising: indexOf(places, ({ skills }) => skills),
    starters: curriculum.filter(({ prerequisites }) => prerequisites.length === 0).map(({ item }) => item),
    notes: new Int32Array(items.length),
  };
}

function featuresOf(items: readonly ItemId[], trends: readonly Trend[]): Float32Array {
  const features = new Float32Array(items.length * COLUMNS);
  for (let at = 0; at < features.length; at += COLUMNS) features.set(UNKNOWN, at);
  trends.forEach((trend, number) => {
    for (const [column, of] of COHORT) features[number * COLUMNS + column] = of(trend);
  });
  return features;
}

function traitsOf({ withdrawn, availableFromMs, availableUntilMs, prerequisites, skills }: CurriculumItem): number {
  const hasTimes = withdrawn || availableFromMs !== null || availableUntilMs !== null;
  const hasNeeds = prerequisites.length + skills.length > 0;
  return (hasTimes ? HAS_TIMES : 0) | (hasNeeds ? HAS_NEEDS : 0);
}

const numbersOf = (places: CourseTable['places']): number[] => places.flatMap((place, number) => (place === undefined ? [] : [number]));

/** Numbers of the items by what they name. */
function indexOf<K extends string>(places: CourseTable['places'], namesOf: (place: CurriculumItem) => readonly K[]): Map<K, number[]> {
  const index = new Map<K, number[]>();
  for (const number of numbersOf(places)) {
    for (const name of namesOf(places[number]!)) {
      const known = index.get(name);
      if (known === undefined) index.set(name, [number]);
      else known.push(number);
    }
  }
  return index;
}

/** Whether an item may be recommended at a time at all, to anybody. */
export const isOpen = (table: CourseTable, number: number, atMs: number): boolean =>
  table.openFromMs[number]! <= atMs && atMs < table.openUntilMs[number]!;
