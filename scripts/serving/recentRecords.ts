/** Finds the last records of a key without an index: what a page about one learner needs, now and then. */
import { setImmediate } from 'node:timers/promises';
import { partitionOf } from '../../schemas/partitioner.js';
import type { Log, LogRecord } from '../../runtime/ports.js';

/** Offsets that are looked at before others get their turn. */
const CHUNK = 1000;

/** How much is remembered. */
export interface RecentOptions {
  /** Most records of a key. */
  readonly most: number;
  /** Keys whose records are remembered. */
  readonly keys: number;
  /** Offsets before the end that a first look goes back (all). */
  readonly reach?: number;
}

/** What is known of a key. */
interface Found {
  /** Everything before this offset has been looked at. */
  seenTo: number;
  /** Bytes of the last records, newest first. */
  values: readonly Buffer[];
}

/** Records of a key in a piece of a partition. */
interface Piece {
  /** Newest first. */
  readonly values: readonly Buffer[];
  /** What was before is gone: the key was deleted. */
  readonly isDeleted: boolean;
}

/**
 * Looks for a key from the end of its partition backwards, and remembers what it found: asked again, it looks at newer records alone. The
 * first look at a key that has fewer records than are asked for reads its whole partition, or as far as it reaches, a thousand records at a time between other work. What came
 * before a tombstone is not found.
 */
export class RecentRecords {
  private readonly known = new Map<string, Found>();
  /** Searches run one after the other, so that many do not crowd out what else the process does. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: Log,
    private readonly options: RecentOptions,
  ) {}

  /** Bytes of the last records of a key, newest first; none where the topic does not exist. @param topic - physical name */
  find(topic: string, key: string): Promise<readonly Buffer[]> {
    const search = this.last.then(() => this.look(topic, key));
    this.last = search.catch(() => undefined);
    return search;
  }

  private async look(topic: string, key: string): Promise<readonly Buffer[]> {
    const partitions = this.log.topics().find(({ name }) => name === topic)?.partitions;
    if (partitions === undefined) return [];
    const partition = partitionOf(Buffer.from(key), partitions);
    const { start, end } = this.log.range(topic, partition);
    const found = this.recall(`${topic}/${key}`);
    // A log that was replaced begins anew.
    if (end < found.seenTo) Object.assign(found, { seenTo: 0, values: [] });
    const { reach = Infinity } = this.options;
    const newer = await this.between({ topic, partition, key }, Math.max(start, found.seenTo, end - reach), end);
    found.values = newer.isDeleted ? newer.values : [...newer.values, ...found.values].slice(0, this.options.most);
    found.seenTo = end;
    return found.values;
  }

  private recall(id: string): Found {
    const found = this.known.get(id) ?? { seenTo: 0, values: [] };
    this.known.delete(id);
    this.known.set(id, found);
    if (this.known.size > this.options.keys) this.known.delete(this.known.keys().next().value!);
    return found;
  }

  private async between(place: Place, from: number, end: number): Promise<Piece> {
    const values: Buffer[] = [];
    for (let high = end; high > from; high = Math.max(from, high - CHUNK)) {
      const piece = this.inChunk(place, Math.max(from, high - CHUNK), high, this.options.most - values.length);
      values.push(...piece.values);
      if (piece.isDeleted || values.length >= this.options.most) return { values, isDeleted: piece.isDeleted };
      await setImmediate();
    }
    return { values, isDeleted: false };
  }

  /** Over gaps a read gives more than asked for, which was looked at before. */
  private inChunk({ topic, partition, key }: Place, low: number, high: number, most: number): Piece {
    const records = this.log.read(topic, partition, low, high - low).filter((record) => record.offset < high && keyTextOf(record) === key);
    const deletedAt = records.findLastIndex(({ value }) => value === null);
    const kept = records
      .slice(deletedAt + 1)
      .slice(-most)
      .reverse();
    return { values: kept.map(({ value }) => Buffer.from(value!)), isDeleted: deletedAt >= 0 };
  }
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
}

const keyTextOf = ({ key, keyText }: LogRecord): string | null => (keyText === undefined ? (key?.toString() ?? null) : keyText);
