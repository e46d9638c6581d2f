/** What records, rows and timers say of a learner, wherever they lie. Schemas of topics and of rows lie beside them: nothing has to be known of topologies. */
import { LocalSchemaIds, parsePhysicalTopicName, schemaOf, topicCodec, topics, type AvroSchema, type SchemaIds } from '../../../schemas/index.js';
import { isKeyOfLearner, topicSchemaDocument } from '../../../schemas/learnerKeys.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { StateCodec } from '../../../runtime/engine/stateCodec.js';
import type { LogRecord, QueueEntry, Storage } from '../../../runtime/ports.js';
import type { ValueDecoder } from '../../../runtime/replay/sides.js';
import { decoderOf, knownTopic } from '../../commands/topicCodecs.js';
import { FieldKinds } from './fieldKinds.js';
import type { Mention } from './mention.js';

/** What the store of a table of a topic ends in: its keys are those of the topic. */
const TABLE = /^(.*)\/versions$/;

/** A dead letter or a late record, as far as it tells what it was. */
interface Failed {
  readonly sourceTopic?: string;
  readonly personal?: { readonly key?: Buffer | null };
}

/** A row of a task, opened. */
export interface ContentRow {
  readonly task: string;
  readonly store: string;
  readonly key: string;
  readonly value: Buffer;
}

/** Where the schemas of topics and rows lie. */
export interface ContentRoom {
  readonly documents: Pick<Storage['documents'], 'get'>;
  readonly schemas?: SchemaIds | undefined;
}

/** Tells what is of one learner, and what is left without them. */
export class LearnerContents {
  private readonly decoders = new Map<string, ValueDecoder | null>();
  private readonly kinds = new Map<string, FieldKinds>();
  private readonly codecs = new Map<string, StateCodec<unknown> | null>();
  private readonly control;

  constructor(
    private readonly room: ContentRoom,
    readonly mention: Mention,
  ) {
    this.control = topicCodec(topics.control, room.schemas ?? LocalSchemaIds.withAccepted());
  }

  isRecordOf(topic: string, record: LogRecord): boolean {
    const { key, value, header } = record;
    if (isMarker(header)) return false;
    if (key !== null && this.isKeyOf(topic, key.toString())) return true;
    if (value === null || !this.mention.mayBeIn(value)) return false;
    const decoded = this.decodedRecord(topic, record);
    if (decoded === value) return this.isInBytes(topic, value);
    return this.keyOfFailed(decoded) ?? this.mention.inValue(decoded, this.kindsOf(topic));
  }

  isKeyOf(topic: string, key: string): boolean {
    if (this.mention.isRandom) return this.mention.inText(key);
    return isKeyOfLearner(topic, key, this.mention.learner, this.room.documents.get(topicSchemaDocument(topic)));
  }

  /** In bytes an item cannot be told from a learner: of a topic whose records have keys of other things they say nothing. */
  private isInBytes(topic: string, value: Buffer): boolean {
    return this.mention.isRandom || knownTopic(this.room, topic) === null ? this.mention.countIn(value) > 0 : false;
  }

  /** Whose record it was that failed, by its key; `null` where that does not tell. */
  private keyOfFailed(decoded: unknown): boolean | null {
    const { sourceTopic, personal } = decoded as Failed;
    const key = personal?.key;
    if (this.mention.isRandom || sourceTopic === undefined || !Buffer.isBuffer(key) || knownTopicOr(this.room, sourceTopic) === null) return null;
    return this.isKeyOf(sourceTopic, key.toString());
  }

  private kindsOf(topic: string): FieldKinds {
    let kinds = this.kinds.get(topic);
    if (kinds !== undefined) return kinds;
    const known = knownTopic(this.room, topic);
    kinds = known === null ? FieldKinds.project : FieldKinds.project.with(schemaOf(known));
    this.kinds.set(topic, kinds);
    return kinds;
  }

  /** Of records of others only what they say of the learner. */
  recordFor(topic: string, record: LogRecord): unknown {
    const decoded = this.decodedRecord(topic, record);
    const isOwn = decoded === record.value || (record.key !== null && this.isKeyOf(topic, record.key.toString()));
    return isOwn ? decoded : this.mention.onlyIn(decoded, this.kindsOf(topic));
  }

  withoutLearner(topic: string, record: LogRecord): LogRecord | null {
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
    if (decoder === undefined) this.decoders.set(topic, (decoder = decoderOf(this.room, topic)));
    return decoder;
  }

  isRowOf(row: ContentRow): boolean {
    if (this.isRowKeyOf(row)) return true;
    if (!this.mention.mayBeIn(row.value)) return false;
    const decoded = this.decodedRow(row);
    return decoded === row.value ? this.mention.isRandom && this.mention.countIn(row.value) > 0 : this.mention.inValue(decoded);
  }

  private isRowKeyOf({ store, key }: ContentRow): boolean {
    const table = TABLE.exec(store)?.[1];
    const topic = Object.values(topics).find(({ name }) => name === table);
    // The keys of any other store are not declared: they count as a whole.
    if (topic === undefined || this.mention.isRandom) return this.mention.inKey(key);
    return isKeyOfLearner(`any.${topic.name}`, key, this.mention.learner, null);
  }

  /** Of rows under another key only what they say of the learner; what nobody can decode may be of anybody. */
  rowFor(row: ContentRow): unknown {
    const decoded = this.decodedRow(row);
    if (this.isRowKeyOf(row)) return decoded;
    return decoded === row.value ? null : this.mention.onlyIn(decoded);
  }

  /** A row that nobody can decode goes: nothing could use it. So does one that mentions the learner still, in bytes within it. */
  rowWithoutLearner(row: ContentRow): Buffer | null {
    const codec = this.codecOf(row);
    const decoded = this.decodedRow(row);
    if (codec === null || decoded === row.value || this.isRowKeyOf(row)) return null;
    const without = this.mention.withoutIn(decoded);
    return this.mention.inValue(without) ? null : codec.encode(without);
  }

  private decodedRow(row: ContentRow): unknown {
    try {
      return this.codecOf(row)?.decode(row.value) ?? row.value;
    } catch {
      return row.value;
    }
  }

  /** By the schemas that lie beside the state: rows of an older one are written with the last. */
  private codecOf({ task, store }: ContentRow): StateCodec<unknown> | null {
    const document = `state-schemas/${task.split('/')[0]!}/${store}`;
    let codec = this.codecs.get(document);
    if (codec !== undefined) return codec;
    const kept = this.room.documents.get(document);
    const versions = kept === null ? [] : (JSON.parse(kept.toString()) as AvroSchema[]);
    codec = versions.length === 0 ? null : new StateCodec(store, { avro: versions.at(-1)! }, versions);
    this.codecs.set(document, codec);
    return codec;
  }

  isTimerOf({ tiebreak, payload }: Pick<QueueEntry, 'tiebreak' | 'payload'>): boolean {
    return this.mention.inKey(tiebreak) || (this.mention.isRandom && this.mention.countIn(payload) > 0);
  }
}

/** What a dead letter says of its source may be any text, such as the name of a file. */
function knownTopicOr(room: ContentRoom, name: string): ReturnType<typeof knownTopic> {
  try {
    return knownTopic(room, name);
  } catch {
    return null;
  }
}
