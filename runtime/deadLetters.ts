/** Reads the dead letters of a region, and sends what they hold back to where it came from. */
import { LocalSchemaIds, deadLetterKey, physicalTopicName, topicCodec, topics, type DeadLetter, type Opened } from '../schemas/index.js';
import { withoutSequence } from './engine/header.js';
import { partitionOf } from '../schemas/partitioner.js';
import { toolsOf } from './localTools.js';
import type { LocalStorage, NamedWriter, OutputRecord, ToolAccess } from './ports.js';

/** A dead letter as it lies in the log. */
export interface StoredDeadLetter {
  /** Place in the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
  /** When it was written, ms since epoch. */
  readonly appendTimeMs: number;
  readonly letter: Opened<DeadLetter>;
  /** When its record was sent back, ms since epoch; `null` when it was not. */
  readonly replayedAtMs: number | null;
}

/** Why a letter cannot be sent back. */
export interface UnreplayableLetter {
  readonly id: string;
  readonly reason: string;
}

/** What a replay did, by letters: every letter is in one of the counts. */
export interface DeadLetterReplay {
  /** Records sent back. */
  readonly replayed: number;
  /** Letters of a record that was sent back before, or for another letter: a record that failed twice goes back once. */
  readonly alreadyReplayed: number;
  readonly unreplayable: readonly UnreplayableLetter[];
}

/** How to replay. */
export interface ReplayOptions {
  readonly region: string;
  /** Only counts. */
  readonly dryRun?: boolean;
}

const CHUNK = 1000;
const topicOf = (region: string): string => physicalTopicName(region, topics.deadLetters.name);
/** Two topologies that refuse the same record write two letters; the record is the same. */
const positionOf = ({ sourceTopic, sourcePartition, sourceOffset }: Opened<DeadLetter>): string =>
  deadLetterKey(sourceTopic, sourcePartition, sourceOffset);

/**
 * Every dead letter of a region by partition and offset; nothing where the region has no dead-letter topic. Memory grows with the letters that
 * were sent back, some 40 bytes each.
 * @param opened - a folder or a storage in memory, or what tools see of servers
 * @throws SFS_SEALED, SFS_LOG_CORRUPT, and what reading servers throws
 */
export async function* readDeadLetters(opened: LocalStorage | ToolAccess, region: string): AsyncGenerator<StoredDeadLetter, void, undefined> {
  const tools = toolsOf(opened);
  const notes = await readNotes(tools, region);
  const codec = topicCodec(topics.deadLetters, tools.schemas ?? LocalSchemaIds.withAccepted());
  const partitions = await partitionsOf(tools, region);
  for (let partition = 0; partition < partitions; partition++) {
    for await (const { key, value, offset, appendTimeMs } of tools.records(topicOf(region), partition, 0)) {
      if (value === null) continue;
      const letter = codec.decode(key?.toString() ?? '', value);
      yield { partition, offset, appendTimeMs, letter, replayedAtMs: notes.get(positionOf(letter)) };
    }
  }
}

async function partitionsOf(tools: ToolAccess, region: string): Promise<number> {
  return (await tools.topics()).find(({ name }) => name === topicOf(region))?.partitions ?? 0;
}

/**
 * When records were sent back, ms since epoch, by their position. That a record was sent back is noted in the topic of the letters: a record
 * whose key is that position, without a value, in the same append as the record itself. It stays as long as its letter, and longer.
 */
class Notes {
  private readonly byPartition = new Map<string, Map<number, number>>();

  add(position: string, atMs: number): void {
    const [partition, offset] = split(position);
    const offsets = this.byPartition.get(partition) ?? new Map<number, number>();
    this.byPartition.set(partition, offsets.set(offset, atMs));
  }

  get(position: string): number | null {
    const [partition, offset] = split(position);
    return this.byPartition.get(partition)?.get(offset) ?? null;
  }
}

function split(position: string): [partition: string, offset: number] {
  const at = position.lastIndexOf('/');
  return [position.slice(0, at), Number(position.slice(at + 1))];
}

async function readNotes(tools: ToolAccess, region: string): Promise<Notes> {
  const notes = new Notes();
  const partitions = await partitionsOf(tools, region);
  for (let partition = 0; partition < partitions; partition++) {
    for await (const { key, value, appendTimeMs } of tools.records(topicOf(region), partition, 0)) {
      if (value === null && key !== null) notes.add(key.toString(), appendTimeMs);
    }
  }
  return notes;
}

/**
 * Appends the records of the letters to their source topics: same partition, key, bytes and header. Only a sequence number
 * is taken out of the header: readers would pass the record over as one that they have had. Each is sent back once,
 * however often this is called, and whoever else calls it: what was sent is noted in the same append. Every topology that reads the topic sees
 * the record again, also one that had no trouble with it.
 *
 * @param letters - taken after what an earlier call has sent is known
 * @throws SFS_FENCED when somebody else replays meanwhile, and what an append throws; what was sent before stays noted
 */
export async function replayDeadLetters(
  opened: LocalStorage | ToolAccess,
  letters: Iterable<StoredDeadLetter> | AsyncIterable<StoredDeadLetter>,
  options: ReplayOptions,
): Promise<DeadLetterReplay> {
  const tools = toolsOf(opened);
  const { region } = options;
  const specs = await tools.topics();
  const noted = specs.flatMap(({ name }) => (name === topicOf(region) ? [name] : []));
  const writer = options.dryRun === true ? null : await tools.writer(`dead-letters/replay/${region}`, noted);
  try {
    const batch = new ReplayBatch(writer, region, new Map(specs.map(({ name, partitions }) => [name, partitions])), await readNotes(tools, region));
    for await (const stored of letters) {
      batch.take(stored);
      if (batch.size >= CHUNK) await batch.commit();
    }
    await batch.commit();
    return batch.result();
  } finally {
    await writer?.close();
  }
}

class ReplayBatch {
  private readonly taken = new Notes();
  private outputs: OutputRecord[] = [];
  private replayed = 0;
  private alreadyReplayed = 0;
  private readonly unreplayable: UnreplayableLetter[] = [];

  /** @param writer - `null` only counts */
  constructor(
    private readonly writer: NamedWriter | null,
    private readonly region: string,
    private readonly partitions: ReadonlyMap<string, number>,
    private readonly before: Notes,
  ) {}

  /** Records to be sent, each with its note. */
  get size(): number {
    return this.outputs.length / 2;
  }

  take({ letter }: StoredDeadLetter): void {
    const position = positionOf(letter);
    const reason = this.refusalOf(letter);
    if (reason !== null) this.unreplayable.push({ id: letter.id, reason });
    else if (this.before.get(position) !== null || this.taken.get(position) !== null) this.alreadyReplayed++;
    else this.send(letter, position);
  }

  async commit(): Promise<void> {
    const { outputs } = this;
    this.outputs = [];
    if (outputs.length > 0) await this.writer?.commit(outputs, Buffer.from(JSON.stringify({ replayed: this.replayed })));
  }

  result(): DeadLetterReplay {
    return { replayed: this.replayed, alreadyReplayed: this.alreadyReplayed, unreplayable: this.unreplayable };
  }

  private refusalOf({ code, region, sourceTopic, personal }: Opened<DeadLetter>): string | null {
    if (region !== this.region || code === 'SFS_REGION_MISMATCH') return 'it is of another region: records do not cross regions';
    if (!this.partitions.has(sourceTopic)) return `${sourceTopic} is no topic: correct the source and import it again`;
    if (!sourceTopic.startsWith(`${this.region}.`)) return `${sourceTopic} is of another region: records do not cross regions`;
    if (code === 'SFS_LATE') return 'it came behind a window: sent back it would be late again, and counted twice in the windows that took it';
    // Sent back, a letter without a value would be a tombstone: it would delete a row of a table.
    if (personal.value === null) return 'it holds no record: a result that a timer made failed, or the record was a tombstone';
    return null;
  }

  private send(letter: Opened<DeadLetter>, position: string): void {
    const { sourceTopic, sourcePartition, personal } = letter;
    const { key, value, header } = personal;
    const partition = this.partitionOf(sourceTopic, sourcePartition, key);
    this.outputs.push({ topic: sourceTopic, partition, key, value, header: withoutSequence(header) }, this.note(position));
    this.taken.add(position, 0);
    this.replayed++;
  }

  /** A topic that was made anew may have fewer partitions. */
  private partitionOf(topic: string, partition: number, key: Buffer | null): number {
    const partitions = this.partitions.get(topic)!;
    return partition < partitions ? partition : partitionOf(key ?? Buffer.alloc(0), partitions);
  }

  private note(position: string): OutputRecord {
    const topic = topicOf(this.region);
    const key = Buffer.from(position);
    return { topic, partition: partitionOf(key, this.partitions.get(topic)!), key, value: null, header: null };
  }
}
