import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemFactors } from '../../../operators/recommend/index.js';
import { foldIn } from '../../../operators/recommend/foldIn.js';
import { readBundle } from '../../../runtime/models/bundle.js';
import { readFactors } from '../../../runtime/models/itemFactors.js';
import { courseId, itemId } from '../../../schemas/index.js';
import { RETRIEVAL } from '../../runtime/models/fixture.js';

interface FoldedIn {
  readonly course: string;
  readonly uses: Readonly<Record<string, number>>;
  readonly learner: readonly number[];
  readonly scores: Readonly<Record<string, number>>;
}
/** What the trainer makes of learners whom it did not see. */
const expected = (JSON.parse(readFileSync(join(RETRIEVAL, '..', 'expected.json'), 'utf8')) as { foldIn: readonly FoldedIn[] }).foldIn;
const factors = readFactors(readBundle(RETRIEVAL))!;

describe('folding a learner in', () => {
  it.each(expected.map((one) => [Object.keys(one.uses).join(', '), one] as const))(
    'gives what the trainer gives: %s',
    (_, { course, uses, learner, scores }) => {
      const ofCourse = factors.of(courseId(course))!;
      const rows = Int32Array.from(Object.keys(uses), (item) => ofCourse.rowOf(itemId(item)));
      const solved = foldIn(ofCourse, rows, Float64Array.from(Object.values(uses)));
      solved.forEach((value, d) => expect(Math.abs(value - learner[d]!)).toBeLessThan(1e-5));
      for (const [item, score] of Object.entries(scores)) {
        const from = ofCourse.rowOf(itemId(item)) * ofCourse.dimensions;
        const made = solved.reduce((sum, value, d) => sum + value * ofCourse.matrix[from + d]!, 0);
        expect(Math.abs(made - score)).toBeLessThan(1e-5);
      }
    },
  );

  it('minimises what it says it does: nothing is to be gained in any direction', () => {
    const value = fc.double({ min: -2, max: 2, noNaN: true });
    const drawn = fc.record({
      matrix: fc.array(value, { minLength: 24, maxLength: 24 }),
      weights: fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 3, maxLength: 3 }),
      regularisation: fc.double({ min: 0.1, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(drawn, ({ matrix, weights, regularisation }) => {
        const items = factorsOf(matrix, regularisation);
        const x = foldIn(items, Int32Array.of(0, -1, 5, 3), Float64Array.of(weights[0]!, 1, weights[1]!, weights[2]!));
        const used = new Map([0, 5, 3].map((row, n) => [row, weights[n]!]));
        for (let d = 0; d < 3; d++) expect(slopeOf(items, used, x, d)).toBeCloseTo(0, 8);
      }),
      { numRuns: 100 },
    );
  });
});

function factorsOf(values: readonly number[], regularisation: number): ItemFactors {
  const [dimensions, matrix] = [3, Float32Array.from(values)];
  const gram = new Float64Array(9);
  for (let row = 0; row < 8; row++) {
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) gram[a * 3 + b]! += matrix[row * 3 + a]! * matrix[row * 3 + b]!;
  }
  return { dimensions, regularisation, alpha: 8, rowOf: () => -1, matrix, gram };
}

/** Half the derivative of the objective along a dimension. */
function slopeOf({ matrix, alpha, regularisation }: ItemFactors, used: ReadonlyMap<number, number>, x: Float64Array, d: number): number {
  let slope = regularisation * x[d]!;
  for (let row = 0; row < 8; row++) {
    const weight = used.get(row);
    const confidence = weight === undefined ? 1 : 1 + alpha * weight;
    const product = x.reduce((sum, value, n) => sum + value * matrix[row * 3 + n]!, 0);
    slope += confidence * (product - (weight === undefined ? 0 : 1)) * matrix[row * 3 + d]!;
  }
  return slope;
}
