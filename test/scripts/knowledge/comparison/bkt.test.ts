import { describe, expect, it } from 'vitest';
import { Bkt, USUAL, type BktParameters } from '../../../../scripts/knowledge/comparison/bkt.js';
import { bkt, fitBkt } from '../../../../scripts/knowledge/comparison/bktFit.js';
import { SeededRandom } from '../../../../scripts/synthetic/random.js';
import { predictionsOf, rowsOf } from './rows.js';

const marksOf = (text: string): boolean[] => Array.from(text, (mark) => mark === '+');

/** The same round by hand: every way in which the skill can have been learnt, with its probability. */
function oneRound(sequences: readonly (readonly boolean[])[], { known, learn, guess, slip }: BktParameters): BktParameters {
  const sums = { sequences: 0, known: 0, waiting: 0, learnt: 0, not: 0, guessed: 0, was: 0, slipped: 0 };
  for (const marks of sequences) {
    // Learnt after answer `at - 1`; 0: known before; the number of answers: not known at any of them.
    const ways = Array.from({ length: marks.length + 1 }, (_, at) => {
      const path = at === 0 ? known : (1 - known) * (1 - learn) ** (at - 1) * (at < marks.length ? learn : 1);
      return marks.reduce((probability, isRight, n) => probability * (n >= at ? (isRight ? 1 - slip : slip) : isRight ? guess : 1 - guess), path);
    });
    const total = ways.reduce((sum, way) => sum + way, 0);
    ways.forEach((way, at) => {
      const weight = way / total;
      sums.sequences += weight;
      if (at === 0) sums.known += weight;
      sums.waiting += weight * Math.min(at, marks.length - 1);
      if (at > 0 && at < marks.length) sums.learnt += weight;
      marks.forEach((isRight, n) => {
        if (n < at) [sums.not, sums.guessed] = [sums.not + weight, sums.guessed + (isRight ? weight : 0)];
        else [sums.was, sums.slipped] = [sums.was + weight, sums.slipped + (isRight ? 0 : weight)];
      });
    });
  }
  return {
    known: sums.known / sums.sequences,
    learn: sums.learnt / sums.waiting,
    guess: sums.guessed / sums.not,
    slip: sums.slipped / sums.was,
  };
}

describe('BKT', () => {
  it('follows one pupil', () => {
    const model = new Bkt(new Map([['1', { known: 0.5, learn: 0.1, guess: 0.2, slip: 0.1 }]]));
    const [first, second, third, next] = predictionsOf(model, '1+ 1- 1+', '1+');
    // 0.5 x 0.9 + 0.5 x 0.2; known after a right answer: 0.45 / 0.55 = 0.8182, and 0.1 of the rest learnt: 0.8364.
    expect(first).toBeCloseTo(0.55, 12);
    expect(second).toBeCloseTo(0.8363636 * 0.9 + 0.1636364 * 0.2, 6);
    // After a wrong one: 0.08364 / 0.21455 = 0.3898, and 0.0610.
    expect(third).toBeCloseTo(0.4508475 * 0.9 + 0.5491525 * 0.2, 6);
    expect(next).toBe(first);
  });

  it('keeps skills apart, and takes the mean of those of one answer', () => {
    const model = new Bkt(new Map([['2', { known: 0.9, learn: 0.2, guess: 0.1, slip: 0 }]]));
    const [, other, both] = predictionsOf(model, '1+ 2- 1_2+');
    expect(other).toBeCloseTo(0.91, 12);
    // Who cannot slip and was wrong did not know it: 0.2 learnt, 0.2 + 0.8 x 0.1.
    expect(both).toBeCloseTo((0.7854545 + 0.28) / 2, 6);
  });

  it('is fitted by the round that a count of all ways gives', () => {
    const sequences = ['+', '-+', '+-++', '--+-+', '-----'].map(marksOf);
    const start = { known: 0.4, learn: 0.15, guess: 0.25, slip: 0.2 };
    const [fitted, byHand] = [fitBkt(sequences, start, 1), oneRound(sequences, start)];
    for (const name of ['known', 'learn', 'guess', 'slip'] as const) expect(fitted[name], name).toBeCloseTo(byHand[name], 12);
  });

  it('finds the parameters that made the answers', () => {
    const random = new SeededRandom(11);
    const truth = { known: 0.3, learn: 0.2, guess: 0.15, slip: 0.08 };
    const sequences = Array.from({ length: 3_000 }, () => {
      let isKnown = random.chance(truth.known);
      return Array.from({ length: 8 }, () => {
        const isRight = random.chance(isKnown ? 1 - truth.slip : truth.guess);
        isKnown ||= random.chance(truth.learn);
        return isRight;
      });
    });
    const fitted = fitBkt(sequences, USUAL);
    for (const name of ['known', 'learn', 'guess', 'slip'] as const) expect(Math.abs(fitted[name] - truth[name]), name).toBeLessThan(0.03);
  });

  it('is certain of nothing, and supposes the usual of a skill without answers', () => {
    const model = bkt.fit([{ line: 1, answers: rowsOf('1+ 1+ 1+') }]);
    const [seen, unseen] = predictionsOf(model, '1+ 2+');
    expect(seen).toBeLessThan(1);
    expect(unseen).toBeCloseTo(0.55, 12);
  });
});
