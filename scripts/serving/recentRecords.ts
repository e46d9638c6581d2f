/** Finds the last records of a key without an index: what a page about one learner needs, now and then. */
import { setImmediate } from 'node:timers/promises';
import { partitionOf } from '../../schemas/partitioner.js';
import type { LogRecord, ToolAccess } from '../../runtime/ports.js';

/** Offsets that are looked at first. */
const FIRST_CHUNK = 1_000;
/** The next piece is larger than the one before: to begin a read costs more than a record, on Kafka as much as some thousands. */
const GROWTH = 4;
const LARGEST_CHUNK = 64_000;
/** Records that are read before others get their turn. */
const TURN = 1_000;

/** Where records are looked for: a folder, a storage in memory, or servers. */
export type RecordTools = Pick<ToolAccess, 'topics' | 'ranges' | 'records'>;

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
 * first look at a key that has fewer records than are asked for reads its whole partition, or as far as it reaches, others getting their turn after each thousand. What came
 * before a tombstone is not found.
 */
export class RecentRecords {
  private readonly known = new Map<string, Found>();
  /** Searches run one after the other, so that many do not crowd out what else the process does. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly tools: RecordTools,
    private readonly options: RecentOptions,
  ) {}

  /** Bytes of the last records of a key, newest first; none where the topic does not exist. @param topic - physical name */
  find(topic: string, key: string): Promise<readonly Buffer[]> {
    const search = this.last.then(() => this.look(topic, key));
    this.last = search.catch(() => undefined);
    return search;
  }

  private async look(topic: string, key: string): Promise<readonly Buffer[]> {
    const partitions = (await this.tools.topics()).find(({ name }) => name === topic)?.partitions;
    if (partitions === undefined) return [];
    const partition = partitionOf(Buffer.from(key), partitions);
    const { start, end } = (await this.tools.ranges(topic))[partition]!;
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
    for (let [high, chunk] = [end, FIRST_CHUNK]; high > from; chunk = Math.min(GROWTH * chunk, LARGEST_CHUNK)) {
      const low = Math.max(from, high - chunk);
      const piece = await this.inChunk(place, low, high, this.options.most - values.length);
      values.push(...piece.values);
      if (piece.isDeleted || values.length >= this.options.most) return { values, isDeleted: piece.isDeleted };
      high = low;
    }
    return { values, isDeleted: false };
  }

  private async inChunk({ topic, partition, key }: Place, low: number, high: number, most: number): Promise<Piece> {
    const records: LogRecord[] = [];
    let read = 0;
    for await (const record of this.tools.records(topic, partition, low)) {
      // What comes then was looked at before.
      if (record.offset >= high) break;
      if (keyTextOf(record) === key) records.push(record);
      if (++read % TURN === 0) await setImmediate();
    }
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
