import { setMaxListeners } from 'node:events';
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { Topology } from '../../operators/topology.js';
import type { Storage } from '../ports.js';
import { assembleTask } from './assemble.js';
import { Deployment } from './deployment.js';
import type { Channel } from './channel.js';
import type { PartitionInput } from './partitionInput.js';
import type { SilenceKind, StepOptions } from './silence.js';
import type { StepState, Task } from './task.js';
import type { StepLimits } from './taskParts.js';
import { Writers } from './writers.js';

/** How a worker runs its topologies. */
export interface WorkerOptions {
  readonly region: string;
  /** `follow`: run until stopped. `until-end`: stop when every input has been processed. `end-of-input`: then also close every window, for good. */
  readonly mode: 'follow' | 'until-end' | 'end-of-input';
  readonly limits?: Partial<StepLimits>;
  /** Any clock, ms, by which silence is measured. By default one that never goes back, nor leaps when the wall clock is set. */
  readonly now?: () => number;
  /** How often silence is looked at while there is nothing to do, ms. */
  readonly pollMs?: number;
}

const DEFAULT_LIMITS: StepLimits = { maxRecords: 5_000, maxOutputBytes: 4 << 20, mostCachedRows: 20_000, markerMs: 60_000 };

/** Commits on their way to the disk, at most: what they hold is in memory, however many tasks there are. */
const MOST_COMMITS = 4;

interface Running {
  task: Task;
  /** The task anew, from what it last committed. */
  readonly assemble: (careful: boolean) => Promise<Task>;
  state: StepState;
  /** The step in progress; a task is stepped by one at a time. */
  busy: Promise<void> | null;
}

/**
 * Runs the tasks of some topologies over one storage in this process: computes one task while the commits of others are
 * on their way to the disk.
 */
export class Worker {
  readonly deployments: readonly Deployment[];
  private readonly tasks: Running[] = [];
  private writers = new Writers([]);
  /** Speaks when steps are to wait for nothing any more but their commits. */
  private readonly stopped = new AbortController();
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(
    topologies: readonly Topology[],
    private readonly storage: Storage,
    private readonly options: WorkerOptions,
  ) {
    this.deployments = topologies.map((topology) => new Deployment(topology, options.region, storage));
    // Every task may listen.
    setMaxListeners(0, this.stopped.signal);
  }

  /**
   * Checks plans, creates missing topics, restores tasks. What the plan refuses leaves no topic behind.
   *
   * A topic that one of the topologies writes and one reads must be declared with `derived: true`: then the writer's markers tell the reader
   * when it has all. A topology that only writes another topic, or only reads it, is fine.
   * @throws SFS_TOPIC_MISMATCH, SFS_PLAN_CHANGED, SFS_PLAN_REFUSED, SFS_STATE_SCHEMA, SFS_WRITER_TWICE, SFS_TOPIC_NOT_DERIVED
   */
  async start(): Promise<void> {
    const limits = { ...DEFAULT_LIMITS, ...this.options.limits };
    const writers = (this.writers = new Writers(this.deployments));
    for (const deployment of this.deployments) deployment.assertPlan();
    for (const deployment of this.deployments) {
      for (const spec of deployment.topicSpecs()) await this.storage.log.ensureTopic(spec);
      await deployment.register();
      await deployment.prepareState();
    }
    for (const deployment of this.deployments) {
      const decisions = deployment.decisionLog();
      for (const subtopology of deployment.graph.subtopologies) {
        for (let partition = 0; partition < subtopology.partitions; partition++) {
          const assemble = (careful: boolean): Promise<Task> =>
            assembleTask(deployment, subtopology, partition, { storage: this.storage, limits, careful, decisions, writers });
          this.tasks.push({ task: await assemble(false), assemble, state: 'more', busy: null });
        }
      }
    }
    this.expectWriters();
  }

  /** What tasks of this worker write is waited for anew: a writer that has nothing more to say tells so again. */
  private expectWriters(): void {
    for (const { task } of this.tasks) {
      for (const input of task.parts.inputs) {
        const written = [...input.channels.values()].filter((channel) => this.writers.speakIn(input, channel));
        for (const { progress } of written) progress.idle = false;
      }
    }
  }

  /**
   * Runs until the mode's end, a failure or `stop`; no commit is under way when it resolves, and none will be.
   * @throws SFS_RUN_BLOCKED when records wait at the end of a bounded run, and what a commit threw
   */
  async run(): Promise<void> {
    const unsubscribe = this.storage.log.onAppend(() => this.wake());
    try {
      while (!this.stopped.signal.aborted && this.failure === null && (await this.round()));
    } finally {
      unsubscribe();
      this.stopped.abort();
      await Promise.all(this.tasks.flatMap((running) => running.busy ?? []));
    }
    if (this.failure !== null) throw this.failure;
  }

  /** Ends after the commits in progress. The asynchronous work of batch stages is abandoned: it is done again next time. */
  stop(): void {
    this.stopped.abort();
    this.wake();
  }

  get runningTasks(): readonly Task[] {
    return this.tasks.map((running) => running.task);
  }

  /** Starts a step of every task that has work; waits when none has. Returns false at the end of the mode. */
  private async round(): Promise<boolean> {
    let started = false;
    for (const running of this.tasks) {
      if (running.busy !== null || running.state !== 'more') continue;
      running.busy = this.stepOf(running);
      started = true;
      await yieldToEvents();
      while (this.committing >= MOST_COMMITS) await this.oneDone();
    }
    return started || (await this.oneDone()) || this.rest();
  }

  private get committing(): number {
    return this.tasks.reduce((total, { task }) => total + (task.isCommitting ? 1 : 0), 0);
  }

  /** Waits until a step has ended; false where none is in progress. */
  private async oneDone(): Promise<boolean> {
    const busy = this.tasks.flatMap((running) => running.busy ?? []);
    if (busy.length > 0) await Promise.race(busy);
    return busy.length > 0;
  }

  private async stepOf(running: Running): Promise<void> {
    try {
      running.state = await running.task.step(this.stepOptions());
      if (running.task.parts.careful) running.task = await running.assemble(false);
    } catch (error) {
      await this.recover(running, error);
    } finally {
      running.busy = null;
    }
  }

  /** A row that cannot be encoded fails a commit, of which it says not which input made it: the task is done again, looking at each. */
  private async recover(running: Running, error: unknown): Promise<void> {
    try {
      if (errorCodeOf(error) !== 'SFS_STATE_ENCODE' || running.task.parts.careful) throw error;
      running.task = await running.assemble(true);
    } catch (final) {
      if (!this.isStopped(final)) this.failure ??= final instanceof Error ? final : new Error(String(final));
    }
  }

  /** Nothing to do anywhere: looks again at what the log took meanwhile, then ends or sleeps. */
  private async rest(): Promise<boolean> {
    if (this.wakeTasks()) return true;
    if (this.options.mode !== 'follow') return this.assertNothingWaits();
    await this.sleep();
    for (const running of this.tasks) running.state = 'more';
    return true;
  }

  private wakeTasks(): boolean {
    let any = false;
    for (const running of this.tasks) {
      if (running.state === 'more' || running.task.parts.inputs.every((input) => !input.hasMore)) continue;
      running.state = 'more';
      any = true;
    }
    return any;
  }

  /** No failure, but a step that was told to wait no longer. */
  private isStopped(error: unknown): boolean {
    const { signal } = this.stopped;
    return signal.aborted && error === signal.reason;
  }

  private stepOptions(): StepOptions {
    const { now = () => performance.now() } = this.options;
    return { nowMs: now(), silence: (input, channel) => this.silenceOf(input, channel), stopped: this.stopped.signal };
  }

  /**
   * What tasks of this worker write ends, or falls silent, when they say so by their markers. A bounded run gives up none of them by the
   * clock of the machine: it would find their results late, and leave something else than a faster machine does.
   */
  private silenceOf(input: PartitionInput, channel: Channel): SilenceKind {
    const { mode } = this.options;
    if (mode === 'follow') return 'wait';
    if (this.writers.speakIn(input, channel)) return 'told';
    return mode === 'until-end' ? 'idle' : 'end';
  }

  /** A run that ends as done has taken all there is. */
  private assertNothingWaits(): false {
    for (const { task } of this.tasks) {
      const waiting = task.parts.inputs.filter((input) => waitingIn(input) > 0);
      if (waiting.length > 0) throw blocked(task, waiting);
    }
    return false;
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.options.pollMs ?? 200);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Lets finished commits be seen between two tasks. */
const yieldToEvents = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const waitingIn = (input: PartitionInput): number => [...input.channels.values()].reduce((total, channel) => total + channel.size, 0);

function blocked({ name, parts }: Task, waiting: readonly PartitionInput[]): SkillForgeError {
  const records = waiting.reduce((total, input) => total + waitingIn(input), 0);
  const silent = parts.inputs
    .flatMap((input) => [...input.channels.values()])
    .filter(({ size, progress }) => size === 0 && !progress.idle && !progress.ended);
  const by = silent.map(({ id }) => id);
  return new SkillForgeError(
    'SFS_RUN_BLOCKED',
    `the log is at its end and ${records} records of task ${name} still wait, for ${by.slice(0, 3).join(', ')}${by.length > 3 ? ` and ${by.length - 3} more` : ''}`,
    { context: { task: name, records, waitsFor: by } },
  );
}
