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
 *
 * @example
 * // What was trained decides, by event time.
 * await using models = await openModels('./models', { region: 'eu-west' });
 * const worker = new Worker([recommendations], storage, { region: 'eu-west', mode: 'follow', models });
 *
 * @example
 * // What is production in a registry decides, under the experiments of a GrowthBook payload; both are followed while the worker runs.
 * const region = 'eu-west';
 * await using models = await followAlias({ registry: openModelRegistry('./registry'), cacheFolder: './model-cache', region });
 * await using decided = await followExperiments({ source: experimentSource('./features.json'), models });
 * const worker = new Worker([recommendations.inExperiments ?? recommendations], storage, { region, mode: 'follow', models: decided });
 *
 * @example
 * // Over Kafka and Redis: as many processes as there are may do this.
 * const broker = await openBroker('confluent', { brokers: ['kafka-1:9092'], markerIdOf });
 * const state = await openRedis({ url: 'redis://redis-1:6379', region: 'eu-west' });
 * const cluster = await openCluster({ broker, state, region: 'eu-west', replication: 3, registry: { url: 'http://registry:8081' } });
 * const worker = new Worker([engagement], cluster, { region: 'eu-west', mode: 'follow' });
 * await worker.start();
 * process.once('SIGTERM', () => worker.stop());
 * await worker.run();
 * for (const part of [cluster, broker, state]) await part.close();
 */
export {
  followTopics,
  openCluster,
  type Cluster,
  type ClusterOptions,
  type FollowedTopics,
  type FollowedTopicsOptions,
  type Guarantee,
} from './cluster/index.js';
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
export { partitionOf } from '../schemas/partitioner.js';
export type { TaskCounters } from './engine/progress.js';
export type { StepState } from './engine/task.js';
export type { StepLimits } from './engine/taskParts.js';
export { Worker, type WorkerOptions } from './engine/worker.js';
export type { RunModels } from './engine/followedModels.js';
export {
  experimentSource,
  followExperiments,
  payloadProblems,
  readPayload,
  type ExperimentEvent,
  type ExperimentFollower,
  type ExperimentObserver,
  type ExperimentPayload,
  type ExperimentSource,
  type FollowExperimentsOptions,
  type Problem as PayloadProblem,
} from './experiments/index.js';
export { openBroker, type Broker, type BrokerDriver, type KafkaOptions, type SaslOptions, type TlsOptions } from './kafka/index.js';
export {
  followAlias,
  openModels,
  openRegistry as openModelRegistry,
  type AliasFollower,
  type FollowOptions,
  type Manifest,
  type ModelEvent,
  type ModelFolder,
  type ModelOptions,
  type ModelRegistry,
  type RegisteredVersion,
} from './models/index.js';
export { openRedis, type RedisNode, type RedisOptions, type RedisState } from './redis/index.js';
export { openRegistry, type Compatibility, type RegistryOptions } from './registry/index.js';
export type {
  Log,
  LogRecord,
  OutputRecord,
  PartitionRange,
  QueueEntry,
  QueueWrite,
  SchemaRegistry,
  StateWrite,
  Storage,
  TaskCommit,
  TaskStore,
  TopicSpec,
} from './ports.js';
