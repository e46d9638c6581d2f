/** Features of candidates from their definitions, one item at a time: what the product computes at once for all must come to the same. */
import type { CohortItemTrend } from '../../../schemas/index.js';
import { AT, DAY_MS, type Use, type World } from './worlds.js';

const today = Math.floor((AT - 1) / DAY_MS);
const dayOf = (timeMs: number): number => Math.floor(timeMs / DAY_MS);
const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0);

/** Days on which a use is remembered, by how long ago they were. */
function agesOf({ lastMs, recentDays }: Use): number[] {
  const bits = Array.from({ length: 31 }, (_, n) => n).filter((n) => (recentDays >> n) & 1);
  return bits.map((n) => n + today - dayOf(lastMs)).filter((age) => age < 31);
}
const within = (uses: readonly Use[], days: number): number => sumOf(uses.map((use) => agesOf(use).filter((age) => age < days).length));
const activeDays = (uses: readonly Use[], days: number): number => new Set(uses.flatMap(agesOf).filter((age) => age < days)).size;
const firstAge = ({ firstMs }: Use): number => today - dayOf(firstMs);

/** What a cohort is asked about an item; the cohort has no totals of people in the worlds. */
export function slowCohort(world: World, item: string): Record<string, number> {
  const trend = world.trends.find((one) => one.item === item);
  if (trend === undefined) return {};
  const shareOf = (of: (one: CohortItemTrend) => number): number => share(of(trend), sumOf(world.trends.map(of)));
  const rankOf = (of: (one: CohortItemTrend) => number): number =>
    of(trend) === 0 ? 1 : world.trends.filter((one) => of(one) > of(trend)).length / world.trends.length;
  const rise = (short: number, shortDays: number, long: number, longDays: number): number => {
    const added = 1 / longDays;
    return (short / shortDays + added) / (long / longDays + added);
  };
  return {
    cohort_event_share_1d: shareOf((one) => one.events1d),
    cohort_event_share_3d: shareOf((one) => one.events3d),
    cohort_event_share_7d: shareOf((one) => one.events7d),
    cohort_event_share_28d: shareOf((one) => one.events28d),
    cohort_event_rank_1d: rankOf((one) => one.events1d),
    cohort_event_rank_3d: rankOf((one) => one.events3d),
    cohort_event_rank_7d: rankOf((one) => one.events7d),
    cohort_event_rank_28d: rankOf((one) => one.events28d),
    cohort_learner_rank_3d: rankOf((one) => one.learnerDays3d),
    cohort_learner_rank_7d: rankOf((one) => one.learnerDays7d),
    cohort_new_rank_7d: rankOf((one) => one.newLearners7d),
    cohort_event_rise_1d: rise(trend.events1d, 1, trend.events7d, 7),
    cohort_learner_rise_3d: rise(trend.learnerDays3d, 3, trend.learnerDays7d, 7),
    cohort_learner_rise_7d: rise(trend.learnerDays7d, 7, trend.learnerDays28d, 28),
    cohort_new_rise_3d: rise(trend.newLearners3d, 3, trend.newLearners7d, 7),
    cohort_new_rise_7d: rise(trend.newLearners7d, 7, trend.newLearners28d, 28),
    cohort_repeats_7d: share(trend.learnerDays7d - trend.newLearners7d, trend.openers),
    cohort_item_age: trend.firstUsedAtMs === null ? 999 : 29,
    cohort_spread_age: trend.spreadAtMs === null ? 999 : 19,
  };
}

/** What the learner does with an item, and at all. */
export function slowOwn(world: World, item: string): Record<string, number> {
  const { uses } = world;
  const items = new Set([...world.trends, ...world.places].map((one) => one.item));
  const learner = {
    learner_active_days_7d: activeDays(uses, 7),
    learner_active_days_28d: activeDays(uses, 28),
    learner_age: Math.min(...uses.map(({ lastMs }) => today - dayOf(lastMs))),
    learner_first_age: Math.max(...uses.map(firstAge)),
    learner_opened_share: items.size === 0 ? 1 : Math.min(1, uses.length / items.size),
    learner_new_items_7d: uses.filter((use) => firstAge(use) < 7).length,
    learner_new_share_7d: share(uses.filter((use) => firstAge(use) < 7).length, within(uses, 7)),
    learner_items_a_day: share(within(uses, 28), activeDays(uses, 28)),
  };
  const use = uses.find((one) => one.item === item);
  if (use === undefined) return learner;
  const seen = Array.from({ length: 31 }, (_, n) => n).filter((n) => (use.recentDays >> n) & 1);
  return {
    ...learner,
    own_days_7d: within([use], 7),
    own_days_28d: within([use], 28),
    own_events: use.events,
    own_weight_7d: sumOf(agesOf(use).map((age) => 2 ** (-age / 7))),
    own_first_age: firstAge(use),
    own_gap: seen[1] ?? 999,
  };
}

/** Where an item stands in the course. */
export function slowPlace(world: World, item: string): Record<string, number> {
  const all = [...new Set([...world.trends, ...world.places].map((one) => String(one.item)))];
  if (!all.includes(item)) return {};
  const trendOf = (name: string) => world.trends.find((one) => one.item === name);
  const kindOf = (name: string): string | undefined => world.places.find((one) => one.item === name)?.kind;
  const keyOf = (name: string): string =>
    [trendOf(name)?.spreadAtMs ?? 1e15, trendOf(name)?.firstUsedAtMs ?? 1e15].map((time) => String(time).padStart(20)).join() + name;
  const order = all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const place = order.indexOf(item);
  const isOpened = (name: string | undefined): boolean => world.uses.some((one) => one.item === name);
  const neighbours = [-4, -3, -2, -1, 1, 2, 3, 4].flatMap((by) => order[place + by] ?? []);
  const front = world.uses.filter((use) => firstAge(use) < 14 && all.includes(use.item)).map((use) => order.indexOf(use.item) / order.length);
  const days = (name: string): number => trendOf(name)?.learnerDays28d ?? 0;
  const sameKind = all.filter((name) => kindOf(name) === kindOf(item));
  const kindShare = share(sumOf(sameKind.map(days)), sumOf(all.map(days)));
  const ofKind = world.uses.filter((use) => sameKind.includes(use.item));
  return {
    order_place: place / order.length,
    previous_opened: isOpened(order[place - 1]) ? 1 : 0,
    neighbours_opened: share(neighbours.filter(isOpened).length, neighbours.length),
    order_from_learner: front.length === 0 ? -9 : place / order.length - sumOf(front) / front.length,
    kind_share: kindShare,
    kind_affinity: (within(ofKind, 28) + 2 * kindShare) / (within(world.uses, 28) + 2),
    kind_opened_share: ofKind.length / sameKind.length,
  };
}
