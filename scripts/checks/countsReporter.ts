import { writeFileSync } from 'node:fs';
import type { UserConsoleLog } from 'vitest';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import { REPORT_FILE_VARIABLE, countsLine, skipLines, type RunReport, type TestOutcome } from './counts.js';
import { KNOWN_SECRET } from './knownSecret.js';

/**
 * Ends a run of vitest with what was skipped and why, and the plain line of counts; or, where `SKILLFORGE_TEST_REPORT`
 * names a file, leaves both there for `npm test`. A test file that cannot be loaded and an error outside every test count as failed, and so does
 * a secret of the tests in what they log.
 */
export default class CountsReporter implements Reporter {
  private leaks = 0;

  onUserConsoleLog({ content }: UserConsoleLog): void {
    if (!content.includes(KNOWN_SECRET)) return;
    this.leaks++;
    console.error('a secret of the tests was logged');
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const found = reportOf(modules, errors);
    const report = { ...found, failed: found.failed + this.leaks };
    const path = process.env[REPORT_FILE_VARIABLE];
    if (path !== undefined) writeFileSync(path, JSON.stringify(report));
    else console.log([...skipLines(report.skips), countsLine(report)].join('\n'));
  }
}

function reportOf(modules: readonly TestModule[], errors: readonly SerializedError[]): RunReport {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const skips = tests
    .filter((test) => isSkipped(test))
    .map((test) => ({ name: `${test.module.relativeModuleId} > ${test.fullName}`, reason: reasonOf(test) }));
  const faults = modules.map((module) => ({ file: module.relativeModuleId, count: module.errors().length + suiteErrors(module) }));
  return {
    passed: tests.filter((test) => test.result().state === 'passed').length,
    failed: tests.filter((test) => test.result().state === 'failed').length + faults.reduce((sum, { count }) => sum + count, 0) + errors.length,
    skipped: skips.length,
    skips,
    tests: tests.map(outcomeOf),
    broken: faults.filter(({ count }) => count > 0).map(({ file }) => file),
  };
}

function outcomeOf(test: TestCase): TestOutcome {
  const { state } = test.result();
  const about = { file: test.module.relativeModuleId, title: test.name };
  return isSkipped(test) ? { ...about, state: 'skipped', reason: reasonOf(test) } : { ...about, state: state === 'passed' ? 'passed' : 'failed' };
}

/** Errors of describe blocks: a failed beforeAll leaves its tests without a result. */
function suiteErrors(module: TestModule): number {
  return [...module.children.allSuites()].reduce((sum, suite) => sum + suite.errors().length, 0);
}

/** A test without a result did not run either: the run was interrupted or its describe block failed. */
function isSkipped(test: TestCase): boolean {
  const { state } = test.result();
  return state === 'skipped' || state === 'pending';
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  return setUpFailed(test) ? 'its set-up failed' : 'no reason given';
}

function setUpFailed(test: TestCase): boolean {
  let parent = test.parent;
  while (parent.type === 'suite') {
    if (parent.errors().length > 0) return true;
    parent = parent.parent;
  }
  return parent.errors().length > 0;
}
