import type { Channel } from './channel.js';
import type { Decision, Standing } from './decisions.js';
import type { Selection } from './mergeInputs.js';
import type { PartitionInput } from './partitionInput.js';
import { clocksOf, type TaskProgress } from './progress.js';

/** A channel with the input that it is one of. */
export interface ReplayedLane {
  readonly channel: Channel;
  readonly input: Pick<PartitionInput, 'isReadOut'>;
}

/**
 * Decisions of an earlier life of a task, which it has still to apply while its state is built again from the log. A channel shows
 * nothing from the position of its next decision on: when the decision was made, the log held no more of it.
 */
export class ReplayedDecisions {
  private next = 0;
  /** Those that the last decisions left silent, and that may have more in the log. */
  private silent: ReplayedLane[] = [];

  /** @param decisions - those that are not applied yet: as many as `progress.replaying` says */
  constructor(
    private readonly decisions: readonly Decision[],
    private readonly lanes: ReadonlyMap<string, ReplayedLane>,
    private readonly progress: TaskProgress,
  ) {
    for (const id of this.pending ? lanes.keys() : []) this.hold(id);
  }

  /** True while there is something to apply: meanwhile the task makes no decision of its own. */
  get pending(): boolean {
    return this.next < this.decisions.length || this.silent.length > 0;
  }

  /** True while it is to be read which of the channels that were left silent has spoken first. */
  get isUnread(): boolean {
    return this.silent.some(({ channel, input }) => channel.first === undefined && !input.isReadOut);
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
    if (at === undefined) return this.isUnread || this.silent.some((one) => spokeAtMs(one) < record.appendTimeMs);
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
  apply(selected: Selection): Channel | null {
    const at = this.decisions[this.next]?.at;
    if (at === undefined) return this.release(selected);
    for (let decision = this.decisions[this.next]; decision !== undefined && isSame(decision.at, at); decision = this.decisions[this.next]) {
      this.next++;
      this.progress.decided++;
      this.progress.replaying--;
      applyTo(this.lanes.get(decision.channel)!.channel, decision);
      this.hold(decision.channel);
    }
    if (this.next === this.decisions.length) this.finish();
    return null;
  }

  /** Notes that the task has decided something about a channel. */
  made({ id }: Channel): void {
    if (this.lanes.has(id)) this.progress.decided++;
  }

  private hold(id: string): void {
    const { channel } = this.lanes.get(id)!;
    const coming = this.decisions.find((one, index) => index >= this.next && one.channel === id);
    // What came after a channel's last decision came after the last of all.
    channel.heldFrom = coming?.position ?? (isSilent(channel) ? 0 : Infinity);
  }

  private finish(): void {
    for (const lane of this.lanes.values()) {
      if (isSilent(lane.channel)) this.silent.push(lane);
      else lane.channel.heldFrom = Infinity;
    }
  }

  /** Lets go of the channel that spoke first, if it is its turn, and of all that have said nothing. */
  private release(selected: Selection): Channel | null {
    const first = selected.kind !== 'next' || this.isDue(selected) ? this.firstThatSpoke() : null;
    this.silent = this.silent.filter((lane) => {
      const isKept = lane !== first && (lane.channel.first !== undefined || !lane.input.isReadOut);
      if (!isKept) lane.channel.heldFrom = Infinity;
      return isKept;
    });
    return first?.channel ?? null;
  }

  /** By append time. */
  private firstThatSpoke(): ReplayedLane | null {
    let first: ReplayedLane | null = null;
    for (const lane of this.silent) if (spokeAtMs(lane) < (first === null ? Infinity : spokeAtMs(first))) first = lane;
    return first;
  }
}

/** When the record was appended by which the silence ends; Infinity where nothing has come. */
const spokeAtMs = ({ channel }: ReplayedLane): number => channel.first?.record.appendTimeMs ?? Infinity;

const isSilent = ({ progress }: Channel): boolean => progress.idle || progress.ended;

function applyTo(channel: Channel, { phase, at }: Decision): void {
  if (phase === 'end') channel.progress.ended = true;
  else channel.progress.idle = phase === 'idle';
  if (phase === 'resume') channel.resumeAt(at.clockMs);
}

const isSame = (a: Standing, b: Standing): boolean =>
  a.records === b.records && a.clocks === b.clocks && a.clockMs === b.clockMs && a.watermarkMs === b.watermarkMs;
