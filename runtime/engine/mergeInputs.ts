import type { Arrival, Channel } from './channel.js';
import type { PartitionInput } from './partitionInput.js';

/** The next arrival of a task, or the channels that it must hear of first. */
export type Selection =
  | { readonly kind: 'next'; readonly input: PartitionInput; readonly channel: Channel; readonly arrival: Arrival }
  | { readonly kind: 'blocked'; readonly by: readonly Channel[]; readonly clockMs: number }
  | { readonly kind: 'empty' };

interface Lane {
  readonly input: PartitionInput;
  readonly channel: Channel;
}

/**
 * Merges the channels of a task's inputs in the order (clock, source topic, partition, producer, offset), where the clock
 * is the running maximum of time within a channel. The order is a function of what the channels hold, never of when it
 * arrived: an arrival is released only when every other channel has a later one or has promised, by its clock, to have
 * none before it. Idle and ended channels promise everything.
 */
export class MergedInputs {
  private lanes: Lane[] = [];

  constructor(readonly inputs: readonly PartitionInput[]) {
    this.refresh();
  }

  /** Channels appear when the first record of a new producer is read. */
  private refresh(): void {
    const count = this.inputs.reduce((total, input) => total + input.channels.size, 0);
    if (count === this.lanes.length) return;
    this.lanes = this.inputs.flatMap((input) => [...input.channels.values()].map((channel) => ({ input, channel })));
    this.lanes.sort((a, b) => compareLanes(a, b));
  }

  select(): Selection {
    this.refresh();
    let best = -1;
    let bestMs = Infinity;
    for (let index = 0; index < this.lanes.length; index++) {
      const head = this.lanes[index]!.channel.peek();
      if (head !== undefined && (best < 0 || head.clockMs < bestMs)) {
        best = index;
        bestMs = head.clockMs;
      }
    }
    if (best < 0) return { kind: 'empty' };
    const by = this.blockers(best, bestMs);
    if (by.length > 0) return { kind: 'blocked', by, clockMs: bestMs };
    const { input, channel } = this.lanes[best]!;
    return { kind: 'next', input, channel, arrival: channel.peek()! };
  }

  private blockers(best: number, bestMs: number): readonly Channel[] {
    if (this.lanes.length === 1) return [];
    let by: Channel[] | undefined;
    for (let index = 0; index < this.lanes.length; index++) {
      const { channel } = this.lanes[index]!;
      const { progress } = channel;
      if (progress.idle || progress.ended || channel.peek() !== undefined) continue;
      if (progress.clockMs > bestMs || (progress.clockMs === bestMs && index > best)) continue;
      (by ??= []).push(channel);
    }
    return by ?? [];
  }

  /** Reads on where something is waited for. Returns false when there was nothing to read. */
  fill(): boolean {
    let any = false;
    for (const input of this.inputs) if (input.isAwaited) any = input.fill() || any;
    return any;
  }

  /** True while something that is waited for is known to be in the log, and on its way. */
  get isFetching(): boolean {
    return this.inputs.some((input) => input.isAwaited && input.isFetching);
  }

  /**
   * The least watermark over the channels that are not idle, -Infinity before all have one, Infinity when all have ended; `null` when
   * those that have not ended are idle.
   * Tables of latest values that every task holds whole do not hold it back.
   */
  watermark(): number | null {
    let least = Infinity;
    let idle = 0;
    let counted = 0;
    for (const { input, channel } of this.lanes) {
      if (!input.options.source.holdsWatermark) continue;
      counted++;
      const { progress } = channel;
      if (progress.ended) continue;
      if (progress.idle) idle++;
      else least = Math.min(least, progress.watermarkMs);
    }
    return counted === 0 || (least === Infinity && idle > 0) ? null : least;
  }

  /** The least clock that the next arrival can have, by what the channels that are waited for have brought or promised so far. */
  get nextMs(): number {
    let least = Infinity;
    for (const { channel } of this.lanes) {
      const { idle, ended } = channel.progress;
      if (!idle && !ended) least = Math.min(least, channel.nextMs);
    }
    return least;
  }

  channels(): readonly Channel[] {
    this.refresh();
    return this.lanes.map((lane) => lane.channel);
  }
}

function compareLanes(a: Lane, b: Lane): number {
  const [x, y] = [a.input.options, b.input.options];
  if (x.topic !== y.topic) return x.topic < y.topic ? -1 : 1;
  return x.partition - y.partition || producerOrder(a.channel.id, b.channel.id);
}

/** By producer name, then by its partition as a number. */
function producerOrder(a: string, b: string): number {
  const [nameA, partitionA] = splitProducer(a);
  const [nameB, partitionB] = splitProducer(b);
  return nameA === nameB ? partitionA - partitionB : nameA < nameB ? -1 : 1;
}

function splitProducer(id: string): [string, number] {
  const at = id.lastIndexOf('#');
  return at < 0 ? [id, 0] : [id.slice(0, at), Number(id.slice(at + 1))];
}
