import type { ClaimedTask } from '../redis/index.js';

/** What a failover of Redis took back stays unnoticed by an idle task for so long. */
const LOOK_EVERY_MS = 1_000;

/**
 * Looks from time to time whether Redis still holds what a task last saw there, where the task asks Redis for nothing else. Without it an
 * idle worker would not notice that Redis went back, and the state would stay behind until the next record.
 */
export class StateWatch {
  private lookAtMs = performance.now() + LOOK_EVERY_MS;
  private isLooking = false;
  private failure: Error | null = null;

  /** @param onFailed - wakes whoever asks {@link look} */
  constructor(
    private readonly claimed: Pick<ClaimedTask, 'check'>,
    private readonly onFailed: () => void,
  ) {}

  /** A commit tells as much. */
  postpone(): void {
    this.lookAtMs = performance.now() + LOOK_EVERY_MS;
  }

  /** Asks Redis when it is time. @throws what an earlier look has found: SFS_FENCED, SFS_STATE_BEHIND, SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED */
  look(): void {
    if (this.failure !== null) throw this.failure;
    if (this.isLooking || performance.now() < this.lookAtMs) return;
    this.isLooking = true;
    void this.ask();
  }

  private async ask(): Promise<void> {
    try {
      await this.claimed.check();
      this.postpone();
    } catch (error) {
      this.failure = error as Error;
      this.onFailed();
    } finally {
      this.isLooking = false;
    }
  }
}
