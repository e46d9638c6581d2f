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

/** What came of one test. */
export interface TestOutcome {
  /** Path of its file from the root of the project. */
  readonly file: string;
  /** Its own title, without those of the blocks around it. */
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped. */
  readonly reason?: string;
}

/** What came of more than tests: `npm test` adds it up. */
export interface CountedRun extends Counts {
  readonly skips: readonly SkippedTest[];
}

/** What {@link CountsReporter} leaves for the program that started it. */
export interface RunReport extends CountedRun {
  readonly tests: readonly TestOutcome[];
  /** Files that could not be loaded, or of which a part could not be set up: their tests tell nothing. */
  readonly broken: readonly string[];
}

/** Environment variable that names the file which takes the {@link RunReport}; of `npm run compliance`, the {@link CountedRun}. */
export const REPORT_FILE_VARIABLE = 'SKILLFORGE_TEST_REPORT';

/** The last line of a test run. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** One line per test that did not run. */
export function skipLines(skips: readonly SkippedTest[]): string[] {
  return skips.map(({ name, reason }) => `skipped: ${name}: ${reason}`);
}
