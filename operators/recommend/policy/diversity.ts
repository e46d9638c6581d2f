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
  const parts = new Parts(items, kinds);
  const isLeft = rows.map(() => true);
  const best = (ofAll: boolean): number => {
    let [found, value] = [-1, -Infinity];
    for (let place = 0; place < rows.length; place++) {
      const own = worth[rows[place]!]!;
      // Nothing behind it can be worth more: likeness only takes away.
      if (own <= value) break;
      if (!isLeft[place] || !(ofAll || parts.hasRoom(place))) continue;
      const left = own - diversity * costs.of(place);
      if (left > value) [found, value] = [place, left];
    }
    return found;
  };
  while (chosen.length < Math.min(count, rows.length)) {
    const free = best(false);
    const place = free >= 0 ? free : best(true);
    chosen.push(place);
    isLeft[place] = false;
    parts.take(place);
  }
  return chosen;
}

/** Likeness of the places of a pool to the most alike of those chosen; compared when it is asked for, and with each only once. */
class Costs {
  private readonly most: number[];
  private readonly compared: number[];

  constructor(
    private readonly items: Pool['items'],
    private readonly chosen: readonly number[],
    private readonly likeness: Likeness | null,
  ) {
    this.most = items.map(() => 0);
    this.compared = items.map(() => 0);
  }

  of(place: number): number {
    const { items, chosen, likeness, most, compared } = this;
    if (likeness === null) return 0;
    for (let at = compared[place]!; at < chosen.length; at++) most[place] = Math.max(most[place]!, likeness(items[chosen[at]!], items[place]));
    compared[place] = chosen.length;
    return most[place]!;
  }
}

/** How many more of its kind a list can take, where there is a limit. */
interface Part {
  left: number;
}

/** What a list can still take of the kinds of a pool. */
class Parts {
  /** By place in the pool; those of one kind share theirs. */
  private readonly ofPlaces: readonly (Part | undefined)[];

  constructor(items: Pool['items'], kinds: Policy['kinds']) {
    const parts = new Map<string, Part>();
    this.ofPlaces = items.map((item) => {
      const most = item === undefined ? undefined : kinds[item.kind]?.most;
      if (most === undefined) return undefined;
      const { kind } = item!;
      if (!parts.has(kind)) parts.set(kind, { left: most });
      return parts.get(kind);
    });
  }

  hasRoom(place: number): boolean {
    const part = this.ofPlaces[place];
    return part === undefined || part.left > 0;
  }

  take(place: number): void {
    const part = this.ofPlaces[place];
    if (part !== undefined) part.left--;
  }
}
