import fc from 'fast-check';
import { vi } from 'vitest';

/** Examples of each property; `SKILLFORGE_RUNS=5000 npx vitest run test/properties` is a long run. */
const RUNS = Number(process.env['SKILLFORGE_RUNS'] ?? 30);

vi.setConfig({ testTimeout: 20_000 + RUNS * 200 });

/**
 * Holds `claim` against random pairs, and against the fixed examples: counterexamples of the past. A failure prints the smallest one
 * found and the seed that repeats it.
 */
export function forAll<A, B>(
  first: fc.Arbitrary<A>,
  second: fc.Arbitrary<B>,
  claim: (a: A, b: B) => Promise<void>,
  examples: [A, B][] = [],
): Promise<void> {
  return fc.assert(fc.asyncProperty(first, second, claim), { numRuns: RUNS, examples });
}
