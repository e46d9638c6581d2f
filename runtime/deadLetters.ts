/** Reads the dead letters of a region, and sends what they hold back to where it came from. */
import { LocalSchemaIds, deadLetterKey, physicalTopicName, topicCodec, topics, type DeadLetter, type Opened } from '../schemas/index.js';
import { partitionOf } from './engine/partitioner.js';
import type { OutputRecord, StateWrite, LocalStorage } from './ports.js';

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
  /** Wall clock, ms since epoch: kept beside the letter. */
  readonly nowMs: number;
  /** Only counts. */
  readonly dryRun?: boolean;
}

const CHUNK = 1000;
const STORE = 'replayed';
const taskOf = (region: string): string => `dead-letters/replay/${region}`;
/** Two topologies that refuse the same record write two letters; the record is the same. */
const positionOf = ({ sourceTopic, sourcePartition, sourceOffset }: Opened<DeadLetter>): string =>
  deadLetterKey(sourceTopic, sourcePartition, sourceOffset);

/** Every dead letter of a region by partition and offset; nothing where the region has no dead-letter topic. @throws SFS_SEALED, SFS_LOG_CORRUPT */
export function* readDeadLetters(storage: LocalStorage, region: string): Generator<StoredDeadLetter, void, undefined> {
  const topic = physicalTopicName(region, topics.deadLetters.name);
  const spec = storage.log.topics().find((one) => one.name === topic);
  for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) yield* readPartition(storage, region, topic, partition);
}

function* readPartition(storage: LocalStorage, region: string, topic: string, partition: number): Generator<StoredDeadLetter, void, undefined> {
  const codec = topicCodec(topics.deadLetters, LocalSchemaIds.withAccepted());
  const { start, end } = storage.log.range(topic, partition);
  for (let from = start; from < end;) {
    const records = storage.log.read(topic, partition, from, CHUNK);
    if (records.length === 0) return;
    for (const { key, value, offset, appendTimeMs } of records) {
      if (value === null) continue;
      const letter = codec.decode(key?.toString() ?? '', value);
      yield { partition, offset, appendTimeMs, letter, replayedAtMs: replayedAt(storage, region, letter) };
    }
    from = records.at(-1)!.offset + 1;
  }
}

function replayedAt(storage: LocalStorage, region: string, letter: Opened<DeadLetter>): number | null {
  const found = storage.tasks.get(taskOf(region), STORE, positionOf(letter));
  return found === null ? null : Number(found.toString());
}

/**
 * Appends the records of the letters to their source topics: same partition, key, bytes and header. Each is sent back once,
 * however often this is called: what was sent is noted in the same transaction. Every topology that reads the topic sees
 * the record again, also one that had no trouble with it.
 *
 * @throws what a commit throws; what was sent before stays noted
 */
export async function replayDeadLetters(
  storage: LocalStorage,
  letters: Iterable<StoredDeadLetter>,
  options: ReplayOptions,
): Promise<DeadLetterReplay> {
  const batch = new ReplayBatch(storage, options);
  for (const stored of letters) {
    batch.take(stored);
    if (batch.size >= CHUNK) await batch.commit();
  }
  await batch.commit();
  return batch.result();
}

class ReplayBatch {
  private readonly topics: ReadonlyMap<string, number>;
  private readonly taken = new Set<string>();
  private outputs: OutputRecord[] = [];
  private state: StateWrite[] = [];
  private replayed = 0;
  private alreadyReplayed = 0;
  private readonly unreplayable: UnreplayableLetter[] = [];

  constructor(
    private readonly storage: LocalStorage,
    private readonly options: ReplayOptions,
  ) {
    this.topics = new Map(storage.log.topics().map((spec) => [spec.name, spec.partitions]));
  }

  get size(): number {
    return this.outputs.length;
  }

  take({ letter, replayedAtMs }: StoredDeadLetter): void {
    const position = positionOf(letter);
    const reason = this.refusalOf(letter);
    if (reason !== null) this.unreplayable.push({ id: letter.id, reason });
    else if (replayedAtMs !== null || this.taken.has(position)) this.alreadyReplayed++;
    else this.send(letter, position);
  }

  async commit(): Promise<void> {
    const { outputs, state } = this;
    this.outputs = [];
    this.state = [];
    if (outputs.length === 0 || this.options.dryRun === true) return;
    const progress = Buffer.from(JSON.stringify({ replayedAtMs: this.options.nowMs }));
    await this.storage.commit({ task: taskOf(this.options.region), outputs, state, queue: [], progress });
  }

  result(): DeadLetterReplay {
    return { replayed: this.replayed, alreadyReplayed: this.alreadyReplayed, unreplayable: this.unreplayable };
  }

  private refusalOf({ code, sourceTopic, personal }: Opened<DeadLetter>): string | null {
    if (!this.topics.has(sourceTopic)) return `${sourceTopic} is no topic: correct the source and import it again`;
    if (code === 'SFS_LATE') return 'it came behind a window: sent back it would be late again, and counted twice in the windows that took it';
    // Sent back, a letter without a value would be a tombstone: it would delete a row of a table.
    if (personal.value === null) return 'it holds no record: a result that a timer made failed, or the record was a tombstone';
    return null;
  }

  private send(letter: Opened<DeadLetter>, position: string): void {
    const { sourceTopic, sourcePartition, personal } = letter;
    const { key, value, header } = personal;
    const partitions = this.topics.get(sourceTopic)!;
    // A topic that was made anew may have fewer partitions.
    const partition = sourcePartition < partitions ? sourcePartition : partitionOf(key ?? Buffer.alloc(0), partitions);
    this.outputs.push({ topic: sourceTopic, partition, key, value, header });
    this.state.push({ store: STORE, key: position, value: Buffer.from(String(this.options.nowMs)) });
    this.taken.add(position);
    this.replayed++;
  }
}
