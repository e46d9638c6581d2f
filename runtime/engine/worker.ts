import { setMaxListeners } from 'node:events';
import { SkillForgeError } from '../../schemas/index.js';
import type { Topology } from '../../operators/topology.js';
import { partitionName } from '../partitionName.js';
import type { Replay } from '../replay/replayState.js';
import type { PartitionName, Placement, Storage, TaskGroup, TaskHost } from '../ports.js';
import { assembleTask, partitionsRead, type PartitionsRead } from './assemble.js';
import type { Subtopology } from '../../operators/graph.js';
import type { DecisionLog } from './decisions.js';
import { Deployment } from './deployment.js';
import { isFollowed, type RunModels } from './followedModels.js';
import { localPlacement } from './localPlacement.js';
import type { Channel } from './channel.js';
import type { PartitionInput } from './partitionInput.js';
import type { SilenceKind, StepOptions } from './silence.js';
import type { Task } from './task.js';
import type { StepLimits } from './taskParts.js';
import { RunningTask } from './runningTask.js';
import { Writers } from './writers.js';

/** How a worker runs its topologies. */
export interface WorkerOptions {
  readonly region: string;
  /**
   * `follow`: run until stopped. `until-end`: stop when every input has been processed. `end-of-input`: then also close every window, for good.
   * Over a shared placement, only the replay of a range can come to an end of its input; it runs until stopped, too, since others may not be done.
   */
  readonly mode: 'follow' | 'until-end' | 'end-of-input';
  readonly limits?: Partial<StepLimits>;
  /** Any clock, ms, by which silence is measured. By default one that never goes back, nor leaps when the wall clock is set. */
  readonly now?: () => number;
  /**
   * Silence after which a channel is not waited for any more, ms, in place of what each source names. Where a topic gets its records in one go, a
   * day at a time, those of the others would be late: longer than the pauses, it makes everything wait for the writers' clock markers.
   */
  readonly idleMs?: number | undefined;
  /** How often silence is looked at while there is nothing to do, ms. */
  readonly pollMs?: number;
  /** What the topologies decide with, once and for all or as it changes; none by default. They belong to who opened them: the worker closes nothing. */
  readonly models?: RunModels | null;
  /** Runs the topology, which must be a single one, as this replay of it. */
  readonly shadow?: Replay;
}

/** A task that is to be opened. */
interface Opening {
  readonly deployment: Deployment;
  readonly subtopology: Subtopology;
  readonly partition: number;
  readonly read: PartitionsRead;
  readonly isOver: () => boolean;
}

const DEFAULT_LIMITS: StepLimits = { maxRecords: 5_000, maxOutputBytes: 4 << 20, mostCachedRows: 20_000, markerMs: 60_000 };

/**
 * Runs the tasks of some topologies over one storage in this process: computes one task while the commits of others are
 * on their way to the disk.
 */
export class Worker {
  readonly deployments: readonly Deployment[];
  private tasks: RunningTask[] = [];
  private readonly tasksByName = new Map<string, RunningTask>();
  private readonly placement: Placement;
  private readonly decisions = new Map<string, DecisionLog>();
  private writers = new Writers([]);
  /** Speaks when steps are to wait for nothing any more but their commits. */
  private readonly stopped = new AbortController();
  private failure: Error | null = null;
  private wake: () => void = () => undefined;
  private nextLookMs = 0;
  private readonly pollMs: number;

  constructor(
    topologies: readonly Topology[],
    storage: Storage | Placement,
    private readonly options: WorkerOptions,
  ) {
    this.placement = 'join' in storage ? storage : localPlacement(storage);
    const { region, models = null, shadow, pollMs = 200 } = options;
    this.pollMs = pollMs;
    const setting = shadow === undefined ? { models } : { models, shadow };
    this.deployments = topologies.map((topology) => new Deployment(topology, region, storage, setting));
    // Every task may listen.
    setMaxListeners(0, this.stopped.signal);
  }

  /**
   * Checks plans, creates missing topics, restores tasks. What the plan refuses leaves no topic behind.
   *
   * A topic that one of the topologies writes and one reads must be declared with `derived: true`: then the writer's markers tell the reader
   * when it has all. A topology that only writes another topic, or only reads it, is fine.
   * @throws SFS_TOPIC_MISMATCH, SFS_PLAN_CHANGED, SFS_PLAN_REFUSED, SFS_STATE_SCHEMA, SFS_WRITER_TWICE, SFS_TOPIC_NOT_DERIVED, and
   * what a schema registry refuses
   */
  async start(): Promise<void> {
    await this.prepare();
    await this.join();
  }

  /** The part of {@link start} that opens no task: afterwards workers of other threads find all topics and documents in place. @throws what `start` throws */
  async prepare(): Promise<void> {
    const { placement, deployments } = this;
    if (placement.isShared && this.options.mode !== 'follow' && !this.isBounded) {
      throw new SkillForgeError('SFS_RUN_MODE', `a worker that shares its tasks with others follows; it cannot run ${this.options.mode}`);
    }
    this.writers = new Writers(deployments);
    for (const deployment of deployments) deployment.assertPlan();
    for (const deployment of deployments) {
      for (const spec of deployment.topicSpecs()) await placement.log.ensureTopic(spec);
      await deployment.registerSchemas();
      await deployment.register();
      await deployment.prepareState();
      this.decisions.set(deployment.id, deployment.decisionLog(placement));
    }
  }

  private async join(): Promise<void> {
    const { placement, deployments } = this;
    await placement.join(deployments.map(groupOf), {
      assigned: (...given) => (placement.isShared ? this.openOrFail(...given) : this.open(...given)),
      revoked: async (group, partitions) => {
        await Promise.all(this.drop(group, partitions).map((running) => running.leave()));
      },
      lost: (group, partitions) => {
        for (const running of this.drop(group, partitions)) running.leave().catch(() => undefined);
      },
    });
  }

  /** The end of its input is known beforehand: each task comes to it by itself, in whatever process. */
  private get isBounded(): boolean {
    const { mode, shadow } = this.options;
    return mode === 'end-of-input' && shadow?.ends !== undefined;
  }

  /** The groups of a shared placement call from anywhere: what goes wrong ends the run. */
  private async openOrFail(...given: Parameters<TaskHost['assigned']>): Promise<void> {
    try {
      await this.open(...given);
    } catch (error) {
      if (!this.isStopped(error)) this.failure ??= error instanceof Error ? error : new Error(String(error));
      this.wake();
    }
  }

  /** Opens the tasks whose own partitions are all among these; none where these are another one's before that is done. */
  private async open(group: string, partitions: readonly PartitionName[], isOver: () => boolean): Promise<void> {
    const opened: RunningTask[] = [];
    const leave = (): Promise<unknown> => Promise.all(opened.map((running) => running.leave().catch(() => undefined)));
    try {
      for (const opening of this.openings(group, partitions, isOver)) opened.push(...(await this.opened(opening)));
    } catch (error) {
      // Nobody else knows of them: what they have claimed would stay claimed.
      await leave();
      throw error;
    }
    if (isOver()) {
      await leave();
      return;
    }
    this.tasks.push(...opened);
    for (const running of opened) this.tasksByName.set(running.task.name, running);
    this.expectWriters(opened);
    this.wake();
  }

  private *openings(group: string, partitions: readonly PartitionName[], isOver: () => boolean): Generator<Opening> {
    const deployment = this.deployments.find(({ id }) => id === group)!;
    const given = new Set(partitions.map(partitionName));
    for (const subtopology of deployment.graph.subtopologies) {
      const readBy = partitionsRead(deployment, subtopology);
      for (let partition = 0; partition < subtopology.partitions; partition++) {
        const read = readBy(partition);
        if (read.own.length === 0 && this.placement.runsUnowned === false) continue;
        if (read.own.every((one) => given.has(partitionName(one)))) yield { deployment, subtopology, partition, read, isOver };
      }
    }
  }

  /** None where its partitions are another one's by then. */
  private async opened({ deployment, subtopology, partition, read, isOver }: Opening): Promise<readonly RunningTask[]> {
    const { placement, writers } = this;
    const limits = { ...DEFAULT_LIMITS, ...this.options.limits };
    const decisions = this.decisions.get(deployment.id)!;
    const assemble = (careful: boolean): Promise<Task> =>
      assembleTask(deployment, subtopology, partition, { placement, read, limits, careful, decisions, writers });
    const running = await RunningTask.open(read.own, assemble, placement.isShared ? { stopped: this.stopped.signal, isOver } : null);
    return running === null ? [] : [running];
  }

  /** Takes out the tasks that read one of these. */
  private drop(group: string, partitions: readonly PartitionName[]): RunningTask[] {
    const given = new Set(partitions.map(partitionName));
    const dropped = this.tasks.filter(({ own, task }) => task.name.startsWith(`${group}/`) && own.some((one) => given.has(partitionName(one))));
    this.tasks = this.tasks.filter((running) => !dropped.includes(running));
    for (const { task } of dropped) this.tasksByName.delete(task.name);
    return dropped;
  }

  /** What tasks of this worker write is waited for anew: a writer that has nothing more to say tells so again. */
  private expectWriters(opened: readonly RunningTask[]): void {
    for (const { task } of opened) {
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
    const unsubscribe = this.placement.log.onAppend(() => this.wake());
    const unused = this.useModels();
    try {
      while (!this.stopped.signal.aborted && this.failure === null && (await this.round()));
    } finally {
      unsubscribe();
      unused();
      this.stopped.abort();
      await Promise.all(this.tasks.flatMap((running) => running.busy ?? []));
      await this.placement.leave();
    }
    if (this.failure !== null) throw this.failure;
  }

  /** Tells which of the models that change its tasks may decide with. */
  private useModels(): () => void {
    const { models = null } = this.options;
    if (models === null || !isFollowed(models)) return () => undefined;
    return models.use(() => this.tasks.flatMap(({ task }) => task.parts.models?.inUse() ?? []));
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
    // Not at rest alone: where one task always has work, the others would wait for its end.
    this.wakeTasks();
    if (this.isEndless && performance.now() >= this.nextLookMs) this.lookAgain();
    for (const running of this.tasks) {
      if (running.busy !== null || running.state !== 'more' || running.isLeaving) continue;
      running.busy = this.stepOf(running);
      started = true;
      await yieldToEvents();
      while (this.committing >= this.placement.mostCommits) await this.oneDone();
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

  private async stepOf(running: RunningTask): Promise<void> {
    try {
      await running.step(this.stepOptions());
    } catch (error) {
      if (!this.isStopped(error)) this.failure ??= error instanceof Error ? error : new Error(String(error));
    } finally {
      running.busy = null;
    }
  }

  /** Nothing to do anywhere: looks again at what the log took meanwhile, then ends or sleeps. */
  private async rest(): Promise<boolean> {
    if (this.wakeTasks()) return true;
    if (!this.isEndless) return (await this.placement.rest?.(this.stopped.signal)) === true || this.assertNothingWaits();
    await this.sleep();
    this.lookAgain();
    return true;
  }

  /** It goes on when there is nothing to do. */
  private get isEndless(): boolean {
    return this.options.mode === 'follow' || this.placement.isShared;
  }

  /** Time passes for tasks without records, too: of channels that are silent, of models, of their claims. */
  private lookAgain(): void {
    this.nextLookMs = performance.now() + this.pollMs;
    for (const running of this.tasks) running.state = 'more';
  }

  private wakeTasks(): boolean {
    let any = false;
    for (const running of this.tasks) {
      if (running.state === 'more' || !hasMore(running.task)) continue;
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
    const { now = () => performance.now(), idleMs } = this.options;
    return { nowMs: now(), idleMs, silence: (input, channel) => this.silenceOf(input, channel), stopped: this.stopped.signal };
  }

  /**
   * What tasks of this worker write ends, or falls silent, when they say so by their markers. A bounded run gives up none of them by the
   * clock of the machine: it would find their results late, and leave something else than a faster machine does. One that follows gives
   * up none that still has work.
   */
  private silenceOf(input: PartitionInput, channel: Channel): SilenceKind {
    const { mode } = this.options;
    if (mode === 'follow') return this.hasWorkingWriter(input, channel) ? 'told' : 'wait';
    if (this.writers.speakIn(input, channel)) return 'told';
    return mode === 'until-end' ? 'idle' : 'end';
  }

  /**
   * Whether the task that writes the channel is one of this worker and has records before it: it is not silent, it is slow. In a cycle of
   * topologies each could wait for the other for ever: there the clock decides.
   */
  private hasWorkingWriter(input: PartitionInput, channel: Channel): boolean {
    const writer = this.tasksByName.get(input.taskThatWrites(channel));
    if (writer === undefined || this.writers.isInCycle(input.options.topic)) return false;
    // In a step that has not ended it commits, waits for a row or a model, or is built anew; what it reads may have failed then.
    return writer.busy !== null || writer.task.parts.inputs.some((one) => one.hasMore || one.isFetching || waitingIn(one) > 0);
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
      const timer = setTimeout(resolve, this.pollMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The partitions that the tasks of a topology share out among them. */
function groupOf(deployment: Deployment): TaskGroup {
  const sources = deployment.build().stages.flatMap(({ source }) => source ?? []);
  const own = sources.filter(({ scope }) => scope === 'task').map(({ topic }) => topic);
  return { id: deployment.id, topics: own.map((topic) => ({ name: deployment.physicalName(topic), partitions: deployment.partitionsOf(topic) })) };
}

/** Lets finished commits be seen between two tasks. */
const yieldToEvents = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log that has failed is met by the step, which knows what to do. */
function hasMore({ parts }: Task): boolean {
  try {
    return parts.inputs.some((input) => input.hasMore);
  } catch {
    return true;
  }
}

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
