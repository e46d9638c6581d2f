import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf } from '../../schemas/index.js';
import type { PartitionName } from '../ports.js';
import type { StepOptions } from './silence.js';
import type { StepState, Task } from './task.js';
import { unlessStopped } from './unlessStopped.js';

/** After these what a task computed since its last commit is void, and no other harm is done: it goes on from that commit. */
const VOID_WORK: ReadonlySet<string> = new Set([
  'SFS_FENCED',
  'SFS_STATE_BEHIND',
  'SFS_STATE_UNAVAILABLE',
  'SFS_TRANSACTION_ABORTED',
  'SFS_TRANSACTION_UNKNOWN',
  'SFS_PRODUCER_CLOSED',
  'SFS_BROKER_UNAVAILABLE',
  'SFS_KEYS_UNAVAILABLE',
]);
const FIRST_PAUSE_MS = 100;
/** Another worker has claimed the task: by now this one should hear of it, if that one has it by right. */
const FENCED_PAUSE_MS = 3_000;
const LONGEST_PAUSE_MS = 5_000;

/** How a task is built from what it last committed; `careful` looks at every row that an input changes. */
export type Assembly = (careful: boolean) => Promise<Task>;

/** Of partitions that a group has given. */
export interface Given {
  /** Speaks when the worker is to end. */
  readonly stopped: AbortSignal;
  /** Whether the group has given them to another one. */
  readonly isOver: () => boolean;
}

/** A task of a worker, which is built anew when what it computed is void. */
export class RunningTask {
  state: StepState = 'more';
  /** The step in progress; a task is stepped by one at a time. */
  busy: Promise<void> | null = null;
  /** It is being given up: no further step. */
  isLeaving = false;

  private constructor(
    readonly own: readonly PartitionName[],
    private readonly assemble: Assembly,
    private readonly isShared: boolean,
    private current: Task,
  ) {}

  /**
   * @param own - the partitions that are the task's own
   * @param given - how long they are this worker's; `null` where it has them for good
   * @returns `null` when they were not any more before it could be opened
   */
  static async open(own: readonly PartitionName[], assemble: Assembly, given: Given | null): Promise<RunningTask | null> {
    if (given === null) return new RunningTask(own, assemble, false, await assemble(false));
    const first = await persistently(assemble, { firstPauseMs: 0, stopped: given.stopped, isGivenUp: given.isOver });
    return first && new RunningTask(own, assemble, true, first);
  }

  get task(): Task {
    return this.current;
  }

  /** Steps the task once. @throws what ends the worker */
  async step(options: StepOptions): Promise<void> {
    try {
      this.state = await this.current.step(options);
      if (this.current.parts.careful) this.current = await this.assemble(false);
    } catch (error) {
      await this.recover(error, options);
    }
  }

  private async recover(error: unknown, { stopped }: StepOptions): Promise<void> {
    const code = errorCodeOf(error);
    // A row that cannot be encoded fails a commit, which does not say whose input made it: done again, each is looked at.
    if (code === 'SFS_STATE_ENCODE' && !this.current.parts.careful) this.current = await this.assemble(true);
    else if (this.isShared && VOID_WORK.has(code)) {
      const firstPauseMs = code === 'SFS_FENCED' ? FENCED_PAUSE_MS : FIRST_PAUSE_MS;
      await this.current.parts.access.close().catch(() => undefined);
      this.current = (await persistently(this.assemble, { firstPauseMs, stopped, isGivenUp: () => this.isLeaving })) ?? this.current;
    } else throw error;
    this.state = 'more';
  }

  /** Ends after the commit in progress, and gives the task up. */
  async leave(): Promise<void> {
    this.isLeaving = true;
    await this.busy;
    await this.current.parts.access.close();
  }
}

interface Patience {
  readonly firstPauseMs: number;
  readonly stopped: AbortSignal | undefined;
  readonly isGivenUp: () => boolean;
}

/** Servers that are away come back: it is tried for as long as the task is this worker's. `null` when it was given up. */
async function persistently(assemble: Assembly, { firstPauseMs, stopped, isGivenUp }: Patience): Promise<Task | null> {
  for (let pauseMs = firstPauseMs; !isGivenUp(); pauseMs = Math.min(Math.max(2 * pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS)) {
    if (pauseMs > 0) await unlessStopped(sleep(pauseMs), stopped);
    if (isGivenUp()) return null;
    try {
      return await assemble(false);
    } catch (error) {
      if (!VOID_WORK.has(errorCodeOf(error))) throw error;
    }
  }
  return null;
}
