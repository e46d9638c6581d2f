import { expect, it } from 'vitest';
import { psi } from '../../../runtime/observability/drift/psi.js';
import { runPython } from '../../../scripts/ml/python.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';

it('is 0 for equal shares, however many values there are', () => {
  expect(psi([0.2, 0.3, 0.5], [2, 3, 5])).toBe(0);
  expect(psi([0.2, 0.3, 0.5], [2_000, 3_000, 5_000])).toBe(0);
});

it('is the sum of differences times the logarithms of quotients', () => {
  expect(psi([0.5, 0.5], [1, 3])).toBeCloseTo(0.25 * Math.log(2) + 0.25 * Math.log(1.5), 12);
});

it('is finite where a bin is empty on either side', () => {
  expect(psi([1, 0], [0, 7])).toBeCloseTo(2 * (1 - 1e-4) * Math.log(1e4), 12);
});

it('is that of the trainer', { timeout: 120_000 }, async (context) => {
  skipWithoutPython(context, 'trainer');
  const expected = [0.1, 0.05, 0.3, 0, 0.55];
  const counts = [40, 0, 311, 2, 87];
  const code = `import numpy as np\nfrom skillforge_ml.drift import psi\nc = np.array(${JSON.stringify(counts)})\nprint(repr(psi(np.array(${JSON.stringify(expected)}), c / c.sum())))`;
  expect(psi(expected, counts)).toBeCloseTo(Number(await runPython('trainer', ['-c', code])), 12);
});
