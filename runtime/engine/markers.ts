import type { Channel } from './channel.js';
import type { Outputs } from './outputs.js';
import type { TaskProgress } from './progress.js';

/** Tells the readers of a task's derived topics how far it has come, in every partition. */
export class Markers {
  private toldMs = -Infinity;
  private idleSent = false;

  constructor(
    private readonly progress: TaskProgress,
    private readonly outputs: Outputs,
    /** Event time between two markers, ms. */
    private readonly everyMs: number,
    /** The least stream time of what the task may still send. */
    private readonly nextMs: () => number,
  ) {}

  /** At a place that depends on the inputs alone: all closings up to the watermark are out. */
  mark(): void {
    const { watermarkMs } = this.progress;
    const markMs = Number.isFinite(watermarkMs) ? Math.floor(watermarkMs / this.everyMs) * this.everyMs : watermarkMs;
    if (markMs <= this.progress.markedMs) return;
    this.progress.markedMs = markMs;
    this.send(false);
  }

  /** When there is nothing more to do: how far this task's clock is, and whether it is idle, so that readers need not wait. */
  tell(waiting: boolean, channels: readonly Channel[]): void {
    const idle = allIdle(channels) && this.progress.markedMs !== Infinity;
    if (idle && !this.idleSent) {
      this.idleSent = true;
      this.send(true);
    } else if (!idle && waiting && this.progress.clockMs > this.toldMs) this.send(false);
  }

  /** The task has taken something: when it falls idle again, that is news. */
  busy(): void {
    this.idleSent = false;
  }

  private send(idle: boolean): void {
    const { markedMs, clockMs } = this.progress;
    const nextMs = this.nextMs();
    this.toldMs = nextMs;
    this.outputs.sendMarkers({ eventTimeMs: nextMs, streamTimeMs: clockMs, watermarkMs: markedMs }, { idle, end: markedMs === Infinity });
  }
}

const allIdle = (channels: readonly Channel[]): boolean =>
  channels.length > 0 && channels.every((channel) => channel.size === 0 && (channel.progress.idle || channel.progress.ended));
