/**
 * What every storage must do, a log and the state of tasks with commits that span both: the suite of task state, and what is more. A driver's
 * test calls {@link describeStorageConformance} with a way to open itself.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { commitTests, keyOrderTests } from './storageCommits.js';
import type { StorageUnderTest } from './storageFixtures.js';
import { logTests } from './storageLog.js';
import { describeTaskStateConformance } from './taskState.js';

export * from './storageFixtures.js';

export function describeStorageConformance(name: string, open: () => Promise<StorageUnderTest>): void {
  describeTaskStateConformance(name, open);
  describe(`${name} as a storage`, () => {
    let subject: StorageUnderTest;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(async () => {
      await subject.dispose();
    });
    describe('the log', () => logTests(() => subject));
    describe('a commit', () => commitTests(() => subject));
    describe('the order of keys', () => keyOrderTests(() => subject));
  });
}
