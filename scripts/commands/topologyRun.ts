/** Runs topologies on a folder with progress, clean ends and numbers at the end. */
import { Deployment } from '../../runtime/engine/deployment.js';
import { localPlacement } from '../../runtime/engine/localPlacement.js';
import { localTools } from '../../runtime/localTools.js';
import type { LocalStorage, Placement } from '../../runtime/ports.js';
import type { Replay } from '../../runtime/replay/replayState.js';
import { ranged } from '../../runtime/replay/ranged.js';
import { RecordRate, throttled } from '../../runtime/replay/throttle.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { Topology } from '../../operators/topology.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { type Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import type { Task } from '../../runtime/engine/task.js';
import type { PartitionInput } from '../../runtime/engine/partitionInput.js';
import type { TaskCounters } from '../../runtime/engine/progress.js';
import type { StepLimits } from '../../runtime/engine/taskParts.js';
import { StopSignals } from './stopSignals.js';
import { keepTopicSchemas } from './topicCodecs.js';
import { watchedWorker } from './watchedWorker.js';

/** When a run ends. */
export type RunMode = WorkerOptions['mode'];

/** How to run. */
export interface RunRequest {
  readonly region: string;
  readonly mode: RunMode;
  /** Most inputs between two commits of a task; by default the engine's. */
  readonly batchRecords?: number | undefined;
  /** Silence after which an input is not waited for any more, ms; by default what its source names. */
  readonly idleMs?: number | undefined;
  /** Event time between two watermark markers in derived topics, ms; by default the engine's. */
  readonly markerMs?: number | undefined;
  /** What the topologies decide with; none by default. */
  readonly models?: RunModels | null;
  /** Sees what the run does. */
  readonly monitor?: RunMonitor | null;
  /** Runs the topology, a single one, as this replay. */
  readonly replay?: PacedReplay;
  /** Ends the run as a first signal would; SIGINT and SIGTERM are then left to whoever gives it. */
  readonly stopped?: AbortSignal;
  /** Called some times a second. */
  readonly onProgress?: (progress: RunProgress) => void;
}

/** A replay, and how fast it may go. */
export interface PacedReplay {
  readonly shadow: Replay;
  readonly recordsPerSecond: number;
}

/** Where a run is. */
export interface RunProgress {
  /** Records taken since the start from topics that these topologies do not write themselves. */
  readonly processed: number;
  /** Records of these topics that wait. */
  readonly lag: number;
  /** Least watermark of the tasks that have one, ms; `null` when none has. */
  readonly watermarkMs: number | null;
}

/** What a run did. */
export interface RunSummary {
  readonly topologies: readonly TopologyTotals[];
  readonly processed: number;
  readonly lag: number;
  readonly seconds: number;
  readonly stopped: boolean;
}

/** Sums over the tasks of a topology, since it first ran. */
export interface TopologyTotals {
  /** `name@version`. */
  readonly topology: string;
  readonly tasks: number;
  readonly lag: number;
  readonly counters: TaskCounters;
}

const PROGRESS_MS = 100;
/** As without a pace. */
const MOST_PACED = 5_000;

/**
 * Runs until the mode's end, or until SIGINT or SIGTERM: then the tasks finish their commits. A second signal ends the
 * process at once; what was not committed is done again next time.
 *
 * @throws what the worker's start and a commit throw
 */
export function runTopologies(storage: LocalStorage, topologies: readonly Topology[], request: RunRequest): Promise<RunSummary> {
  return runPlaced(storage, localPlacement(storage), topologies, request);
}

/** Runs those of the tasks that a placement gives. @throws what {@link runTopologies} throws */
export async function runPlaced(storage: LocalStorage, given: Placement, topologies: readonly Topology[], request: RunRequest): Promise<RunSummary> {
  const { region, mode, idleMs, models = null, monitor = null } = request;
  const { placement, paid } = pacedPlacement(given, topologies, request);
  const shadow = request.replay === undefined ? {} : { shadow: request.replay.shadow };
  const limits = limitsOf(request);
  const { worker, follow, unfollow } = watchedWorker(
    topologies,
    { placement, tools: localTools(storage), monitor },
    { region, mode, idleMs, models, limits, ...shadow },
  );
  try {
    await follow();
    await worker.start();
    await keepTopicSchemas(storage, worker.deployments);
    return await runToItsEnd(worker, paid, request);
  } finally {
    await unfollow();
  }
}

async function runToItsEnd(worker: Worker, paid: () => void, request: RunRequest): Promise<RunSummary> {
  const watch = new RunWatch(worker, request.onProgress);
  const stop = stopsOf([() => worker.stop(), paid], request.stopped);
  try {
    await worker.run();
  } finally {
    stop.release();
    watch.stop();
  }
  return { topologies: totalsOf(worker), ...watch.result(), stopped: stop.stopped() };
}

function limitsOf({ batchRecords, markerMs, replay }: RunRequest): Partial<StepLimits> {
  const maxRecords = replay === undefined ? batchRecords : pacedBatch(replay.recordsPerSecond, batchRecords);
  return { ...(maxRecords === undefined ? {} : { maxRecords }), ...(markerMs === undefined ? {} : { markerMs }) };
}

/** So many at a time that the pace shows within a fraction of a second. */
export const pacedBatch = (recordsPerSecond: number, asked = MOST_PACED): number => Math.min(asked, MOST_PACED, Math.ceil(recordsPerSecond / 8));

/** What a replay runs over: at its pace, and no more than its range; `paid` ends all waits for good. */
export function pacedPlacement(
  placement: Placement,
  [topology]: readonly Topology[],
  { region, replay }: Pick<RunRequest, 'region' | 'replay'>,
): { placement: Placement; paid: () => void } {
  if (replay === undefined) return { placement, paid: () => undefined };
  const { shadow, recordsPerSecond } = replay;
  const stopped = new AbortController();
  const paced = throttled(placement, new RecordRate(recordsPerSecond, stopped.signal));
  const paid = (): void => stopped.abort();
  if (shadow.range === null) return { placement: paced, paid };
  return { placement: ranged(paced, new Deployment(topology!, region, placement, { shadow }), shadow.range, shadow.ends), paid };
}

/** Lets a run be stopped, by the signal that is given or by those of the process. */
export function stopsOf(
  ends: readonly (() => void)[],
  given: AbortSignal | undefined,
): { readonly stopped: () => boolean; readonly release: () => void } {
  const stop = (): void => ends.forEach((end) => end());
  if (given === undefined) {
    const signals = StopSignals.ofCommits(stop);
    return { stopped: () => signals.stopped, release: () => signals.release() };
  }
  given.addEventListener('abort', stop);
  if (given.aborted) stop();
  return { stopped: () => given.aborted, release: () => given.removeEventListener('abort', stop) };
}

/** Follows a worker from outside, by the clock. */
class RunWatch {
  private readonly inputs: readonly PartitionInput[];
  private readonly startMs = performance.now();
  private readonly startAt: number;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly worker: Worker,
    onProgress: RunRequest['onProgress'],
  ) {
    const written = new Set(
      worker.deployments.flatMap(({ graph }) => graph.stages.filter((stage) => stage.inputs.length > 0).map((stage) => stage.topic)),
    );
    this.inputs = worker.runningTasks.flatMap((task) => task.parts.inputs.filter((input) => !written.has(input.options.source.topic.name)));
    this.startAt = this.position();
    this.timer = setInterval(() => this.tell(onProgress), PROGRESS_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  result(): { processed: number; lag: number; seconds: number } {
    const { processed, lag } = this.progress();
    return { processed, lag, seconds: (performance.now() - this.startMs) / 1000 };
  }

  /** Nothing once the storage has failed: the worker's run ends in the reason. */
  private tell(onProgress: RunRequest['onProgress']): void {
    let progress: RunProgress;
    try {
      progress = this.progress();
    } catch {
      return;
    }
    onProgress?.(progress);
  }

  private progress(): RunProgress {
    const lag = this.inputs.reduce((total, input) => total + input.lag, 0);
    return { processed: this.position() - this.startAt, lag, watermarkMs: leastWatermark(this.worker.runningTasks) };
  }

  /** Offsets that are behind the tasks, without those of clock markers. */
  private position(): number {
    return this.inputs.reduce(
      (total, input) => total + input.options.log.range(input.options.topic, input.options.partition).end - input.lag - clocksIn(input),
      0,
    );
  }
}

function clocksIn({ channels }: PartitionInput): number {
  let clocks = 0;
  for (const { progress } of channels.values()) clocks += progress.clocks ?? 0;
  return clocks;
}

function leastWatermark(tasks: readonly Task[]): number | null {
  const known = tasks.map((task) => task.progress.watermarkMs).filter((watermarkMs) => watermarkMs !== -Infinity);
  return known.length === 0 ? null : Math.min(...known);
}

function totalsOf(worker: Worker): TopologyTotals[] {
  return worker.deployments.map(({ id }) => {
    const tasks = worker.runningTasks.filter((task) => task.name.startsWith(`${id}/`));
    return {
      topology: id,
      tasks: tasks.length,
      lag: tasks.reduce((total, task) => total + task.lag, 0),
      counters: sumCounters(tasks.map((task) => task.progress.counters)),
    };
  });
}

/** Adds up counters name by name. */
export function sumCounters(all: readonly TaskCounters[]): TaskCounters {
  const sums: Record<string, number> = {};
  for (const counters of all) for (const [name, count] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + (count as number);
  return sums as unknown as TaskCounters;
}
