/**
 * What recommendations are worth on real learners, beside a yardstick: for each learner the items opened in the 7 days after the cut, against
 * the list made from what came up to it. The yardstick is one list for all: items by events in the 7 days up to the cut, those that the
 * learner had opened left out for `new`.
 */
import { usesOf as allUsesOf } from './ouladRows.js';
import type { Use } from './plainWindows.js';

/** Means over the learners whose truth is not empty. */
export interface Score {
  readonly learners: number;
  readonly ndcg10: number;
  readonly recall20: number;
  readonly yardstickNdcg10: number;
}

interface Presentation {
  /** Such as `AAA-2014J`. */
  readonly course: string;
  /** Unit: ms since epoch (UTC). */
  readonly dayZeroMs: number;
}

interface Seen {
  readonly opened: Map<string, Set<string>>;
  readonly truth: Map<string, Set<string>>;
  readonly popular: readonly string[];
}

const DAY_MS = 86_400_000;
const DAYS = 7;
const TOP = 10;
const LIST = 20;

/** @param given - items by learner, best first. @param list - whether items that were opened before count */
export function scoreOf(
  folder: string,
  of: Presentation,
  cutDay: number,
  given: ReadonlyMap<string, readonly string[]>,
  list: 'next' | 'new',
): Score {
  const { opened, truth, popular } = seenOf(folder, of, cutDay);
  const scored = [...opened].flatMap(([learner, before]) => {
    const all = truth.get(learner) ?? new Set<string>();
    const target = list === 'new' ? new Set([...all].filter((item) => !before.has(item))) : all;
    if (target.size === 0) return [];
    const plain = list === 'new' ? popular.filter((item) => !before.has(item)) : popular;
    const ours = given.get(learner) ?? [];
    return [{ ndcg10: ndcgOf(ours, target), recall20: recallOf(ours, target), yardstickNdcg10: ndcgOf(plain, target) }];
  });
  const mean = (name: keyof (typeof scored)[number]): number => scored.reduce((sum, one) => sum + one[name], 0) / scored.length;
  return { learners: scored.length, ndcg10: mean('ndcg10'), recall20: mean('recall20'), yardstickNdcg10: mean('yardstickNdcg10') };
}

function seenOf(folder: string, of: Presentation, cutDay: number): Seen {
  const opened = new Map<string, Set<string>>();
  const truth = new Map<string, Set<string>>();
  const recent = new Map<string, number>();
  for (const use of usesOf(folder, of)) {
    const day = (use.atMs - of.dayZeroMs) / DAY_MS;
    if (day > cutDay + DAYS) continue;
    addTo(day <= cutDay ? opened : truth, use);
    if (day <= cutDay && day > cutDay - DAYS) recent.set(use.item, (recent.get(use.item) ?? 0) + 1);
  }
  const byEvents = [...recent].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return { opened, truth, popular: byEvents.map(([item]) => item) };
}

function addTo(items: Map<string, Set<string>>, { learner, item }: Use): void {
  const known = items.get(learner);
  if (known === undefined) items.set(learner, new Set([item]));
  else known.add(item);
}

const usesOf = (folder: string, { course }: Presentation): Use[] => allUsesOf(folder).uses.filter(({ cohort }) => cohort === course);

/** @see K. Järvelin, J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), with gains of 0 and 1 */
function ndcgOf(items: readonly string[], truth: ReadonlySet<string>): number {
  const discount = (place: number): number => 1 / Math.log2(place + 2);
  const gained = items.slice(0, TOP).reduce((sum, item, place) => sum + (truth.has(item) ? discount(place) : 0), 0);
  const ideal = Array.from({ length: Math.min(TOP, truth.size) }, (_, place) => discount(place)).reduce((sum, one) => sum + one, 0);
  return gained / ideal;
}

const recallOf = (items: readonly string[], truth: ReadonlySet<string>): number =>
  items.slice(0, LIST).filter((item) => truth.has(item)).length / Math.min(LIST, truth.size);
