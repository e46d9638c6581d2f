/** How good predicted probabilities are. */
import type { SeededRandom } from '../synthetic/random.js';

/** A prediction and its outcome, of one of several groups (pupils). */
export interface Scored {
  readonly probability: number;
  readonly isRight: boolean;
  /** Number of the group, from 0 on. */
  readonly group: number;
}

/** What is predicted against what came, of predictions in [from, from + 0.1). */
export interface CalibrationBin {
  readonly from: number;
  readonly answers: number;
  readonly predicted: number;
  readonly right: number;
}

const BINS = 10;

/**
 * Area under the ROC curve: the probability that a right answer is predicted above a wrong one, ties counting half. `null` where one of both is
 * missing.
 *
 * @see J. Hanley, B. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve" (Radiology 143, 1982)
 */
export const areaUnderCurve = (rows: readonly Scored[]): number | null => new Ranking(rows).area(() => 1);

/**
 * 95 % interval of the area, by resampling groups: answers of one pupil depend on each other. `null` where no sample has an area.
 *
 * @see B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), the percentile interval
 */
export function areaInterval(rows: readonly Scored[], groups: number, random: SeededRandom, samples = 200): readonly [number, number] | null {
  const ranking = new Ranking(rows);
  const areas: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const drawn = new Uint32Array(groups);
    for (let n = 0; n < groups; n++) drawn[random.below(groups)]!++;
    const area = ranking.area((group) => drawn[group]!);
    if (area !== null) areas.push(area);
  }
  if (areas.length === 0) return null;
  areas.sort((a, b) => a - b);
  const at = (share: number): number => areas[Math.round(share * (areas.length - 1))]!;
  return [at(0.025), at(0.975)];
}

/** Predictions in ascending order, in columns: samples go over all of them again and again. */
class Ranking {
  private readonly probabilities: Float64Array;
  private readonly rights: Uint8Array;
  private readonly groups: Uint32Array;

  constructor(rows: readonly Scored[]) {
    const sorted = [...rows].sort((a, b) => a.probability - b.probability);
    this.probabilities = Float64Array.from(sorted, ({ probability }) => probability);
    this.rights = Uint8Array.from(sorted, ({ isRight }) => Number(isRight));
    this.groups = Uint32Array.from(sorted, ({ group }) => group);
  }

  /** @param weightOf - how often the answers of a group count */
  area(weightOf: (group: number) => number): number | null {
    const { probabilities, rights, groups } = this;
    // Right answers so far, wrong ones below the tie, wrong ones so far, and pairs in the right order.
    let [right, below, wrong, above] = [0, 0, 0, 0];
    for (let at = 0; at < probabilities.length;) {
      const first = at;
      let tiedRight = 0;
      do {
        const weight = weightOf(groups[at]!);
        if (rights[at] === 1) tiedRight += weight;
        else wrong += weight;
        at++;
      } while (probabilities[at] === probabilities[first]);
      above += (tiedRight * (below + wrong)) / 2;
      right += tiedRight;
      below = wrong;
    }
    return right === 0 || wrong === 0 ? null : above / (right * wrong);
  }
}

/** Mean of -ln of the probability of what came. */
export const logLoss = (rows: readonly Scored[]): number =>
  rows.reduce((sum, { probability, isRight }) => sum - Math.log(isRight ? probability : 1 - probability), 0) / rows.length;

/** Ten bins of equal width, those with answers. */
export function calibrationOf(rows: readonly Scored[]): CalibrationBin[] {
  const bins = Array.from({ length: BINS }, () => ({ answers: 0, predicted: 0, right: 0 }));
  for (const { probability, isRight } of rows) {
    const bin = bins[Math.min(BINS - 1, Math.floor(probability * BINS))]!;
    bin.answers++;
    bin.predicted += probability;
    bin.right += isRight ? 1 : 0;
  }
  return bins.flatMap(({ answers, predicted, right }, n) =>
    answers === 0 ? [] : [{ from: n / BINS, answers, predicted: predicted / answers, right: right / answers }],
  );
}

/** Expected calibration error: mean distance of the bins between what was predicted and what came, weighed by answers. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const total = bins.reduce((sum, { answers }) => sum + answers, 0);
  return bins.reduce((sum, { answers, predicted, right }) => sum + answers * Math.abs(predicted - right), 0) / total;
}
