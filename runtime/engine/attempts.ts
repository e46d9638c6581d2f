import type { FailureGuard, StageNode, Wiring } from '../../operators/builder.js';
import type { StageContext } from '../../operators/ports/stage.js';
import { isHalt } from './halt.js';
import { isModelAwaited, type ModelAwaited } from './modelAwaited.js';
import { isRowAwaited, type RowAwaited } from './rowAwaited.js';
import type { TaskParts } from './taskParts.js';

/** What stopped an input, and the stage where it did. */
export interface AttemptFailure {
  readonly error: unknown;
  readonly stage: string;
}

/** How an attempt ended: all is done, or taken back because something failed, or because a row or a model has to come first. */
export type Outcome = { readonly failure: AttemptFailure } | { readonly awaited: RowAwaited | ModelAwaited } | null;

/** The wired stages of a task, which take one input at a time: as a whole, or not at all. */
export class Attempts {
  private wiring: Wiring;
  private failure: AttemptFailure | null = null;
  private rewire = false;

  /** @param contextOf - gives the same context for a stage each time */
  constructor(
    private readonly parts: TaskParts,
    private readonly contextOf: (stage: StageNode) => StageContext,
  ) {
    this.wiring = this.connect();
  }

  /** The wiring changes when a pipeline of RxJS has ended by an error: ask for it anew for each attempt. */
  get wired(): Wiring {
    return this.wiring;
  }

  /**
   * Runs one input; on a throw anywhere below, its writes, timers and outputs are taken back. `stage` failed where no other says so.
   * @returns `null` where all is done
   * @throws what the storage threw: not the input is bad
   */
  attempt(stage: string, run: () => void): Outcome {
    const { state, timers, outputs, models, progress } = this.parts;
    const { outputIndex } = progress;
    const { outputs: sent, late, misses, unmatched, deadLetters } = progress.counters;
    state.mark();
    timers.mark();
    outputs.mark();
    models?.mark();
    this.failure = null;
    try {
      run();
      if (this.parts.careful && this.failure === null) state.verify();
    } catch (error) {
      this.failure ??= { error, stage };
    }
    if (this.failure === null) return null;
    const { error } = this.failure;
    if (isHalt(error)) throw error.cause;
    state.undo();
    timers.undo();
    outputs.undo();
    models?.undo();
    Object.assign(progress.counters, { outputs: sent, late, misses, unmatched, deadLetters });
    progress.outputIndex = outputIndex;
    if (this.rewire) this.reconnect();
    return isRowAwaited(error) || isModelAwaited(error) ? { awaited: error } : { failure: this.failure };
  }

  private connect(): Wiring {
    const hasFailed = (): boolean => this.failure !== null;
    const guard: FailureGuard = {
      get failed() {
        return hasFailed();
      },
      fail: (error, stage, rewire) => {
        this.failure ??= { error, stage };
        this.rewire ||= rewire;
      },
    };
    return this.parts.builder.connect(this.parts.stageIds, this.contextOf, guard);
  }

  /** RxJS ends a pipeline that threw; the stages' state is in the stores, so a new wiring goes on where the old one was. */
  private reconnect(): void {
    this.rewire = false;
    this.wiring.disconnect();
    this.wiring = this.connect();
  }
}
