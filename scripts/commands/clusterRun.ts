/** Runs topologies over Kafka and Redis: the share of the tasks that the consumer groups give to this process. */
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { Topology } from '../../operators/topology.js';
import type { Task } from '../../runtime/engine/task.js';
import { type Worker } from '../../runtime/engine/worker.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { CatchUp } from './catchUp.js';
import { openServers, type ServerOptions, type Servers } from './serverOptions.js';
import { StopSignals } from './stopSignals.js';
import { watchedWorker } from './watchedWorker.js';

/** How to run. */
export interface ClusterRun {
  /** Ends when all that was in the log at the start is taken, by whatever process. */
  readonly untilEnd?: boolean;
  readonly batchRecords?: number | undefined;
  /** Silence after which an input is not waited for any more, ms; by default what its source names. */
  readonly idleMs?: number | undefined;
  /** What the topologies decide with; none by default. */
  readonly models?: RunModels | null;
  /** Sees what the run does. */
  readonly monitor?: RunMonitor | null;
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
  /** All that was in the log at the start is taken, and it ended for that. */
  readonly isDone: boolean;
}

const PROGRESS_MS = 1000;

/**
 * Runs until SIGINT or SIGTERM, or until the end that is asked for: then the tasks finish their commits, and others get them. A second signal ends the process at once.
 * @throws what opening the servers throws, and what the worker throws
 */
export async function runOnCluster(topologies: readonly Topology[], options: ServerOptions, request: ClusterRun): Promise<ClusterSummary> {
  const servers = await openServers(options);
  const { batchRecords, idleMs, untilEnd = false, models = null, monitor = null, onProgress } = request;
  const limits = batchRecords === undefined ? {} : { maxRecords: batchRecords };
  const { worker, follow, unfollow } = watchedWorker(
    topologies,
    { placement: servers.cluster, tools: servers.cluster.tools(), monitor },
    { region: options.region, mode: 'follow', idleMs, models, limits },
  );
  const watch = new ClusterWatch(worker);
  const looking = new AbortController();
  const end = (): void => {
    watch.look();
    worker.stop();
  };
  const signals = StopSignals.ofCommits(end);
  const timer = setInterval(() => onProgress?.(watch.look()), PROGRESS_MS);
  try {
    await follow();
    await worker.start();
    const caughtUp = untilEnd ? caughtUpWith(servers, worker, options.region, looking.signal).finally(end) : Promise.resolve(false);
    // It is heard of when the run has ended, which it ends.
    caughtUp.catch(() => undefined);
    await worker.run();
    looking.abort();
    return { ...watch.summary(), isDone: await caughtUp };
  } finally {
    looking.abort();
    await unfollow();
    clearInterval(timer);
    signals.release();
    await servers.close();
  }
}

/** Whether all that is in the log now was taken before it was told to stop looking. */
function caughtUpWith({ cluster }: Servers, { deployments }: Worker, region: string, stopped: AbortSignal): Promise<boolean> {
  const view = { region, tools: cluster.tools(), documents: cluster.documents };
  const graphs = deployments.map(({ graph }) => graph);
  return new CatchUp(view, graphs, null).toEnds(stopped);
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
      this.processed += records - (this.before.get(task) ?? task.parts.recordsBefore);
      this.before.set(task, records);
    }
    return { tasks: runningTasks.length, processed: this.processed };
  }

  summary(): Omit<ClusterSummary, 'isDone'> {
    return { processed: this.processed, seconds: (performance.now() - this.startMs) / 1000 };
  }
}
