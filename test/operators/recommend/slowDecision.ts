/**
 * A decision the slow way: every item that may be recommended gets features by their names, all are scored, and all are sorted. What the
 * product does with less must come to the same lists.
 */
import { formulaRanker, itemFeatures } from '../../../operators/recommend/index.js';
import type { CandidateSource, CurriculumItem, RecommendedItem } from '../../../schemas/index.js';
import { AT, DAY_MS, type World } from './worlds.js';

interface Item {
  readonly item: string;
  readonly source: CandidateSource;
  readonly features: Readonly<Record<string, number>>;
}

export interface SlowLists {
  readonly next: readonly RecommendedItem[];
  readonly new: readonly RecommendedItem[];
}

export function slowLists(whole: World): SlowLists {
  const world = { ...whole, trends: whole.trends.filter(({ openers }) => openers >= 5) };
  const items = ranked(itemsOf(world));
  const room = 20 - items.filter(({ features }) => features['opened'] === undefined).length;
  const all = ranked([...items, ...ranked(weakOf(world)).slice(0, Math.max(0, room))]);
  const listed = (some: typeof all): RecommendedItem[] => some.slice(0, 20).map((one) => recommended(one, one.score));
  return { next: listed(all), new: listed(all.filter(({ features }) => features['opened'] === undefined)) };
}

interface Ranked extends Item {
  readonly score: number;
}

function ranked(items: readonly Item[]): Ranked[] {
  const names = itemFeatures.declarations;
  const values = Float32Array.from(items.flatMap(({ features }) => names.map(({ name, fallback }) => features[name] ?? fallback)));
  const { next: scores } = formulaRanker.score({ rows: items.length, columns: names.length, values });
  const scored = items.map((one, row) => ({ ...one, score: scores[row]! }));
  return scored.sort((a, b) => b.score - a.score || (a.item < b.item ? -1 : 1));
}

/** What exercises a weak skill, and nobody proposes: for lists that are short. */
function weakOf(world: World): Item[] {
  return world.places.flatMap((place) => {
    const { item } = place;
    const isProposed = isLeftOut(world, item) || sourceOf(world, item) !== undefined;
    return isProposed || weaknessOf(world, place) === 0 ? [] : [{ item, source: 'REVIEW' as const, features: featuresOf(world, item) }];
  });
}

function itemsOf(world: World): Item[] {
  const all = new Set([...world.trends, ...world.places, ...world.uses].map(({ item }) => String(item)));
  return [...all].flatMap((item) => {
    const source = isLeftOut(world, item) ? undefined : sourceOf(world, item);
    return source === undefined ? [] : [{ item, source, features: featuresOf(world, item) }];
  });
}

const trendOf = (world: World, item: string) => world.trends.find((one) => one.item === item);
const placeOf = (world: World, item: string) => world.places.find((one) => one.item === item);
const useOf = (world: World, item: string) => world.uses.find((one) => one.item === item);
const masteryOf = (world: World, skill: string) => world.skills.find((one) => one.skill === skill)?.mastery;
const ageOf = ({ addedAtMs }: CurriculumItem): number => (AT - addedAtMs) / DAY_MS;

function isLeftOut(world: World, item: string): boolean {
  const place = placeOf(world, item);
  if (place === undefined) return false;
  if (place.withdrawn || (place.availableFromMs ?? -Infinity) > AT || (place.availableUntilMs ?? Infinity) <= AT) return true;
  const isMastered = place.kind === 'quiz' && place.skills.length > 0 && place.skills.every((skill) => (masteryOf(world, skill) ?? 0) >= 0.85);
  return isMastered || (useOf(world, item) === undefined && !isReady(world, place));
}

const isReady = (world: World, { prerequisites }: CurriculumItem): boolean =>
  prerequisites.every((before) => useOf(world, before)?.completed === true);
const isNext = (world: World, place: CurriculumItem): boolean =>
  place.prerequisites.length > 0 && useOf(world, place.item) === undefined && isReady(world, place);

function weaknessOf(world: World, { skills }: CurriculumItem): number {
  const least = Math.min(1, ...skills.map((skill) => masteryOf(world, skill) ?? 1));
  return least < 0.6 ? 1 - least : 0;
}

/** Who proposes an item; `undefined` where nobody does. */
function sourceOf(world: World, item: string): CandidateSource | undefined {
  const place = placeOf(world, item);
  if (trendOf(world, item) !== undefined) return 'TRENDING';
  if (useOf(world, item) !== undefined) return 'REVIEW';
  if (place === undefined) return undefined;
  if (isNext(world, place) || world.deadlines.some((one) => one.item === item)) return 'CURRICULUM';
  return ageOf(place) <= 14 ? 'NEW' : undefined;
}

function featuresOf(world: World, item: string): Record<string, number> {
  const place = placeOf(world, item);
  const due = world.deadlines.find((one) => one.item === item)?.dueAtMs ?? -Infinity;
  return {
    ...cohortOf(world, item),
    ...ownOf(world, item),
    ...(due >= AT ? { due_in: (due - AT) / DAY_MS } : {}),
    ...(place === undefined ? {} : { next_in_course: isNext(world, place) ? 1 : 0, weak_skill: weaknessOf(world, place), item_age: ageOf(place) }),
    learner_events_1d: world.busy[0],
    learner_events_7d: world.busy[1],
    learner_events_28d: world.busy[2],
  };
}

function cohortOf(world: World, item: string): Record<string, number> {
  const trend = trendOf(world, item);
  if (trend === undefined) return {};
  return {
    cohort_events_1d: trend.events1d,
    cohort_events_3d: trend.events3d,
    cohort_events_7d: trend.events7d,
    cohort_learner_days_1d: trend.learnerDays1d,
    cohort_learner_days_3d: trend.learnerDays3d,
    cohort_learner_days_7d: trend.learnerDays7d,
    cohort_new_learners_1d: trend.newLearners1d,
    cohort_new_learners_3d: trend.newLearners3d,
    cohort_new_learners_7d: trend.newLearners7d,
  };
}

function ownOf(world: World, item: string): Record<string, number> {
  const use = useOf(world, item);
  if (use === undefined) return {};
  const age = Math.floor((AT - 1) / DAY_MS) - Math.floor(use.lastMs / DAY_MS);
  return { opened: 1, completed: use.completed ? 1 : 0, own_days: use.days, own_weight: use.weight * 2 ** (-age / 28), own_age: age };
}

/** With up to two reasons, the strongest first, and the source behind the first. */
function recommended({ item, source, features }: Item, score: number): RecommendedItem {
  const of = (name: string): number => features[name] ?? itemFeatures.declarations[itemFeatures.column(name)]!.fallback;
  const speaks: [boolean, string, CandidateSource][] = [
    [of('due_in') <= 7, 'DUE_SOON', 'CURRICULUM'],
    [of('weak_skill') > 0, 'WEAK_SKILL', 'REVIEW'],
    [of('next_in_course') > 0, 'NEXT_IN_COURSE', 'CURRICULUM'],
    [of('opened') === 0 && of('item_age') < 14, 'NEW_ITEM', 'NEW'],
    [of('opened') > 0, 'CONTINUE', source],
    [features['cohort_events_7d'] !== undefined, 'TRENDING_IN_COHORT', source],
  ];
  const reasons = speaks.filter(([holds]) => holds);
  return {
    item: item as RecommendedItem['item'],
    score,
    source: reasons[0]?.[2] ?? source,
    reasons: reasons.slice(0, 2).map(([, reason]) => reason),
  };
}
