/** What a test of a topology needs: no broker, no disk, no clock of its own. Start with {@link testTopology}. */
export { inOneBatch, oneByOne, type Batching } from './batching.js';
export { crashesAtPowersOfTwo, noCrashes, type CrashPlan } from './crashingStorage.js';
export { DriverInput, type RawRecord, type SendOptions } from './driverInput.js';
export type { DriverOptions } from './driverOptions.js';
export { DriverOutput, type OutputRecordOf } from './driverOutput.js';
export { MemoryStorage, memoryStorage, type MemoryStorageOptions } from './memoryStorage.js';
export type { Snapshot } from './snapshot.js';
export { testTopology, type TestBody } from './testTopology.js';
export { openDriver, type TopologyTestDriver } from './topologyTestDriver.js';
