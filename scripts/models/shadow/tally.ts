/** What a shadow has seen so far: sums alone, however many decisions there were, in a form that a file can keep. */
import { type ListName } from '../../../operators/ports/ranker.js';
import type { Distribution, Reference } from '../../../runtime/models/reference.js';
import { psi } from '../../../runtime/observability/drift/psi.js';
import { overlap, rankBiasedOverlap } from './agreement.js';


/** Models that are told by name; a topic of many years may have more. */
const MODELS = 20;
const OTHERS = 'others';

/** Sums of how two ways of ranking agree. */
interface Agreement {
  overlap: number;
  rbo: number;
}

/** Sums over scores, by Welford's method, and how many candidates fell into each bin of the reference. */
interface ScoreTally {
  count: number;
  mean: number;
  /** Sum of squares of the differences from the mean. */
  squares: number;
  least: number | null;
  most: number | null;
  bins: number[] | null;
}

interface ListTally {
  lists: number;
  /** Of the candidate with what was shown. */
  shown: Agreement;
  /** Of the candidate with the scores of the model that decided, before any policy. */
  decided: Agreement;
  scores: ScoreTally;
}

/** All sums. */
export interface Tally {
  decisions: number;
  rows: number;
  /** Decisions by other features than the candidate reads. */
  otherFeatures: number;
  /** Decisions of another region; absent in files of earlier versions. */
  otherRegion?: number;
  firstMs: number | null;
  lastMs: number | null;
  /** Decisions by version of the model that made them. */
  decidedBy: Record<string, number>;
  lists: Record<ListName, ListTally>;
}

/** A list of a decision, by the numbers of its rows, and the scores of the candidate. */
export interface RankedList {
  /** What was shown, best first. */
  readonly shown: readonly number[];
  /** The order by the scores of the model that decided. */
  readonly decided: readonly number[];
  /** The order by those of the candidate. */
  readonly candidate: readonly number[];
}

/** Nothing seen. @param reference - of the candidate; `null` where it has none */
export function emptyTally(reference: Reference | null): Tally {
  const list = (name: ListName): ListTally => ({
    lists: 0,
    shown: { overlap: 0, rbo: 0 },
    decided: { overlap: 0, rbo: 0 },
    scores: { count: 0, mean: 0, squares: 0, least: null, most: null, bins: reference?.scores[name].shares.map(() => 0) ?? null },
  });
  return { decisions: 0, rows: 0, otherFeatures: 0, firstMs: null, lastMs: null, decidedBy: {}, lists: { next: list('next'), new: list('new') } };
}

/** Adds a decision. */
export function addDecision(tally: Tally, atMs: number, model: string, rows: number): void {
  tally.decisions++;
  tally.rows += rows;
  tally.firstMs = Math.min(tally.firstMs ?? atMs, atMs);
  tally.lastMs = Math.max(tally.lastMs ?? atMs, atMs);
  const name = model in tally.decidedBy || Object.keys(tally.decidedBy).length < MODELS ? model : OTHERS;
  tally.decidedBy[name] = (tally.decidedBy[name] ?? 0) + 1;
}

/** Adds a list of a decision that was shown. */
export function addList(tally: ListTally, { shown, decided, candidate }: RankedList): void {
  tally.lists++;
  // As deep as what was shown.
  add(tally.shown, candidate.slice(0, shown.length), shown);
  add(tally.decided, candidate, decided);
}

function add(sums: Agreement, one: readonly number[], other: readonly number[]): void {
  sums.overlap += overlap(one, other);
  sums.rbo += rankBiasedOverlap(one, other);
}

/** Adds the score of a row. @param weight - for how many candidates it stands */
export function addScore(tally: ScoreTally, score: number, weight: number, distribution: Distribution | undefined): void {
  const before = tally.mean;
  tally.count++;
  tally.mean += (score - before) / tally.count;
  tally.squares += (score - before) * (score - tally.mean);
  tally.least = Math.min(tally.least ?? score, score);
  tally.most = Math.max(tally.most ?? score, score);
  if (distribution !== undefined && tally.bins !== null) tally.bins[binOf(distribution.edges, score)]! += weight;
}

const binOf = (edges: readonly number[], value: number): number => edges.filter((edge) => edge < value).length;

/** What is told of scores: over logged rows, and the index over all candidates that they stand for. */
export interface ScoreReport {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
  /** Population stability index against training; `null` where the bundle has no reference. */
  readonly psi: number | null;
}

/** What is told of a list; means over the lists that were shown. */
export interface ListReport {
  readonly lists: number;
  readonly overlap: number;
  readonly rbo: number;
  /** The same with the scores of the model that decided, before any policy. */
  readonly decidedOverlap: number;
  readonly decidedRbo: number;
  /** `null` without a row. */
  readonly scores: ScoreReport | null;
}

/** What a shadow has found. */
export interface ShadowReport extends Omit<Tally, 'lists'> {
  /** `null` where none was shown. */
  readonly lists: Readonly<Record<ListName, ListReport | null>>;
}

/** The means of what was summed. */
export function reportOf({ lists, ...rest }: Tally, reference: Reference | null): ShadowReport {
  return { ...rest, lists: { next: listReport(lists.next, reference?.scores.next), new: listReport(lists.new, reference?.scores.new) } };
}

function listReport({ lists, shown, decided, scores }: ListTally, distribution: Distribution | undefined): ListReport | null {
  if (lists === 0) return null;
  const [overlap, rbo, decidedOverlap, decidedRbo] = [shown.overlap, shown.rbo, decided.overlap, decided.rbo].map((sum) => sum / lists) as [
    number,
    number,
    number,
    number,
  ];
  return { lists, overlap, rbo, decidedOverlap, decidedRbo, scores: scoreReport(scores, distribution) };
}

function scoreReport({ count, mean, squares, least, most, bins }: ScoreTally, distribution: Distribution | undefined): ScoreReport | null {
  if (count === 0) return null;
  const index = distribution === undefined || bins === null ? null : psi(distribution.shares, bins);
  return { mean, deviation: Math.sqrt(squares / count), least: least!, most: most!, psi: index };
}
