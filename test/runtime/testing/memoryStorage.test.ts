import { memoryStorage } from '../../../runtime/testing/index.js';
import { describeStorageConformance } from '../../conformance/storage.js';

describeStorageConformance('memory', () => {
  const storage = memoryStorage();
  return Promise.resolve({ storage, reopen: () => Promise.resolve(storage), dispose: () => storage.close() });
});
