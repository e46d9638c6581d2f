/** In which order test files begin, on a machine that has not run them before: by size, as vitest does, but the slow ones first. */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take the longest, the slowest first: what begins last is waited for alone. */
export const SLOW: readonly string[] = [
  'test/integration/faults/faults.test.ts',
  'test/checks/package.test.ts',
  'test/integration/kafka/trouble.test.ts',
  'test/simulation/crash.test.ts',
  'test/integration/replay/replay.test.ts',
  'test/scripts/ml/pytest.test.ts',
  'test/scripts/featureStore/pytest.test.ts',
];

/** Puts {@link SLOW} first. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = SLOW.indexOf(relative(this.ctx.config.root, moduleId));
      return place < 0 ? SLOW.length : place;
    };
    return sorted.sort((a, b) => placeOf(a) - placeOf(b));
  }
}
