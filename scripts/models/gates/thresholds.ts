/** What gates hold a version to: all of it here. */
import { DRIFT_RULE } from '../../../runtime/observability/drift/rule.js';

/** A number that decides. */
export interface Threshold {
  readonly bound: number;
  readonly unit: string;
  /** Why it is this number. */
  readonly reason: string;
}

/** Bounds by name; `skillforge model gate --bound <name>=<number>` sets another one. */
export const THRESHOLDS = {
  size: {
    bound: 256,
    unit: 'MB at most',
    reason: 'every process reads a bundle into memory, and fetches it before it can follow an alias',
  },
  parity: {
    bound: 1e-5,
    unit: 'of the score, or of 1 where that is less, at most',
    reason: 'the ONNX runtime adds up the leaves of some hundred trees in 32 bits, the trainer in 64; more than that is another model',
  },
  latency: {
    bound: 200,
    unit: 'ms at most, 99th percentile of scoring 200 rows for both lists',
    reason: 'a process decides nothing else meanwhile; 300 trees a list take some 6 ms, and 60 took 72 on a machine with 20 processes for each of its cores',
  },
  decisions: {
    bound: 50,
    unit: 'decisions at least, for each list',
    reason: 'training takes no fewer to choose the number of trees; an interval over fewer is as wide as what it should find',
  },
  quality: {
    bound: -0.05,
    unit: 'of the NDCG@10 of its opponent, by the low end of the 95 % interval, at least',
    reason:
      'training again with another seed moved NDCG@10 by -1.6 % (-3.1 % to -0.2 %) on 299 decisions of a synthetic school: a version that is as good must pass, and so few decisions that nothing can be told must not',
  },
  groups: {
    bound: -0.05,
    unit: 'of the NDCG@10 of its opponent, in each group of 30 learners or more, at least, or the interval includes 0',
    reason: 'a group is small: it fails where it lost noticeably, and where that is no chance',
  },
  inputs: {
    bound: DRIFT_RULE.mostShare,
    unit: `of the features that count, with an index above ${DRIFT_RULE.mostPsi}, at most`,
    reason: 'the rule of the drift watch: some features move in any week, as a course goes on',
  },
  scores: {
    bound: 2 * DRIFT_RULE.mostPsi,
    unit: 'population stability index of the scores of either list, at most',
    reason: 'a feature counts as shifted above half of it; of models of two seeds on the same days of a young course, one had 0.14 and the other 0.23',
  },
} as const satisfies Readonly<Record<string, Threshold>>;

/** Name of a threshold. */
export type ThresholdName = keyof typeof THRESHOLDS;

/** A number for each threshold. */
export type Bounds = Readonly<Record<ThresholdName, number>>;

/** The bounds that are declared, and those given instead. */
export function boundsWith(given: Partial<Bounds> = {}): Bounds {
  const declared = Object.fromEntries(Object.entries(THRESHOLDS).map(([name, { bound }]) => [name, bound])) as Bounds;
  return { ...declared, ...given };
}
