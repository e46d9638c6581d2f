import { describeStorageConformance } from '../../conformance/storage.js';
import { openUnderTest } from './folders.js';

describeStorageConformance('embedded', () => openUnderTest());
// Batches of a few records: every read crosses borders of batches.
describeStorageConformance('embedded with tiny batches', () => openUnderTest({ segmentBytes: 100 }));
