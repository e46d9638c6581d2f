/** What the log and the state of a folder hold of a learner, and how it is taken out. */
import { LocalSchemaIds, parsePhysicalTopicName, schemaOf, topicCodec, topics, type AvroSchema } from '../../../schemas/index.js';
import { isKeyOfLearner, topicSchemaDocument } from '../../../schemas/learnerKeys.js';
import type { EmbeddedStorage, StoredRow, StoredTimer, Sweep } from '../../../runtime/embedded/index.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { StateCodec } from '../../../runtime/engine/stateCodec.js';
import { localRecords } from '../../../runtime/localTools.js';
import type { LogRecord } from '../../../runtime/ports.js';
import type { ValueDecoder } from '../../../runtime/replay/sides.js';
import { decoderOf, knownTopic } from '../../commands/topicCodecs.js';
import { FieldKinds } from './fieldKinds.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';

const STORE = 'embedded-folder';
/** What the store of a table of a topic ends in: its keys are those of the topic. */
const TABLE = /^(.*)\/versions$/;

/** A dead letter or a late record, as far as it tells what it was. */
interface Failed {
  readonly sourceTopic?: string;
  readonly personal?: { readonly key?: Buffer | null };
}

/** Records, rows and timers of one learner. Whatever the schema of a topic or a store is, it lies in the folder: nothing has to be known of topologies. */
export class FolderContents {
  private readonly decoders = new Map<string, ValueDecoder | null>();
  private readonly kinds = new Map<string, FieldKinds>();
  private readonly codecs = new Map<string, StateCodec<unknown> | null>();
  private readonly control = topicCodec(topics.control, LocalSchemaIds.withAccepted());

  constructor(
    private readonly storage: EmbeddedStorage,
    private readonly mention: Mention,
  ) {}

  /** All of it, topic by topic, then rows and timers. @throws what reading throws */
  *found(): Generator<Found, void, undefined> {
    for (const { name, partitions } of this.storage.log.topics()) {
      for (let partition = 0; partition < partitions; partition++) yield* this.foundInPartition(name, partition);
    }
    const { contents } = this.storage;
    for (const row of contents.rows()) {
      if (this.isRowOf(row)) yield { store: STORE, where: `${row.task} ${row.store}`, value: { key: row.key, row: this.rowFor(row) } };
    }
    for (const timer of contents.timers()) {
      const { task, queue, timeMs, tiebreak } = timer;
      if (this.isTimerOf(timer)) yield { store: STORE, where: `${task} timer of ${queue}`, value: { key: tiebreak, timeMs } };
    }
  }

  /**
   * What takes all of it out. Records go, but those of the control topic, which decide for everybody: the name goes from them. So do rows under the
   * learner's key; in those of others (a day of a cohort, the answers to a question) the learner is taken out of lists, and called nobody elsewhere.
   */
  sweep(): Sweep {
    return {
      record: (topic, record) => (this.isRecordOf(topic, record) ? this.withoutLearner(topic, record) : record),
      row: (row) => (this.isRowOf(row) ? this.rowWithoutLearner(row) : row.value),
      keepsTimer: (timer) => !this.isTimerOf(timer),
    };
  }

  private *foundInPartition(topic: string, partition: number): Generator<Found, void, undefined> {
    for (const record of localRecords(this.storage.log, topic, partition)) {
      if (!this.isRecordOf(topic, record)) continue;
      const { offset, appendTimeMs, key } = record;
      const value = { key: key?.toString() ?? null, appendTimeMs, value: this.recordFor(topic, record) };
      yield { store: STORE, where: `${topic}/${partition}/${offset}`, value };
    }
  }

  private isRecordOf(topic: string, record: LogRecord): boolean {
    const { key, value, header } = record;
    if (isMarker(header)) return false;
    if (key !== null && this.isKeyOf(topic, key.toString())) return true;
    if (value === null || !this.mention.mayBeIn(value)) return false;
    const decoded = this.decodedRecord(topic, record);
    if (decoded === value) return this.isInBytes(topic, value);
    return this.keyOfFailed(decoded) ?? this.mention.inValue(decoded, this.kindsOf(topic));
  }

  private isKeyOf(topic: string, key: string): boolean {
    if (this.mention.isRandom) return this.mention.inText(key);
    return isKeyOfLearner(topic, key, this.mention.learner, this.storage.documents.get(topicSchemaDocument(topic)));
  }

  /** In bytes an item cannot be told from a learner: of a topic whose records have keys of other things they say nothing. */
  private isInBytes(topic: string, value: Buffer): boolean {
    return this.mention.isRandom || knownTopic(this.storage, topic) === null ? this.mention.countIn(value) > 0 : false;
  }

  /** Whose record it was that failed, by its key; `null` where that does not tell. */
  private keyOfFailed(decoded: unknown): boolean | null {
    const { sourceTopic, personal } = decoded as Failed;
    const key = personal?.key;
    if (this.mention.isRandom || sourceTopic === undefined || !Buffer.isBuffer(key) || knownTopicOr(this.storage, sourceTopic) === null) return null;
    return this.isKeyOf(sourceTopic, key.toString());
  }

  private kindsOf(topic: string): FieldKinds {
    let kinds = this.kinds.get(topic);
    if (kinds !== undefined) return kinds;
    const known = knownTopic(this.storage, topic);
    kinds = known === null ? FieldKinds.project : FieldKinds.project.with(schemaOf(known));
    this.kinds.set(topic, kinds);
    return kinds;
  }

  /** Of records of others only what they say of the learner. */
  private recordFor(topic: string, record: LogRecord): unknown {
    const decoded = this.decodedRecord(topic, record);
    const isOwn = decoded === record.value || (record.key !== null && this.isKeyOf(topic, record.key.toString()));
    return isOwn ? decoded : this.mention.onlyIn(decoded, this.kindsOf(topic));
  }

  private withoutLearner(topic: string, record: LogRecord): LogRecord | null {
    if (record.value === null || parsePhysicalTopicName(topic).name !== topics.control.name) return null;
    const key = record.key?.toString() ?? '';
    if (this.isKeyOf(topic, key)) return null;
    const decoded = this.decodedRecord(topic, record);
    // What cannot be decoded decides nothing either.
    if (decoded === record.value) return null;
    const { offset, appendTimeMs, key: keyBytes, header } = record;
    const without = this.mention.withoutIn(decoded, this.kindsOf(topic));
    if (this.mention.inValue(without, this.kindsOf(topic))) return null;
    return { offset, appendTimeMs, key: keyBytes, value: this.control.encode(key, without as never), header };
  }

  /** Its bytes where they cannot be decoded. */
  private decodedRecord(topic: string, { key, value }: LogRecord): unknown {
    if (value === null) return null;
    try {
      return this.decoderOf(topic)?.(key?.toString() ?? '', value) ?? value;
    } catch {
      return value;
    }
  }

  private decoderOf(topic: string): ValueDecoder | null {
    let decoder = this.decoders.get(topic);
    if (decoder === undefined) this.decoders.set(topic, (decoder = decoderOf(this.storage, topic)));
    return decoder;
  }

  private isRowOf(row: StoredRow): boolean {
    if (this.isRowKeyOf(row)) return true;
    if (!this.mention.mayBeIn(row.value)) return false;
    const decoded = this.decodedRow(row);
    return decoded === row.value ? this.mention.isRandom && this.mention.countIn(row.value) > 0 : this.mention.inValue(decoded);
  }

  private isRowKeyOf({ store, key }: StoredRow): boolean {
    const table = TABLE.exec(store)?.[1];
    const topic = Object.values(topics).find(({ name }) => name === table);
    // The keys of any other store are not declared: they count as a whole.
    if (topic === undefined || this.mention.isRandom) return this.mention.inKey(key);
    return isKeyOfLearner(`any.${topic.name}`, key, this.mention.learner, null);
  }

  /** Of rows under another key only what they say of the learner; what nobody can decode may be of anybody. */
  private rowFor(row: StoredRow): unknown {
    const decoded = this.decodedRow(row);
    if (this.isRowKeyOf(row)) return decoded;
    return decoded === row.value ? null : this.mention.onlyIn(decoded);
  }

  /** A row that nobody can decode goes: nothing could use it. So does one that mentions the learner still, in bytes within it. */
  private rowWithoutLearner(row: StoredRow): Buffer | null {
    const codec = this.codecOf(row);
    const decoded = this.decodedRow(row);
    if (codec === null || decoded === row.value || this.isRowKeyOf(row)) return null;
    const without = this.mention.withoutIn(decoded);
    return this.mention.inValue(without) ? null : codec.encode(without);
  }

  private decodedRow(row: StoredRow): unknown {
    try {
      return this.codecOf(row)?.decode(row.value) ?? row.value;
    } catch {
      return row.value;
    }
  }

  /** By the schemas that lie beside the state: rows of an older one are written with the last. */
  private codecOf({ task, store }: StoredRow): StateCodec<unknown> | null {
    const document = `state-schemas/${task.split('/')[0]!}/${store}`;
    let codec = this.codecs.get(document);
    if (codec !== undefined) return codec;
    const kept = this.storage.documents.get(document);
    const versions = kept === null ? [] : (JSON.parse(kept.toString()) as AvroSchema[]);
    codec = versions.length === 0 ? null : new StateCodec(store, { avro: versions.at(-1)! }, versions);
    this.codecs.set(document, codec);
    return codec;
  }

  private isTimerOf({ tiebreak, payload }: StoredTimer): boolean {
    return this.mention.inKey(tiebreak) || (this.mention.isRandom && this.mention.countIn(payload) > 0);
  }
}

/** What a dead letter says of its source may be any text, such as the name of a file. */
function knownTopicOr(storage: EmbeddedStorage, name: string): ReturnType<typeof knownTopic> {
  try {
    return knownTopic(storage, name);
  } catch {
    return null;
  }
}
