/** Dead letters as the page shows them: counted once, and then only what is new. */
import type { ConsoleDeadLetter, ConsoleDeadLetters } from '../../reader/consoleSource.js';
import type { LogRecord, PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { LocalSchemaIds, deadLetterKey, errorCodeOf, physicalTopicName, topicCodec, topics } from '../../schemas/index.js';

/** Letters that are shown. */
const MOST_SHOWN = 50;
/** Characters of a key or a reason that are shown. */
const MOST_CHARACTERS = 500;

/** A letter, with the position of the record that it holds. */
interface Kept {
  readonly letter: Omit<ConsoleDeadLetter, 'sentBackAtMs'>;
  readonly position: string;
}

/** What is known of a partition. */
interface PartitionTally {
  readonly start: number;
  next: number;
  readonly byCode: Map<string, number>;
  /** The last ones, oldest first. */
  readonly last: Kept[];
  /** When records were sent back, ms since epoch, by their position. */
  readonly notes: Map<string, number>;
}

/**
 * Counts the dead letters of a region. The first look reads all of them; later ones read what is new. Where retention
 * has removed some, the rest is counted anew. Memory grows with the records that were sent back, some 100 bytes each.
 */
export class DeadLetterTally {
  private readonly topic: string;
  private readonly codec;
  private partitions: PartitionTally[] = [];
  private looking: Promise<ConsoleDeadLetters> | null = null;

  constructor(
    private readonly tools: Pick<ToolAccess, 'topics' | 'ranges' | 'records' | 'schemas'>,
    region: string,
  ) {
    this.codec = topicCodec(topics.deadLetters, tools.schemas ?? LocalSchemaIds.withAccepted());
    this.topic = physicalTopicName(region, topics.deadLetters.name);
  }

  /** As they are now; who asks meanwhile gets the same answer. */
  read(): Promise<ConsoleDeadLetters> {
    this.looking ??= this.look().finally(() => (this.looking = null));
    return this.looking;
  }

  private async look(): Promise<ConsoleDeadLetters> {
    const exists = (await this.tools.topics()).some(({ name }) => name === this.topic);
    const ranges = exists ? await this.tools.ranges(this.topic) : [];
    this.partitions.length = Math.min(this.partitions.length, ranges.length);
    for (const [partition, range] of ranges.entries()) await this.catchUp(partition, range);
    return this.told();
  }

  private async catchUp(partition: number, { start, end }: PartitionRange): Promise<void> {
    const before = this.partitions[partition];
    const isSame = before?.start === start && before.next <= end;
    const tally: PartitionTally = isSame ? before : { start, next: start, byCode: new Map(), last: [], notes: new Map() };
    this.partitions[partition] = tally;
    if (tally.next >= end) return;
    for await (const record of this.tools.records(this.topic, partition, tally.next)) {
      this.take(tally, record);
      tally.next = record.offset + 1;
    }
    // Offsets without a record may be at the end.
    tally.next = Math.max(tally.next, end);
  }

  /** A record without a value notes that the one of its key was sent back. */
  private take(tally: PartitionTally, { key, value, appendTimeMs }: LogRecord): void {
    if (value === null) {
      if (key !== null) tally.notes.set(key.toString(), appendTimeMs);
      return;
    }
    const kept = this.keptOf(key?.toString() ?? '', value, appendTimeMs);
    const code = typeof kept === 'string' ? kept : kept.letter.code;
    tally.byCode.set(code, (tally.byCode.get(code) ?? 0) + 1);
    if (typeof kept === 'string') return;
    tally.last.push(kept);
    if (tally.last.length > MOST_SHOWN) tally.last.shift();
  }

  /** A letter that cannot be read itself is counted under the code that says why. */
  private keptOf(id: string, value: Buffer, writtenAtMs: number): Kept | string {
    try {
      const { personal, topology, topologyVersion, sourceTopic, sourcePartition, sourceOffset, ...rest } = this.codec.decode(id, Buffer.from(value));
      return {
        position: deadLetterKey(sourceTopic, sourcePartition, sourceOffset),
        letter: {
          id: rest.id,
          code: rest.code,
          topology: topology === null ? null : `${topology}@${topologyVersion ?? '?'}`,
          stage: rest.stage,
          sourceTopic,
          eventTimeMs: rest.failedAtEventTimeMs,
          writtenAtMs,
          key: personal.key === null ? null : cut(personal.key.toString()),
          reason: cut(rest.reason),
        },
      };
    } catch (error) {
      return errorCodeOf(error, 'SFS_DECODE_FAILED');
    }
  }

  private told(): ConsoleDeadLetters {
    const byCode = new Map<string, number>();
    for (const tally of this.partitions) for (const [code, count] of tally.byCode) byCode.set(code, (byCode.get(code) ?? 0) + count);
    const last = this.partitions.flatMap((tally) => tally.last).sort((a, b) => b.letter.writtenAtMs - a.letter.writtenAtMs);
    return {
      total: [...byCode.values()].reduce((sum, count) => sum + count, 0),
      sentBack: this.partitions.reduce((sum, { notes }) => sum + notes.size, 0),
      byCode: Array.from(byCode, ([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
      letters: last.slice(0, MOST_SHOWN).map(({ letter, position }) => ({ ...letter, sentBackAtMs: this.sentBackAt(position) })),
    };
  }

  private sentBackAt(position: string): number | null {
    for (const { notes } of this.partitions) {
      const atMs = notes.get(position);
      if (atMs !== undefined) return atMs;
    }
    return null;
  }
}

const cut = (text: string): string => (text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`);
