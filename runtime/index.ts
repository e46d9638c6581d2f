/**
 * What it takes to run topologies in a process of one's own: a storage, a worker over it, its dead letters. The command line
 * `skillforge run` is made of the same parts.
 *
 * @example
 * const storage = await openEmbedded('./data', { markerIdOf });
 * const worker = new Worker([engagement], storage, { region: 'eu-west', mode: 'follow' });
 * await worker.start();
 * process.once('SIGTERM', () => worker.stop());
 * await worker.run();
 * await storage.close();
 */
export {
  readDeadLetters,
  replayDeadLetters,
  type DeadLetterReplay,
  type ReplayOptions,
  type StoredDeadLetter,
  type UnreplayableLetter,
} from './deadLetters.js';
export { openEmbedded, verifyEmbedded, type EmbeddedOptions, type EmbeddedStorage, type Problem, type VerifyReport } from './embedded/index.js';
export { clockMarkers } from './engine/clock.js';
export {
  isMarker,
  markerIdOf,
  readHeader,
  readOrigin,
  type Header,
  type OriginPosition,
  type ProducerId,
  type RecordTimes,
} from './engine/header.js';
export { partitionOf } from './engine/partitioner.js';
export type { TaskCounters } from './engine/progress.js';
export type { StepState } from './engine/task.js';
export type { StepLimits } from './engine/taskParts.js';
export { Worker, type WorkerOptions } from './engine/worker.js';
export type {
  Log,
  LogRecord,
  OutputRecord,
  PartitionRange,
  QueueEntry,
  QueueWrite,
  StateWrite,
  Storage,
  TaskCommit,
  TaskStore,
  TopicSpec,
} from './ports.js';
