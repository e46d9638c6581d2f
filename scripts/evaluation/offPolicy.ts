/** What another policy would have earned, from the decisions of a logged one. */
import { shareOf } from '../../operators/hash.js';
import { SeededRandom } from '../synthetic/random.js';
import { percentileInterval, type Interval } from './bootstrap.js';

/** An item at its place, as the logging policy showed it. */
export interface ShownItem {
  /** Probability with which the logging policy put it there, above 0. */
  readonly propensity: number;
  /** Probability with which the other policy would have put it there. */
  readonly target: number;
  readonly reward: number;
}

/** A decision of the log. */
export interface ShownDecision {
  /** Whom it was for; `null` where the log does not say. */
  readonly learner: string | null;
  /** By place. */
  readonly shown: readonly ShownItem[];
}

/** An estimate with its interval. */
export interface Estimate {
  readonly value: number;
  readonly interval: Interval;
}

/** Rewards of a decision, summed over its places. */
export interface OffPolicyEstimates {
  readonly decisions: number;
  readonly places: number;
  /** Of the logging policy: the mean. */
  readonly logged: Estimate;
  /** Of the other one. */
  readonly ips: Estimate;
  readonly snips: Estimate;
  /** Mean of target / propensity over everything shown. It is near 1 where the propensities are right, and the logging policy can show all that the other one would. */
  readonly meanWeight: Estimate;
  /** So many items shown would tell as much if all weighed the same. */
  readonly effectiveSize: number;
  readonly shown: number;
}

/** How to resample. */
export interface Resampling {
  readonly resamples: number;
  readonly seed: number;
}

/** Upper ends of Poisson(1), as shares of 2^32; more than 12 do not happen. */
const POISSON = Float64Array.from({ length: 12 }, () => 0);
for (let count = 0, term = Math.exp(-1), sum = 0; count < POISSON.length; term /= ++count) POISSON[count] = sum += term;

/**
 * Takes decisions one after the other, in bounded memory, and estimates
 *
 * - IPS, the mean over decisions of the sum over places of target / propensity · reward: unbiased where the propensities are right (Horvitz and
 *   Thompson, A generalization of sampling without replacement from a finite universe, JASA 47, 1952);
 * - SNIPS, the same by place, divided by the mean weight of the place instead of by 1: a little biased, of much less variance, and the same when a
 *   constant is added to all rewards (Swaminathan and Joachims, The self-normalized estimator for counterfactual learning, NIPS 2015).
 *
 * Intervals are the middle 95 % of resampled learners, of decisions where the log does not name them: those of one learner are alike, and would tell as
 * much as those of many. As nobody knows how many will come, each counts in each resample as often as Poisson(1) says (Chamandy et al., Estimating
 * uncertainty for massive data streams, 2012), drawn anew from the name of the learner; so neither the log nor the learners are ever in memory.
 */
export class OffPolicyEstimator {
  private readonly seed: number;
  /** For decisions of which nobody knows whom they were for. */
  private readonly random: SeededRandom;
  private readonly actual = new Sums();
  private readonly resampled: readonly Sums[];
  private squares = 0;

  constructor({ resamples, seed }: Resampling) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.resampled = Array.from({ length: resamples }, () => new Sums());
  }

  add({ learner, shown }: ShownDecision): void {
    const weights = shown.map(({ target, propensity }) => target / propensity);
    for (const weight of weights) this.squares += weight * weight;
    this.actual.add(shown, weights, 1);
    const random = learner === null ? this.random : new SeededRandom(2 ** 32 * shareOf(`${String(this.seed)}|${learner}`));
    for (const sums of this.resampled) {
      const times = poisson(random.unit());
      if (times > 0) sums.add(shown, weights, times);
    }
  }

  /** The estimates of all decisions so far; NaN where there are none. */
  estimates(): OffPolicyEstimates {
    const { actual, squares } = this;
    const estimate = (of: (sums: Sums) => number): Estimate => ({ value: of(actual), interval: this.intervalOf(of) });
    return {
      decisions: actual.decisions,
      places: actual.places,
      logged: estimate((sums) => sums.logged),
      ips: estimate((sums) => sums.ips),
      snips: estimate((sums) => sums.snips),
      meanWeight: estimate((sums) => sums.meanWeight),
      effectiveSize: squares === 0 ? 0 : actual.weight ** 2 / squares,
      shown: actual.shown,
    };
  }

  private intervalOf(of: (sums: Sums) => number): Interval {
    return percentileInterval(Float64Array.from(this.resampled.filter(({ decisions }) => decisions > 0).map(of)));
  }
}

/** Sums over decisions, by place. */
class Sums {
  decisions = 0;
  private readonly counts: number[] = [];
  private readonly rewards: number[] = [];
  private readonly weights: number[] = [];
  private readonly weighted: number[] = [];

  add(shown: readonly ShownItem[], weights: readonly number[], times: number): void {
    this.decisions += times;
    for (let place = 0; place < shown.length; place++) {
      const { reward } = shown[place]!;
      const weight = weights[place]!;
      this.counts[place] = (this.counts[place] ?? 0) + times;
      this.rewards[place] = (this.rewards[place] ?? 0) + times * reward;
      this.weights[place] = (this.weights[place] ?? 0) + times * weight;
      this.weighted[place] = (this.weighted[place] ?? 0) + times * weight * reward;
    }
  }

  get places(): number {
    return this.counts.length;
  }

  get shown(): number {
    return total(this.counts);
  }

  get weight(): number {
    return total(this.weights);
  }

  get logged(): number {
    return total(this.rewards) / this.decisions;
  }

  get ips(): number {
    return total(this.weighted) / this.decisions;
  }

  /** A place at which nothing of the target was ever shown adds nothing. */
  get snips(): number {
    const ofPlaces = this.weighted.map((sum, place) => (this.weights[place] === 0 ? 0 : (sum / this.weights[place]!) * this.counts[place]!));
    return total(ofPlaces) / this.decisions;
  }

  get meanWeight(): number {
    return this.weight / this.shown;
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** For a number that is drawn from [0, 1). */
function poisson(drawn: number): number {
  let count = 0;
  while (count < POISSON.length && drawn >= POISSON[count]!) count++;
  return count;
}
