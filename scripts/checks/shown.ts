/** Whether tests have shown something: a run that skips all of them ends well, and shows nothing. */
import type { RunReport, TestOutcome } from './counts.js';

/** What tests may need besides npm packages, and how they say that a machine does not have it. */
const NEEDS = {
  Kafka: /\bKafka needs Java|\bJava \d+ or newer|\bMaven\b|the driver "confluent" needs/,
  Redis: /\bredis-server is missing/,
  Python: /Python packages/,
  openssl: /openssl is not installed/,
  "npm's registry": /the registry does not answer/,
} as const;

/** Such as `Kafka`. */
export type Need = keyof typeof NEEDS;

/** Whether a word names one. */
export const isNeed = (word: string): word is Need => Object.hasOwn(NEEDS, word);

/** `not here`: it could not be shown, because this machine lacks what was named as needed. */
export interface Shown {
  readonly verdict: 'shown' | 'failed' | 'not here';
  /** How many tests passed, or why it is not shown. */
  readonly why: string;
}

const failed = (why: string): Shown => ({ verdict: 'failed', why });

/** Whether a reason says that something is missing that was named. */
export const isMissing = (reason: string, needs: readonly Need[]): boolean => needs.some((need) => NEEDS[need].test(reason));

/** What some tests have shown: one at least, all of them passed, none skipped but for want of what is needed. */
export function shownBy(tests: readonly TestOutcome[], needs: readonly Need[]): Shown {
  const told = ({ title, reason }: TestOutcome): string => `"${title}"${reason === undefined ? '' : `: ${reason}`}`;
  const broken = tests.find(({ state }) => state === 'failed');
  if (broken !== undefined) return failed(`failed: ${told(broken)}`);
  const skipped = tests.filter(({ state }) => state === 'skipped');
  const unasked = skipped.find(({ reason = '' }) => !isMissing(reason, needs));
  if (unasked !== undefined) return failed(`skipped: ${told(unasked)}`);
  if (skipped.length > 0) return { verdict: 'not here', why: `${skipped.length} of ${tests.length} tests skipped: ${skipped[0]!.reason ?? ''}` };
  return tests.length === 0 ? failed('no test was run') : { verdict: 'shown', why: `${tests.length} tests passed` };
}

/** What test files have shown in a run: each of them by itself. */
export function shownByFiles(files: readonly string[], needs: readonly Need[], { tests, broken }: RunReport): Shown {
  const all = files.map((file) => {
    const shown = broken.includes(file) ? failed('it could not be loaded, or a part of it could not be set up') : ofFile(file, tests, needs);
    return { ...shown, why: `${file}: ${shown.why}` };
  });
  const worst = all.find(({ verdict }) => verdict === 'failed') ?? all.find(({ verdict }) => verdict === 'not here');
  return worst ?? { verdict: 'shown', why: all.map(({ why }) => why).join('; ') };
}

const ofFile = (file: string, tests: readonly TestOutcome[], needs: readonly Need[]): Shown =>
  shownBy(
    tests.filter((test) => test.file === file),
    needs,
  );
