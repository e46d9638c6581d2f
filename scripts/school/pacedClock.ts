/** The time of a school that goes on by itself. */
import { DAY_MS, MINUTE_MS } from './calendar.js';

/** A process that slept, or could not keep up, goes on from where it was instead of leaping. */
const LONGEST_STEP_MS = 1_000;

/** How the time of a school runs. */
export interface Pace {
  /** Simulated days in a minute of this machine. */
  readonly daysPerMinute: number;
  /** Any clock of this machine that never goes back, ms. */
  readonly ticks: () => number;
  /** The clock of this machine, ms since epoch: a school may come as far as the present, not into the future, where the engine refuses events. */
  readonly wall: () => number;
}

/** Simulated time, moved on by whoever asks it to. */
export class PacedClock {
  private lastTicks: number;

  /** @param timeMs - simulated time at first, ms since epoch */
  constructor(
    private timeMs: number,
    private readonly pace: Pace,
  ) {
    this.lastTicks = pace.ticks();
  }

  /** Unit: ms since epoch. */
  get nowMs(): number {
    return this.timeMs;
  }

  /** Moves on by the time since the last call, unless it is held; returns the simulated time. */
  advance(held = false): number {
    const { daysPerMinute, ticks, wall } = this.pace;
    const nowTicks = ticks();
    const passedMs = Math.min(nowTicks - this.lastTicks, LONGEST_STEP_MS);
    this.lastTicks = nowTicks;
    if (held) return this.timeMs;
    const wantedMs = this.timeMs + (passedMs * daysPerMinute * DAY_MS) / MINUTE_MS;
    this.timeMs = Math.max(this.timeMs, Math.min(wantedMs, wall()));
    return this.timeMs;
  }
}

/** Simulated time that passes in a second of this machine, in whole minutes, at least one. Unit: ms. */
export function simulatedSecondMs(daysPerMinute: number): number {
  return Math.max(1, Math.round((daysPerMinute * DAY_MS) / 60 / MINUTE_MS)) * MINUTE_MS;
}
