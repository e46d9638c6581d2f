/** Finds the last record of a key without an index: what a page about one learner needs, now and then. */
import { setImmediate } from 'node:timers/promises';
import { partitionOf } from '../../runtime/engine/partitioner.js';
import type { Log, LogRecord } from '../../runtime/ports.js';

/** Offsets that are looked at before others get their turn. */
const CHUNK = 1000;
/** Keys whose last record is remembered. */
const MOST_KEYS = 256;

/** What is known of a key. */
interface Found {
  /** Everything before this offset has been looked at. */
  seenTo: number;
  /** Bytes of the last record; `null` for a tombstone and where there is none. */
  value: Buffer | null;
}

/**
 * Looks for a key from the end of its partition backwards, and remembers what it found: asked again, it looks at newer records alone. The
 * first look at a key that is long silent reads its whole partition, a thousand records at a time between other work.
 */
export class LatestRecords {
  private readonly known = new Map<string, Found>();
  /** Searches run one after the other, so that many do not crowd out what else the process does. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: Log) {}

  /** Bytes of the last record of a key; `null` where there is none, it was deleted, or the topic does not exist. @param topic - physical name */
  find(topic: string, key: string): Promise<Buffer | null> {
    const search = this.last.then(() => this.look(topic, key));
    this.last = search.catch(() => undefined);
    return search;
  }

  private async look(topic: string, key: string): Promise<Buffer | null> {
    const partitions = this.log.topics().find(({ name }) => name === topic)?.partitions;
    if (partitions === undefined) return null;
    const partition = partitionOf(Buffer.from(key), partitions);
    const { start, end } = this.log.range(topic, partition);
    const found = this.recall(`${topic}/${key}`);
    // A log that was replaced begins anew.
    if (end < found.seenTo) Object.assign(found, { seenTo: 0, value: null });
    const record = await this.lastBetween({ topic, partition, key }, Math.max(start, found.seenTo), end);
    if (record !== null) found.value = record.value === null ? null : Buffer.from(record.value);
    found.seenTo = end;
    return found.value;
  }

  private recall(id: string): Found {
    const found = this.known.get(id) ?? { seenTo: 0, value: null };
    this.known.delete(id);
    this.known.set(id, found);
    if (this.known.size > MOST_KEYS) this.known.delete(this.known.keys().next().value!);
    return found;
  }

  private async lastBetween(place: Place, from: number, end: number): Promise<LogRecord | null> {
    for (let high = end; high > from; high = Math.max(from, high - CHUNK)) {
      const record = this.lastInChunk(place, Math.max(from, high - CHUNK), high);
      if (record !== null) return record;
      await setImmediate();
    }
    return null;
  }

  /** Over gaps it sees more than asked for, which was looked at before. */
  private lastInChunk({ topic, partition, key }: Place, low: number, high: number): LogRecord | null {
    let last: LogRecord | null = null;
    for (const record of this.log.read(topic, partition, low, high - low)) {
      if (keyTextOf(record) === key) last = record;
    }
    return last;
  }
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
}

const keyTextOf = ({ key, keyText }: LogRecord): string | null => (keyText === undefined ? (key?.toString() ?? null) : keyText);
