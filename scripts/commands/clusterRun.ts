/** Runs topologies over Kafka and Redis: the share of the tasks that the consumer groups give to this process. */
import { readFileSync } from 'node:fs';
import { SkillForgeError } from '../../schemas/index.js';
import type { Topology } from '../../operators/topology.js';
import { openCluster } from '../../runtime/cluster/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import type { Task } from '../../runtime/engine/task.js';
import { Worker } from '../../runtime/engine/worker.js';
import { openBroker } from '../../runtime/kafka/openBroker.js';
import type { KafkaOptions } from '../../runtime/kafka/options.js';
import { openRedis } from '../../runtime/redis/index.js';
import { StopSignals } from './stopSignals.js';

/** Where to run. */
export interface ClusterRequest {
  readonly region: string;
  /** Addresses with commas between. */
  readonly kafka: string;
  readonly redis: string;
  /** Path of a JSON file of more Kafka options: `tls`, `sasl`, `librdkafka` and the like. */
  readonly kafkaOptions?: string | undefined;
  readonly replication: number;
  readonly batchRecords?: number | undefined;
  /** Called once a second. */
  readonly onProgress?: (progress: ClusterProgress) => void;
}

/** Where this process is. */
export interface ClusterProgress {
  /** Tasks that are this process's now. */
  readonly tasks: number;
  /** Records that this process has taken since it started. */
  readonly processed: number;
}

/** What a run on a cluster did. */
export interface ClusterSummary {
  readonly processed: number;
  readonly seconds: number;
}

const PROGRESS_MS = 1000;

/**
 * Runs until SIGINT or SIGTERM: then the tasks finish their commits, and others get them. A second signal ends the process at once.
 * @throws SFS_KAFKA_OPTIONS, what opening the servers throws, and what the worker throws
 */
export async function runOnCluster(topologies: readonly Topology[], request: ClusterRequest): Promise<ClusterSummary> {
  const { region, replication, batchRecords } = request;
  const broker = await openBroker('confluent', { ...kafkaOptions(request.kafkaOptions), brokers: request.kafka.split(','), markerIdOf: idOf });
  const state = await openRedis({ url: request.redis, region }).catch(closing(broker));
  const cluster = await openCluster({ broker, state, region, replication }).catch(closing(broker, state));
  const worker = new Worker(topologies, cluster, { region, mode: 'follow', limits: batchRecords === undefined ? {} : { maxRecords: batchRecords } });
  const watch = new ClusterWatch(worker);
  const signals = new StopSignals(() => {
    process.stderr.write('\nstopping after the commits in progress; once more to abort\n');
    watch.look();
    worker.stop();
  });
  const timer = setInterval(() => request.onProgress?.(watch.look()), PROGRESS_MS);
  try {
    await worker.start();
    await worker.run();
    return watch.summary();
  } finally {
    clearInterval(timer);
    signals.release();
    for (const part of [cluster, broker, state]) await part.close();
  }
}

const idOf = (header: Buffer): string => markerIdOf(header) ?? 'marker';

/** Closes what is open where the next part cannot be opened. */
function closing(...parts: readonly { close(): Promise<void> }[]): (error: unknown) => Promise<never> {
  return async (error) => {
    for (const part of parts) await part.close();
    throw error;
  };
}

function kafkaOptions(path: string | undefined): Partial<KafkaOptions> {
  if (path === undefined) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<KafkaOptions>;
  } catch (cause) {
    throw new SkillForgeError('SFS_KAFKA_OPTIONS', `${path} holds no JSON object of Kafka options`, { cause, context: { path } });
  }
}

/** Counts what this process does; tasks come and go. */
class ClusterWatch {
  private readonly startMs = performance.now();
  private readonly before = new WeakMap<Task, number>();
  private processed = 0;

  constructor(private readonly worker: Worker) {}

  look(): ClusterProgress {
    const { runningTasks } = this.worker;
    for (const task of runningTasks) {
      const { records } = task.progress.counters;
      this.processed += records - (this.before.get(task) ?? records);
      this.before.set(task, records);
    }
    return { tasks: runningTasks.length, processed: this.processed };
  }

  summary(): ClusterSummary {
    return { processed: this.processed, seconds: (performance.now() - this.startMs) / 1000 };
  }
}
