/** Keeps a view at the end of the log: looks again and again, and soon after an append that it hears of. */
import { setImmediate as turn } from 'node:timers/promises';
import { SkillForgeError, errorCodeOf, type ErrorCode } from '../schemas/index.js';
import type { RecommendationLog } from './log.js';
import type { Materializer } from './materializer.js';

/** How to follow. */
export interface FollowerOptions {
  /** Between two looks at the log when nothing is heard of it, ms. */
  readonly pollMs: number;
  /** Told once for each new trouble that does not pass by itself: what was followed so far stays served. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Appends come in bursts; a look per append would do nothing else. */
const LEAST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 5_000;

/** Runs passes of a materialiser until it is stopped. */
export class Follower {
  /** Resolves when the view was at the end of the log for the first time; rejects when the follower is stopped before. */
  readonly caughtUp: Promise<void>;
  private settle!: { readonly resolve: () => void; readonly reject: (error: Error) => void };
  private wake: (() => void) | null = null;
  private heard = false;
  private stopped = false;
  private done: Promise<void> | null = null;
  private readyNow = false;
  private troubleNow: ErrorCode | null = null;

  constructor(
    private readonly materializer: Materializer,
    private readonly log: RecommendationLog,
    private readonly options: FollowerOptions,
  ) {
    this.caughtUp = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // Nobody has to wait for it.
    this.caughtUp.catch(() => undefined);
  }

  /** Whether the view was at the end of the log once. */
  get ready(): boolean {
    return this.readyNow;
  }

  /** Code of what keeps the last pass from working; `null` while all is well. */
  get trouble(): ErrorCode | null {
    return this.troubleNow;
  }

  start(): void {
    this.done ??= this.follow();
  }

  /** Resolves after the transaction in progress. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.materializer.stop();
    this.wake?.();
    await this.done;
    this.settle.reject(new Error('the reader was closed before it had caught up'));
  }

  private async follow(): Promise<void> {
    const unsubscribe = this.log.onAppend?.(() => {
      this.heard = true;
    });
    let pauseMs = LEAST_PAUSE_MS;
    while (!this.stopped) {
      this.heard = false;
      const sound = await this.look();
      pauseMs = sound ? LEAST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      await this.rest(sound ? this.options.pollMs : pauseMs, pauseMs);
    }
    unsubscribe?.();
  }

  /** One pass, or as many as other processes make necessary. Returns false when it failed. */
  private async look(): Promise<boolean> {
    try {
      while (!this.stopped && (await this.materializer.pass()).overtaken) await turn();
      if (!this.stopped) {
        this.readyNow = true;
        this.settle.resolve();
      }
      this.troubleNow = null;
      return true;
    } catch (error) {
      const code = errorCodeOf(error, 'SFS_VIEW_UNUSABLE');
      const passes = error instanceof SkillForgeError && error.retriable;
      if (code !== this.troubleNow && !passes) this.options.onTrouble?.(error);
      this.troubleNow = code;
      return false;
    }
  }

  /** Ends early when an append is heard of, but not before the least pause. */
  private async rest(forMs: number, leastMs: number): Promise<void> {
    await this.pause(Math.min(forMs, leastMs));
    for (let restedMs = leastMs; restedMs < forMs && !this.heard && !this.stopped; restedMs += LEAST_PAUSE_MS) {
      await this.pause(Math.min(LEAST_PAUSE_MS, forMs - restedMs));
    }
  }

  private pause(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
