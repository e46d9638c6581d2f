/** Rankings that a recommender must beat. */
import type { ItemFactors } from '../../operators/ports/retrieval.js';
import { dot } from '../../operators/recommend/dot.js';
import { foldIn } from '../../operators/recommend/foldIn.js';
import { itemId } from '../../schemas/index.js';
import { fitEase } from './ease.js';
import type { Lists } from './decidedLists.js';
import type { OuladTruth } from './ouladTruth.js';
import type { Protocol, RankedSystem, Ranking } from './scoring.js';

/** Name of the yardstick: one list for all, by events of the last 7 days. */
export const YARDSTICK = 'popular, 7 days';

const NOTHING: ReadonlyMap<string, number> = new Map();

/** The rankings of both protocols from one: without what was opened before where only new items count. */
function system(name: string, { opened }: OuladTruth, rank: Ranking): RankedSystem {
  const fresh: Ranking = (learner) => {
    const seen = opened.get(learner) ?? NOTHING;
    return rank(learner).filter((item) => !seen.has(item));
  };
  return { name, rankings: { any: rank, new: fresh } satisfies Record<Protocol, Ranking> };
}

/** Lists as they were decided: `next` for everything, `new` for what was not opened before. A learner without a list has an empty one. */
export const listed = (name: string, lists: Lists): RankedSystem => ({
  name,
  rankings: { any: (learner) => lists.next.get(learner) ?? [], new: (learner) => lists.new.get(learner) ?? [] },
});

/** Items by events up to the cut, and of the last 7 days. */
export const popularity = (truth: OuladTruth): RankedSystem[] => [
  system(YARDSTICK, truth, () => truth.popular7d),
  system('popular, ever', truth, () => truth.popular),
];

/** EASE on what was opened by the cut. */
export function easeSystem(truth: OuladTruth): RankedSystem {
  const score = fitEase([...truth.opened.values()].map((used) => [...used.keys()]));
  return system('EASE', truth, (learner) => byScore(score([...(truth.opened.get(learner) ?? NOTHING).keys()])));
}

/** Implicit ALS with the item factors of training; learners are folded in from what they opened by the cut. */
export function alsSystem(truth: OuladTruth, factors: ItemFactors): RankedSystem {
  const known = truth.popular.map((item) => [item, factors.rowOf(itemId(item))] as const).filter(([, row]) => row >= 0);
  return system('implicit ALS', truth, (learner) => {
    const used = [...(truth.opened.get(learner) ?? NOTHING)];
    const rows = Int32Array.from(used, ([item]) => factors.rowOf(itemId(item)));
    const taste = foldIn(
      factors,
      rows,
      Float64Array.from(used, ([, weight]) => weight),
    );
    return byScore(new Map(known.map(([item, row]) => [item, dot(taste, factors.matrix, row * factors.dimensions)])));
  });
}

const byScore = (scores: ReadonlyMap<string, number>): string[] =>
  [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([item]) => item);
