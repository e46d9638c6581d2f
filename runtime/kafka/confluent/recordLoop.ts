/** Pulls records out of a native consumer, and hands them out by partition. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogRecord } from '../../ports.js';
import type { FetchListener, TopicPartition } from '../broker.js';
import { readParts } from '../markerKeys.js';
import { deliver, deliverHeld, type PartitionTable, type ReadPartition } from '../partitionTable.js';
import { WakeUp } from '../wakeUp.js';
import { asError, nativeCall, type NativeConsumer, type NativeFailure, type NativeMessage } from './native.js';

/** Records of one pull: they are made on the main thread, some 7 µs each. */
const PULL_RECORDS = 1_000;
/** The client says when there is something to pull; this is for its timers, and should it ever forget. */
const IDLE_MS = 200;

/** The name of the engine's one header. */
export const HEADER_NAME = 'skillforge';

/** What one pull brought of one partition. */
interface Pulled {
  readonly entry: ReadPartition;
  readonly records: LogRecord[];
  nextOffset: number;
  atEnd: boolean;
}

interface EndEvent extends TopicPartition {
  readonly offset: number;
}

/** What the loop leaves to its consumer. */
export interface LoopHooks {
  /** A pull failed; pulling goes on. */
  readonly onFailure: (error: NativeFailure) => void;
  /** A paused partition holds more than before. */
  readonly onHeld: (entry: ReadPartition) => void;
}

/** The loop of one consumer. It goes on while partitions are paused: that is what keeps the consumer in its group. */
export class RecordLoop {
  /** Counts the pulls, see {@link ReadPartition.staleUntil}. */
  pullNumber = 0;
  private readonly wakeUp = new WakeUp();
  private readonly ends: EndEvent[] = [];
  private stopping = false;
  private running: Promise<void> = Promise.resolve();
  /** The pull that is under way, or was the last one. */
  private pulling: Promise<boolean> = Promise.resolve(false);
  /** The last work that no pull may overlap. */
  private exclusive: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly native: NativeConsumer,
    private readonly table: PartitionTable,
    private readonly listener: FetchListener,
    private readonly hooks: LoopHooks,
  ) {
    native.on('partition.eof', (end: EndEvent) => this.ends.push(end));
  }

  start(): void {
    this.running = this.run();
  }

  /** There may be something to do. */
  wake(): void {
    this.wakeUp.call();
  }

  /**
   * Does something while no pull is under way. A pull that overlaps a seek may bring records of either side of it, and nothing tells which: to drop
   * them would lose what the client does not fetch again.
   */
  betweenPulls(work: () => Promise<void> | void): Promise<void> {
    const before = this.exclusive;
    const done = (async () => {
      await before;
      for (let last: unknown; last !== this.pulling;) {
        last = this.pulling;
        await last;
        // The client tells of ends by a way of its own: those of the last pull may come a turn later than its records.
        await nextTurn();
      }
      this.handOut([], this.ends.splice(0), this.pullNumber);
      await work();
    })();
    this.exclusive = done.catch(() => undefined);
    return done;
  }

  /** Resolves when no pull is under way any more. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp.call();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      await this.settled();
      const any = await (this.pulling = this.turn());
      if (!any && !this.stopping) await this.wakeUp.sleep(IDLE_MS);
    }
  }

  /** Waits for what no pull may overlap. */
  private async settled(): Promise<void> {
    for (let last: unknown; last !== this.exclusive; await last) last = this.exclusive;
  }

  /** One pull; whether there may be more. */
  private async turn(): Promise<boolean> {
    const held = deliverHeld(this.table, this.listener.onRecords);
    const pull = ++this.pullNumber;
    try {
      const messages = await nativeCall<NativeMessage[]>((done) => this.native.consume(PULL_RECORDS, done));
      const ends = this.ends.splice(0);
      this.handOut(messages, ends, pull);
      return held || messages.length > 0 || ends.length > 0;
    } catch (error) {
      this.hooks.onFailure(asError(error));
      return false;
    }
  }

  private handOut(messages: readonly NativeMessage[], ends: readonly EndEvent[], pull: number): void {
    const pulled = new Map<ReadPartition, Pulled>();
    const slab = new Slab(messages);
    let last: Pulled | undefined;
    for (const message of messages) {
      if (last?.entry.partition !== message.partition || last.entry.topic !== message.topic) last = this.pulledOf(pulled, message, pull);
      if (last === undefined) continue;
      last.records.push(recordOf(message, slab));
      last.nextOffset = message.offset + 1;
    }
    for (const end of ends) this.markEnd(pulled, end, pull);
    for (const { entry, records, nextOffset, atEnd } of pulled.values()) {
      deliver(entry, { topic: entry.topic, partition: entry.partition, records, nextOffset, atEnd }, this.listener.onRecords);
      if (entry.paused) this.hooks.onHeld(entry);
    }
  }

  /** `undefined` for a partition that is not read any more, or from elsewhere. */
  private pulledOf(pulled: Map<ReadPartition, Pulled>, { topic, partition }: TopicPartition, pull: number): Pulled | undefined {
    const entry = this.table.get(topic, partition);
    if (entry === undefined || pull <= entry.staleUntil) return undefined;
    let one = pulled.get(entry);
    if (one === undefined) pulled.set(entry, (one = { entry, records: [], nextOffset: entry.position, atEnd: false }));
    return one;
  }

  /** An end before the last record of its pull is none any more. */
  private markEnd(pulled: Map<ReadPartition, Pulled>, end: EndEvent, pull: number): void {
    const one = this.pulledOf(pulled, end, pull);
    if (one === undefined || end.offset < one.nextOffset) return;
    one.nextOffset = end.offset;
    one.atEnd = true;
  }
}

/**
 * One piece of memory for the bytes of a pull. The client gives each key, value and header a piece of its own; those that wait for their task
 * outlive the young generation, and thousands of small pieces cost the garbage collector more than to copy them.
 */
class Slab {
  private readonly bytes: Buffer;
  private used = 0;

  constructor(messages: readonly NativeMessage[]) {
    let size = 0;
    for (const { key, value, headers } of messages) size += (key?.length ?? 0) + (value?.length ?? 0) + (headerOf(headers)?.length ?? 0);
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  copyOf(bytes: Buffer | null): Buffer | null {
    if (!bytes) return null;
    const from = this.used;
    this.used += bytes.copy(this.bytes, from);
    return this.bytes.subarray(from, this.used);
  }
}

function recordOf(message: NativeMessage, slab: Slab): LogRecord {
  const header = headerOf(message.headers);
  const { key, value } = readParts(message.key, message.value, header);
  return { offset: message.offset, appendTimeMs: message.timestamp, key: slab.copyOf(key), value: slab.copyOf(value), header: slab.copyOf(header) };
}

function headerOf(headers: NativeMessage['headers']): Buffer | null {
  for (const one of headers ?? []) if (one[HEADER_NAME] !== undefined) return one[HEADER_NAME];
  return null;
}
