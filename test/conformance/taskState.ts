/**
 * What every driver of task state must do: rows, timers, progress and documents, as the engine reads and commits them. A driver's test calls
 * {@link describeTaskStateConformance} with a way to open itself.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import type { TaskStateUnderTest } from './storageFixtures.js';
import { queueTests } from './taskQueue.js';
import { documentTests, stateCommitTests, stateTests } from './taskRows.js';

export function describeTaskStateConformance(name: string, open: () => Promise<TaskStateUnderTest>): void {
  describe(`${name} as task state`, () => {
    let subject: TaskStateUnderTest | undefined;
    beforeEach(async () => {
      subject = undefined;
      subject = await open();
    });
    // Nothing was opened where the test is skipped.
    afterEach(() => subject?.dispose());
    const current = (): TaskStateUnderTest => subject!;
    describe('a commit', () => stateCommitTests(current));
    describe('rows', () => stateTests(current));
    describe('the time queue', () => queueTests(current));
    describe('documents', () => documentTests(current));
  });
}
