import { itemFeatures } from '../features/itemFeatures.js';
import { days } from '../duration.js';
import type { FeatureMatrix } from '../ports/ranker.js';
import type { Candidate } from './candidates.js';
import { daysBetween, decayed } from './learnerState.js';

const COLUMNS = itemFeatures.declarations.length;
const NO_TREND = { events1d: 0, events3d: 0, events7d: 0, learnerDays1d: 0, learnerDays3d: 0, learnerDays7d: 0 };
const FALLBACKS = new Map(itemFeatures.declarations.map(({ name, fallback }) => [name, fallback]));
const OWN_AGE = FALLBACKS.get('own_age')!;
const DUE_IN = FALLBACKS.get('due_in')!;
const ITEM_AGE = FALLBACKS.get('item_age')!;

/** The features of candidates at a time, a row each, in the columns of {@link itemFeatures}. */
export function featureRows(candidates: readonly Candidate[], atMs: number): FeatureMatrix {
  const values = new Float32Array(candidates.length * COLUMNS);
  candidates.forEach((candidate, row) => values.set(rowOf(candidate, atMs), row * COLUMNS));
  return { rows: candidates.length, columns: COLUMNS, values };
}

function rowOf({ trend, use, place, isNext, dueInDays, weakness }: Candidate, atMs: number): number[] {
  const { events1d, events3d, events7d, learnerDays1d, learnerDays3d, learnerDays7d } = trend ?? NO_TREND;
  const age = use === undefined ? OWN_AGE : daysBetween(use.lastMs, atMs - 1);
  return [
    events1d,
    events3d,
    events7d,
    learnerDays1d,
    learnerDays3d,
    learnerDays7d,
    use === undefined ? 0 : 1,
    use?.completed === true ? 1 : 0,
    use?.days ?? 0,
    use === undefined ? 0 : decayed(use.weight, age),
    age,
    isNext ? 1 : 0,
    dueInDays ?? DUE_IN,
    weakness,
    place === undefined ? ITEM_AGE : Math.max(0, (atMs - place.addedAtMs) / days(1)),
  ];
}
