import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { Topology } from '../../operators/topology.js';
import type { Storage } from '../ports.js';
import { assembleTask } from './assemble.js';
import { Deployment } from './deployment.js';
import type { PartitionInput } from './partitionInput.js';
import type { SilenceKind } from './silence.js';
import type { StepState, Task } from './task.js';
import type { StepLimits } from './taskParts.js';

/** How a worker runs its topologies. */
export interface WorkerOptions {
  readonly region: string;
  /** `follow`: run until stopped. `until-end`: stop when every input has been processed. `end-of-input`: then also close every window, for good. */
  readonly mode: 'follow' | 'until-end' | 'end-of-input';
  readonly limits?: Partial<StepLimits>;
  /** Wall clock, ms. */
  readonly now?: () => number;
  /** How often silence is looked at while there is nothing to do, ms. */
  readonly pollMs?: number;
}

const DEFAULT_LIMITS: StepLimits = { maxRecords: 5_000, maxOutputBytes: 4 << 20, mostCachedRows: 20_000, markerMs: 1_000 };

/** Commits on their way to the disk, at most: what they hold is in memory, however many tasks there are. */
const MOST_COMMITS = 4;

interface Running {
  task: Task;
  /** The task anew, from what it last committed. */
  readonly assemble: (careful: boolean) => Task;
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
  private tasks: Running[] = [];
  private stopping = false;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;
  private readonly written = new Set<string>();

  constructor(
    topologies: readonly Topology[],
    private readonly storage: Storage,
    private readonly options: WorkerOptions,
  ) {
    this.deployments = topologies.map((topology) => new Deployment(topology, options.region, storage));
  }

  /**
   * Creates missing topics, checks plans, restores tasks.
   * @throws SFS_TOPIC_MISMATCH, SFS_PLAN_CHANGED, SFS_STATE_SCHEMA, SFS_WRITER_TWICE
   */
  async start(): Promise<void> {
    const limits = { ...DEFAULT_LIMITS, ...this.options.limits };
    for (const deployment of this.deployments) {
      for (const spec of deployment.topicSpecs()) this.storage.log.ensureTopic(spec);
      this.claimTargets(deployment);
      await deployment.register();
      await deployment.prepareState();
    }
    this.tasks = this.deployments.flatMap((deployment) => {
      const decisions = deployment.decisionLog();
      return deployment.graph.subtopologies.flatMap((subtopology) =>
        Array.from({ length: subtopology.partitions }, (_, partition): Running => {
          const assemble = (careful: boolean): Task =>
            assembleTask(deployment, subtopology, partition, { storage: this.storage, limits, careful, decisions });
          return { task: assemble(false), assemble, state: 'more', busy: null };
        }),
      );
    });
    this.expectWriters();
  }

  /** What tasks of this worker write is waited for anew: a writer that has nothing more to say tells so again. */
  private expectWriters(): void {
    for (const { task } of this.tasks) {
      for (const input of task.parts.inputs) {
        if (!this.written.has(input.options.topic)) continue;
        for (const channel of input.channels.values()) channel.progress.idle = false;
      }
    }
  }

  /** Runs until the mode's end, a failure or `stop`; every task has committed when it resolves. @throws what a commit threw */
  async run(): Promise<void> {
    const unsubscribe = this.storage.log.onAppend(() => this.wake());
    try {
      while (!this.stopping && this.failure === null && (await this.round()));
    } finally {
      unsubscribe();
      await Promise.all(this.tasks.flatMap((running) => running.busy ?? []));
    }
    if (this.failure !== null) throw this.failure;
  }

  /** Ends after the commits in progress. */
  stop(): void {
    this.stopping = true;
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
      running.state = await running.task.step({ nowMs: (this.options.now ?? Date.now)(), silence: (input) => this.silenceOf(input) });
      if (running.task.parts.careful) running.task = running.assemble(false);
    } catch (error) {
      if (errorCodeOf(error) === 'SFS_STATE_ENCODE' && !running.task.parts.careful) running.task = running.assemble(true);
      else this.failure ??= error instanceof Error ? error : new Error(String(error));
    } finally {
      running.busy = null;
    }
  }

  /** Nothing to do anywhere: looks again at what the log took meanwhile, then ends or sleeps. */
  private async rest(): Promise<boolean> {
    if (this.wakeTasks()) return true;
    if (this.options.mode !== 'follow') return false;
    await this.sleep();
    for (const running of this.tasks) running.state = 'more';
    return true;
  }

  private wakeTasks(): boolean {
    let any = false;
    for (const running of this.tasks) {
      if (running.state === 'more' || running.task.parts.inputs.every((input) => input.atEnd)) continue;
      running.state = 'more';
      any = true;
    }
    return any;
  }

  /** What tasks of this worker write ends, or falls silent, when they say so by their markers. */
  private silenceOf(input: PartitionInput): SilenceKind {
    const { mode } = this.options;
    if (mode === 'follow' || this.written.has(input.options.topic)) return 'wait';
    return mode === 'until-end' ? 'idle' : 'end';
  }

  /** A derived topic has one writing topology in a process: readers take their markers as complete. */
  private claimTargets(deployment: Deployment): void {
    for (const stage of deployment.topology.build().stages) {
      if (!stage.target?.derived) continue;
      const name = deployment.physicalName(stage.target);
      const owner = `${deployment.id} ${name}`;
      if (this.written.has(name) && !this.owners.has(owner)) {
        throw new SkillForgeError('SFS_WRITER_TWICE', `two topologies of this worker write ${name}; a derived topic has one writer`);
      }
      this.written.add(name);
      this.owners.add(owner);
    }
  }

  private readonly owners = new Set<string>();

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
