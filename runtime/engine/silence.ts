import type { Channel } from './channel.js';
import type { PartitionInput } from './partitionInput.js';
import type { ChannelProgress } from './progress.js';

/**
 * What the end of the log means for an input: `wait` for its `idleMs` and then treat it as silent; silent at once (`idle`: a bounded
 * run over what is there); the end of the input for good (`end`); or nothing (`told`: whoever writes it says when it is silent, however
 * long a slow machine takes until then).
 */
export type SilenceKind = 'wait' | 'told' | 'idle' | 'end';

/** What a step is told. */
export interface StepOptions {
  /** Any clock, ms: decides idleness only. */
  readonly nowMs: number;
  /** In place of the `idleMs` of each source, ms. */
  readonly idleMs?: number | undefined;
  readonly silence: (input: PartitionInput, channel: Channel) => SilenceKind;
  /** Ends a wait for asynchronous work: the step rejects with the signal's reason, and commits nothing. */
  readonly stopped?: AbortSignal;
}

/** Decides which channels that say nothing a task stops waiting for. */
export class Silence {
  private readonly quietSince = new Map<Channel, number>();

  constructor(
    private readonly inputs: readonly PartitionInput[],
    private readonly decided: (phase: 'idle' | 'end', channel: Channel) => void,
  ) {}

  /** Looks at every channel. Returns true when something was decided: nothing while what is known to be in the log is on its way. */
  settle(options: StepOptions): boolean {
    let any = false;
    // Nobody is silent for that, nor is it to be lived otherwise when it is read again.
    const isFetching = this.inputs.some((input) => input.isAwaited && input.isFetching);
    for (const input of this.inputs) {
      input.settle();
      for (const channel of input.channels.values()) {
        if (isFetching) this.broken(channel);
        else any = this.settleChannel(input, channel, options) || any;
      }
    }
    return any;
  }

  /** The channel spoke. */
  broken(channel: Channel): void {
    this.quietSince.delete(channel);
  }

  private settleChannel(input: PartitionInput, channel: Channel, { nowMs, silence, idleMs = input.options.source.idleMs }: StepOptions): boolean {
    const { progress } = channel;
    const kind = silence(input, channel);
    if (kind === 'told' || channel.size > 0 || isDecided(progress, kind)) {
      this.quietSince.delete(channel);
      return false;
    }
    // A clock that was set back counts from there: the wait takes `idleMs` at most again.
    // What came and went since the last look broke the silence, too.
    const since = channel.heard ? nowMs : Math.min(this.quietSince.get(channel) ?? nowMs, nowMs);
    channel.heard = false;
    this.quietSince.set(channel, since);
    if (kind === 'wait' && nowMs - since < idleMs) return false;
    if (kind === 'end') progress.ended = true;
    else progress.idle = true;
    this.decided(kind === 'end' ? 'end' : 'idle', channel);
    return true;
  }
}

const isDecided = ({ ended, idle }: ChannelProgress, kind: SilenceKind): boolean => ended || (idle && kind !== 'end');
