/** What intervals and reports promise, simulated: over all looks together they are wrong no more often than they say. */
import { describe, expect, it } from 'vitest';
import { halfWidth } from '../../../scripts/experiments/confidenceSequence.js';
import { FEWEST, liftOf, type Bounded } from '../../../scripts/experiments/lift.js';
import { Moments } from '../../../scripts/experiments/moments.js';
import type { Outcome } from '../../../scripts/experiments/outcomes.js';
import { reportOf, type ReportOptions } from '../../../scripts/experiments/report.js';
import { MISMATCH_BELOW } from '../../../scripts/experiments/sampleRatio.js';
import { randomFrom } from './randomness.js';

const ALPHA = 0.05;
const OPTIONS = { alpha: ALPHA, tunedFor: 2_000 };
const EXPERIMENTS = 500;
const LEARNERS = 4_000;
const LOOK_EVERY = 50;
/** A rate of so many experiments is less than this above the true one but in one of a thousand cases. */
const MOST_BY_CHANCE = ALPHA + 3.09 * Math.sqrt((ALPHA * (1 - ALPHA)) / EXPERIMENTS);

/** Days of seven on which somebody is active: skewed, with many zeros. */
function activeDays(random: () => number, chance: number): number {
  if (random() < 0.3) return 0;
  let active = 0;
  for (let day = 0; day < 7; day++) if (random() < chance) active++;
  return active;
}
const MEAN = 0.7 * 7;

/** Runs an experiment and asks at each look. Returns whether any look was wrong. */
function isEverWrong(seed: number, chances: readonly [number, number], isWrong: (control: Moments, variation: Moments) => boolean): boolean {
  const random = randomFrom(seed);
  const [control, variation] = [new Moments(), new Moments()];
  for (let learner = 1; learner <= LEARNERS; learner++) {
    if (random() < 0.5) control.add(activeDays(random, chances[0]));
    else variation.add(activeDays(random, chances[1]));
    if (learner % LOOK_EVERY === 0 && isWrong(control, variation)) return true;
  }
  return false;
}

function rateOf(chances: readonly [number, number], isWrong: (control: Moments, variation: Moments) => boolean): number {
  let wrong = 0;
  for (let seed = 1; seed <= EXPERIMENTS; seed++) if (isEverWrong(seed, chances, isWrong)) wrong++;
  return wrong / EXPERIMENTS;
}

const misses = ({ low, high }: Bounded, truth: number): boolean => truth < low || truth > high;

describe('the lift of a variation', () => {
  it('is silent where there is none, at all looks of an experiment but in as many as it says', () => {
    const rate = rateOf([0.3, 0.3], (control, variation) => {
      const lift = liftOf(control, variation, OPTIONS);
      return lift !== null && (misses(lift.difference, 0) || misses(lift.relative!, 0));
    });
    expect(rate).toBeLessThan(MOST_BY_CHANCE);
  });

  it('covers the one that there is, at all looks, and finds it', () => {
    let found = 0;
    const difference = MEAN * (0.36 - 0.3);
    const rate = rateOf([0.3, 0.36], (control, variation) => {
      const lift = liftOf(control, variation, OPTIONS);
      if (lift === null) return false;
      if (control.count + variation.count === LEARNERS && lift.difference.low > 0) found++;
      return misses(lift.difference, difference) || misses(lift.relative!, 0.2);
    });
    expect(rate).toBeLessThan(MOST_BY_CHANCE);
    expect(found / EXPERIMENTS).toBeGreaterThan(0.9);
  });

  it('would be wrong much more often with intervals for one look', () => {
    const rate = rateOf([0.3, 0.3], (control, variation) => {
      if (Math.min(control.count, variation.count) < FEWEST) return false;
      const deviation = Math.sqrt(control.variance / control.count + variation.variance / variation.count);
      return Math.abs(variation.mean - control.mean) > 1.96 * deviation;
    });
    expect(rate).toBeGreaterThan(3 * ALPHA);
  });

  it('is of the means, and by the mean of the control', () => {
    const [control, variation] = [momentsOf(2, 4), momentsOf(3, 5)];
    const { difference, relative } = liftOf(control, variation, OPTIONS)!;
    expect(difference.estimate).toBeCloseTo(1, 12);
    expect(relative!.estimate).toBeCloseTo(1 / 3, 12);
    expect((difference.low + difference.high) / 2).toBeCloseTo(1, 12);
    expect(liftOf(momentsOf(0, 0), variation, OPTIONS)).toMatchObject({ relative: null });
    const few = new Moments();
    for (let n = 1; n < FEWEST; n++) few.add(n);
    expect(liftOf(few, variation, OPTIONS)).toBeNull();
  });
});

const REPORT: ReportOptions = { goal: 'active-days', alpha: ALPHA, tunedFor: OPTIONS.tunedFor, margin: 0.05 };
const VARIATIONS = ['control', 'first', 'second'];
/** Each report goes over all learners again, which takes its time: fewer looks than above. */
const REPORTS = 10;

/** What the reports of an experiment without an effect on the goal ever say. @param chances - of the guardrail, by variation */
function everSaid(seed: number, chances: readonly number[]): ReadonlySet<string> {
  const random = randomFrom(seed);
  const byVariation = new Map(VARIATIONS.map((name): [string, Outcome[]] => [name, []]));
  const said = new Set<string>();
  for (let learner = 1; learner <= LEARNERS; learner++) {
    const drawn = Math.floor(random() * VARIATIONS.length);
    byVariation.get(VARIATIONS[drawn]!)!.push({ 'active-days': activeDays(random, 0.3), items: activeDays(random, chances[drawn]!) });
    if (learner % (LEARNERS / REPORTS) !== 0) continue;
    const { variations, sampleRatio } = reportOf({ byVariation, waiting: 0, mixed: 0, asOfMs: 0 }, REPORT);
    if (sampleRatio.isMismatch) said.add('split mismatch');
    for (const { metrics } of variations) for (const { metric, verdict } of metrics) said.add(`${metric} ${verdict}`);
  }
  return said;
}

/** The part of so many experiments whose reports ever say one of these. */
function rateOfSaying(experiments: number, chances: readonly number[]): (...words: readonly string[]) => number {
  const runs = Array.from({ length: experiments }, (_, n) => everSaid(n + 1, chances));
  return (...words) => runs.filter((said) => words.some((word) => said.has(word))).length / experiments;
}

describe('the reports of an experiment with three variations', () => {
  it('raise no false alarm about any of them, at all looks of an experiment but in as many as they say', () => {
    const rate = rateOfSaying(EXPERIMENTS, [0.3, 0.3, 0.3]);
    expect(rate('active-days better', 'active-days worse')).toBeLessThan(MOST_BY_CHANCE);
    expect(rate('items harmed')).toBeLessThan(MOST_BY_CHANCE);
    expect(rate('split mismatch')).toBeLessThan(REPORTS * MISMATCH_BELOW);
  });

  it('call no guardrail safe that is worse by just the margin, and find the one that is harmed', () => {
    const rate = rateOfSaying(EXPERIMENTS / 5, [0.3, 0.3 * (1 - REPORT.margin), 0.2]);
    expect(rate('items safe')).toBeLessThan(MOST_BY_CHANCE);
    expect(rate('items harmed')).toBeGreaterThan(0.9);
  });
});

/** Two values in turn. */
function momentsOf(one: number, other: number): Moments {
  const moments = new Moments();
  for (let n = 0; n < 100; n++) moments.add(n % 2 === 0 ? one : other);
  return moments;
}

describe('a confidence sequence', () => {
  it('shrinks with the count, and is relatively narrowest about where it is tuned', () => {
    const widths = [100, 1_000, 10_000, 100_000].map((count) => halfWidth(count, 1, OPTIONS));
    expect([...widths].sort((a, b) => b - a)).toEqual(widths);
    const over = (count: number): number =>
      halfWidth(count, 1, { alpha: ALPHA, tunedFor: count }) / halfWidth(count, 1, { alpha: ALPHA, tunedFor: 30 * count });
    expect(over(1_000)).toBeLessThan(0.9);
  });

  it('is wider than an interval for one look, by less than a factor of two at its best', () => {
    const factor = halfWidth(2_000, 1, OPTIONS) / (1.96 / Math.sqrt(2_000));
    expect(factor).toBeGreaterThan(1.3);
    expect(factor).toBeLessThan(1.7);
  });
});

describe('moments', () => {
  it('are those of the values', () => {
    const moments = new Moments();
    for (const value of [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) moments.add(value);
    expect([moments.count, moments.mean, moments.variance]).toEqual([4, 1e9 + 10, 30]);
  });
});
