/** In which order test files begin: by size or by how long they took, as vitest does, but the slow ones first, and those of minutes when it is known how fast the machine is. */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take the longest, the slowest first: what begins last is waited for alone. */
export const SLOW: readonly string[] = [
  'test/simulation/crash.test.ts',
  'test/checks/package.test.ts',
  'test/integration/replay/replay.test.ts',
  'test/scripts/ml/pytest.test.ts',
  'test/scripts/featureStore/pytest.test.ts',
];

/** Files that take minutes, the most important first. On a slow machine they are left out, see `test/fixtures/halfTime.ts`. */
export const MINUTES: readonly string[] = [
  'test/integration/faults/faults.test.ts',
  'test/scripts/loop/firstDay.test.ts',
  'test/integration/kafka/trouble.test.ts',
  'test/integration/cluster/idempotent.test.ts',
  'test/integration/cluster/failover.test.ts',
  'test/docs/onServers.test.ts',
];
/** The part of the other files that begins before them. */
const BEFORE = 0.5;

/** Puts {@link SLOW} first, and {@link MINUTES} into the middle. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const listed = (list: readonly string[]): TestSpecification[] =>
      list.flatMap((path) => sorted.filter(({ moduleId }) => relative(this.ctx.config.root, moduleId) === path));
    const [slow, minutes] = [listed(SLOW), listed(MINUTES)];
    const others = sorted.filter((file) => !slow.includes(file) && !minutes.includes(file));
    const middle = Math.ceil(others.length * BEFORE);
    return [...slow, ...others.slice(0, middle), ...minutes, ...others.slice(middle)];
  }
}
