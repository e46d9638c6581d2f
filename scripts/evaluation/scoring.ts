/** Scores rankings of one course and cut, over all learners and by groups of them. */
import { bootstrap, meanAt, type Interval } from './bootstrap.js';
import { LISTED, meanOf, measure, type Measures } from './measures.js';
import type { Grouping, Groups } from './ouladGroups.js';
import type { Cut, OuladTruth } from './ouladTruth.js';

/** What counts: everything that is opened next, or only what was not opened before. */
export type Protocol = 'any' | 'new';

/** The items for a learner, best first, each once; those that they opened before are left out by the scoring where they do not count. */
export type Ranking = (learner: string) => readonly string[];

/** A system's rankings by protocol. */
export interface RankedSystem {
  readonly name: string;
  readonly rankings: Readonly<Record<Protocol, Ranking>>;
}

/** Learners by what they did next: everybody with an event by the cut and a truth that is not empty. */
export interface ScoredLearners {
  readonly protocol: Protocol;
  readonly learners: readonly string[];
  readonly truths: readonly ReadonlySet<string>[];
}

/** Who is scored. */
export function scoredLearners({ opened, after }: OuladTruth, protocol: Protocol): ScoredLearners {
  const learners: string[] = [];
  const truths: ReadonlySet<string>[] = [];
  for (const [learner, seen] of opened) {
    const next = after.get(learner) ?? new Set<string>();
    const truth = protocol === 'any' ? next : new Set([...next].filter((item) => !seen.has(item)));
    if (truth.size === 0) continue;
    learners.push(learner);
    truths.push(truth);
  }
  return { protocol, learners, truths };
}

/** NDCG of the learners who are scored, in one order. */
export interface LearnerScores {
  readonly learners: readonly string[];
  readonly ours: Float64Array;
  readonly yardstick: Float64Array;
}

/** A system's score. */
export interface SystemScore extends Measures {
  readonly system: string;
  /** Share of the items of the course that stand in the first 20 places of some learner's list. */
  readonly coverage: number;
  /** NDCG of each learner, in the order of the learners. */
  readonly byLearner: Float64Array;
}

/** @param items - how many items the course has */
export function scoreSystem({ name, rankings }: RankedSystem, { protocol, learners, truths }: ScoredLearners, items: number): SystemScore {
  const shown = new Set<string>();
  const all = learners.map((learner, at) => {
    const ranking = rankings[protocol](learner).slice(0, LISTED);
    for (const item of ranking) shown.add(item);
    return measure(ranking, truths[at]!);
  });
  return { system: name, ...meanOf(all), coverage: shown.size / items, byLearner: Float64Array.from(all, ({ ndcg }) => ndcg) };
}

/** Groups with fewer learners say nothing. */
const LEAST_LEARNERS = 30;

/** How one system serves the groups of an attribute. */
export interface GroupGap {
  /** Greatest mean NDCG of a group less the least. */
  readonly gap: number;
  readonly interval: Interval;
}

/** The groups of an attribute. */
export interface GroupScores {
  readonly grouping: Grouping;
  readonly groups: readonly { readonly group: string; readonly learners: number; readonly ours: number; readonly yardstick: number }[];
  /** Learners in groups that are too small to be compared. */
  readonly leftOut: number;
  readonly ours: GroupGap;
  readonly yardstick: GroupGap;
}

/**
 * Compares the groups of each attribute of which two at least have learners enough.
 *
 * @param ours - NDCG of each of the learners, in their order
 * @param yardstick - the same, of the yardstick
 */
export function scoreGroups(learners: readonly string[], groups: Groups, ours: Float64Array, yardstick: Float64Array): GroupScores[] {
  return (Object.keys(groups) as Grouping[]).flatMap((grouping) => {
    const places = new Map<string, number[]>();
    learners.forEach((learner, at) => {
      const group = groups[grouping].get(learner);
      if (group === undefined) return;
      const found = places.get(group);
      if (found === undefined) places.set(group, [at]);
      else found.push(at);
    });
    const large = [...places].filter(([, found]) => found.length >= LEAST_LEARNERS).sort(([a], [b]) => (a < b ? -1 : 1));
    if (large.length < 2) return [];
    const parts = (values: Float64Array): Float64Array[] => large.map(([, found]) => Float64Array.from(found, (at) => values[at]!));
    const [own, other] = [parts(ours), parts(yardstick)];
    const all = [...places.values()].reduce((sum, found) => sum + found.length, 0);
    const compared = large.reduce((sum, [, found]) => sum + found.length, 0);
    return [
      {
        grouping,
        groups: large.map(([group, found], at) => ({ group, learners: found.length, ours: meanOfAll(own[at]!), yardstick: meanOfAll(other[at]!) })),
        leftOut: all - compared,
        ours: gapOf(own),
        yardstick: gapOf(other),
      },
    ];
  });
}

const meanOfAll = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const rangeOf = (means: readonly number[]): number => Math.max(...means) - Math.min(...means);

function gapOf(parts: readonly Float64Array[]): GroupGap {
  const sizes = parts.map(({ length }) => length);
  return {
    gap: rangeOf(parts.map(meanOfAll)),
    interval: bootstrap(sizes, (drawn) => rangeOf(drawn.map((places, part) => meanAt(parts[part]!, places)))),
  };
}

/** How much better ours is than the yardstick, relative to it. */
export interface Gain {
  readonly gain: number;
  readonly interval: Interval;
}

/** Relative gain in mean NDCG, with the interval of resampling learners: both systems on the same learners. */
export function gainOf(ours: Float64Array, yardstick: Float64Array): Gain {
  const interval = bootstrap([ours.length], ([drawn]) => meanAt(ours, drawn!) / meanAt(yardstick, drawn!) - 1);
  return { gain: meanOfAll(ours) / meanOfAll(yardstick) - 1, interval };
}

/** Learners whose first event is at most so many days ago are newcomers. */
const NEWCOMER_DAYS = 7;

/** How those are served who have just begun. */
export interface NewcomerScores {
  readonly learners: number;
  readonly ours: number;
  readonly yardstick: number;
}

/** Learners in their first seven days; `null` where there is none. */
export function scoreNewcomers(
  { learners }: ScoredLearners,
  { firstDay }: OuladTruth,
  { day }: Cut,
  ours: Float64Array,
  yardstick: Float64Array,
): NewcomerScores | null {
  const places = Uint32Array.from(learners.flatMap((learner, at) => (firstDay.get(learner)! > day - NEWCOMER_DAYS ? [at] : [])));
  if (places.length === 0) return null;
  return { learners: places.length, ours: meanAt(ours, places), yardstick: meanAt(yardstick, places) };
}
