import type { CurriculumItem } from '../../../schemas/index.js';
import type { Likeness } from './likeness.js';
import type { Policy } from './policy.js';

/** What a list is chosen from: candidates in descending order of their worth. */
export interface Pool {
  readonly rows: readonly number[];
  /** By row, in spreads. */
  readonly worth: Float64Array;
  /** By place in the pool; `undefined` for what is not in the curriculum. */
  readonly items: readonly (CurriculumItem | undefined)[];
}

/**
 * Chooses the places of a list from a pool one after the other, each time the candidate that is worth most after what its likeness to the most
 * alike of those before it costs: maximal marginal relevance. The first is the best of all. Kinds that have had their part wait until nothing
 * else is left.
 *
 * Of MMR's λ relevance − (1 − λ) likeness only the proportion decides: `diversity` is (1 − λ) / λ, with the relevance in spreads.
 *
 * @returns places in the pool, `count` at most
 * @see Carbonell, Goldstein: The use of MMR, diversity-based reranking for reordering documents and producing summaries. SIGIR 1998
 */
export function diversified({ rows, worth, items }: Pool, count: number, { diversity, kinds }: Policy, likeness: Likeness): number[] {
  const chosen: number[] = [];
  const costs = new Costs(items, chosen, diversity === 0 ? null : likeness);
  const parts = new Parts(kinds);
  const isLeft = rows.map(() => true);
  const best = (canBe: (place: number) => boolean): number => {
    let [found, value] = [-1, -Infinity];
    for (let place = 0; place < rows.length; place++) {
      const own = worth[rows[place]!]!;
      // Nothing behind it can be worth more: likeness only takes away.
      if (own <= value) break;
      if (!isLeft[place] || !canBe(place)) continue;
      const left = own - diversity * costs.of(place);
      if (left > value) [found, value] = [place, left];
    }
    return found;
  };
  while (chosen.length < Math.min(count, rows.length)) {
    const free = best((place) => !parts.isFull(items[place]));
    const place = free >= 0 ? free : best(() => true);
    chosen.push(place);
    isLeft[place] = false;
    parts.take(items[place]);
  }
  return chosen;
}

/** Likeness of the places of a pool to the most alike of those chosen; compared when it is asked for, and with each only once. */
class Costs {
  private readonly most: Float64Array;
  private readonly compared: Int32Array;

  constructor(
    private readonly items: Pool['items'],
    private readonly chosen: readonly number[],
    private readonly likeness: Likeness | null,
  ) {
    this.most = new Float64Array(items.length);
    this.compared = new Int32Array(items.length);
  }

  of(place: number): number {
    const { items, chosen, likeness, most, compared } = this;
    if (likeness === null) return 0;
    for (let at = compared[place]!; at < chosen.length; at++) most[place] = Math.max(most[place]!, likeness(items[chosen[at]!], items[place]));
    compared[place] = chosen.length;
    return most[place]!;
  }
}

/** How many of each kind a list has. */
class Parts {
  private readonly taken = new Map<string, number>();

  constructor(private readonly kinds: Policy['kinds']) {}

  isFull(item: CurriculumItem | undefined): boolean {
    const most = item === undefined ? undefined : this.kinds[item.kind]?.most;
    return most !== undefined && (this.taken.get(item!.kind) ?? 0) >= most;
  }

  take(item: CurriculumItem | undefined): void {
    if (item !== undefined) this.taken.set(item.kind, (this.taken.get(item.kind) ?? 0) + 1);
  }
}
