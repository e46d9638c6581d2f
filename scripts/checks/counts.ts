/** How many tests passed, failed and were skipped. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test that did not run. */
export interface SkippedTest {
  readonly name: string;
  readonly reason: string;
}

/** What {@link CountsReporter} leaves for the program that started it. */
export interface RunReport extends Counts {
  readonly skips: readonly SkippedTest[];
}

/** Environment variable that names the file which takes the {@link RunReport}. */
export const REPORT_FILE_VARIABLE = 'SKILLFORGE_TEST_REPORT';

/** The last line of a test run. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** One line per test that did not run. */
export function skipLines(skips: readonly SkippedTest[]): string[] {
  return skips.map(({ name, reason }) => `skipped: ${name}: ${reason}`);
}
