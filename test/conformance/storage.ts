/** What every storage driver must do. A driver's test calls {@link describeStorageConformance} with a way to open itself. */
import { afterEach, beforeEach, describe } from 'vitest';
import { commitTests, documentTests } from './storageCommits.js';
import type { StorageUnderTest } from './storageFixtures.js';
import { logTests } from './storageLog.js';
import { queueTests, stateTests } from './storageTasks.js';

export * from './storageFixtures.js';

export function describeStorageConformance(name: string, open: () => Promise<StorageUnderTest>): void {
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
    describe('task state', () => stateTests(() => subject));
    describe('the time queue', () => queueTests(() => subject));
    describe('documents', () => documentTests(() => subject));
  });
}
