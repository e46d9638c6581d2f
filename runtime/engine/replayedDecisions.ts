import type { Channel } from './channel.js';
import type { Decision, Standing } from './decisions.js';
import type { Selection } from './mergeInputs.js';
import { clocksOf, type TaskProgress } from './progress.js';

/**
 * Decisions of an earlier life of a task, which it has still to apply while its state is built again from the log. A channel shows
 * nothing from the position of its next decision on: when the decision was made, the log held no more of it.
 */
export class ReplayedDecisions {
  private next = 0;
  /** Channels that the last decisions left silent and that have more in the log: the earliest by append time is the last here. */
  private readonly silent: Channel[] = [];

  /** @param decisions - those that are not applied yet: as many as `progress.replaying` says */
  constructor(
    private readonly decisions: readonly Decision[],
    private readonly channels: ReadonlyMap<string, Channel>,
    private readonly progress: TaskProgress,
  ) {
    for (const id of this.pending ? channels.keys() : []) this.hold(id);
  }

  /** True while there is something to apply: meanwhile the task makes no decision of its own. */
  get pending(): boolean {
    return this.next < this.decisions.length || this.silent.length > 0;
  }

  /** True when it is here that a channel's silence is broken, not where the task reads on. */
  decidesOn(channel: Channel): boolean {
    return this.next < this.decisions.length || channel.heldFrom < Infinity;
  }

  /**
   * True when the task has come to where it stood, or beyond. Beyond happens where retention removed the beginning of the log: the
   * clock tells then, since records cannot be counted.
   */
  isDue(selected: Selection): boolean {
    if (selected.kind !== 'next') return false;
    const { record, clockMs, header } = selected.arrival;
    const at = this.decisions[this.next]?.at;
    if (at === undefined) return this.silent.some((channel) => channel.first!.record.appendTimeMs < record.appendTimeMs);
    const { counters, watermarkMs } = this.progress;
    if (counters.records > at.records || clockMs > at.clockMs) return true;
    if (counters.records < at.records) return false;
    // Markers that came before it are still to be taken when they have not been counted, or the watermark is not where it was.
    return !header?.marker || (clocksOf(this.progress) >= at.clocks && watermarkMs >= at.watermarkMs);
  }

  /**
   * Applies the next decision and all that were made at the same place. After the last, gives a channel that the earlier life left
   * silent and that has spoken since, the first one by append time: the task goes on from there by itself. Else `null`.
   */
  apply(): Channel | null {
    const at = this.decisions[this.next]?.at;
    if (at === undefined) return this.release();
    for (let decision = this.decisions[this.next]; decision !== undefined && isSame(decision.at, at); decision = this.decisions[this.next]) {
      this.next++;
      this.progress.decided++;
      this.progress.replaying--;
      applyTo(this.channels.get(decision.channel)!, decision);
      this.hold(decision.channel);
    }
    if (this.next === this.decisions.length) this.finish();
    return null;
  }

  /** Notes that the task has decided something about a channel. */
  made({ id }: Channel): void {
    if (this.channels.has(id)) this.progress.decided++;
  }

  private hold(id: string): void {
    const channel = this.channels.get(id)!;
    const coming = this.decisions.find((one, index) => index >= this.next && one.channel === id);
    // What came after a channel's last decision came after the last of all.
    channel.heldFrom = coming?.position ?? (isSilent(channel) ? 0 : Infinity);
  }

  private finish(): void {
    for (const channel of this.channels.values()) {
      if (isSilent(channel) && channel.first !== undefined) this.silent.push(channel);
      else channel.heldFrom = Infinity;
    }
    this.silent.sort((a, b) => b.first!.record.appendTimeMs - a.first!.record.appendTimeMs);
  }

  private release(): Channel | null {
    const channel = this.silent.pop() ?? null;
    if (channel !== null) channel.heldFrom = Infinity;
    return channel;
  }
}

const isSilent = ({ progress }: Channel): boolean => progress.idle || progress.ended;

function applyTo(channel: Channel, { phase, at }: Decision): void {
  if (phase === 'end') channel.progress.ended = true;
  else channel.progress.idle = phase === 'idle';
  if (phase === 'resume') channel.resumeAt(at.clockMs);
}

const isSame = (a: Standing, b: Standing): boolean =>
  a.records === b.records && a.clocks === b.clocks && a.clockMs === b.clockMs && a.watermarkMs === b.watermarkMs;
