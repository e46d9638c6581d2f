import { schemaCodec, type SchemaCodec } from '../codec.js';
import { SkillForgeError } from '../errors.js';
import type { DeadLetter, LateEvent } from '../generated/types.js';
import { isKeyOfLearner, ownersAreKeys } from '../learnerKeys.js';
import type { SchemaIds } from '../schema-ids.js';
import { parsePhysicalTopicName } from '../topic-names.js';
import { topics } from '../topics.js';
import { ALGORITHM, NONCE_BYTES, TAG_BYTES, broken, decrypt, encrypt, newNonce } from './cipher.js';
import { EnvelopePlaces, longAt } from './envelopePlace.js';
import { MAGIC, WHOLE_HEAD_BYTES, ID_LETTERS, isWhole, keyIdOfWhole } from './wholeValue.js';
import { SEVERAL_LEARNERS, dailyOwner, type DataKey, type KeyRing, type WantedKeys } from './keyRing.js';

/** A record that is to be sealed, or opened. */
export interface SealedRecord {
  /** Physical name. */
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Whose it is, where its key does not tell. */
  readonly owner?: string | undefined;
}

/** A row of a store that is to be sealed, or opened. */
export interface SealedRow {
  readonly store: string;
  readonly key: string;
  readonly value: Buffer | null;
  /** Its store has fields for learners: where its key is that of no owner it is of several. */
  readonly isOfSeveral?: boolean | undefined;
}

/** What sealing goes by. */
export interface SealingOptions {
  readonly ring: KeyRing;
  readonly ids: SchemaIds;
  /** The document that keeps the schema of a topic which is not in the catalogue; `null` where there is none. */
  readonly schemaDocument: (physicalName: string) => Buffer | null;
  /** ms since epoch. */
  readonly clock?: () => number;
  /** Whether nothing of this owner is kept any more: nobody makes a key for them again. */
  readonly isErased?: (owner: string) => boolean;
}

/** Branch of the union, then key id, cipher and nonce with their lengths. */
const SEALED_BRANCH = 0x02;
const ALGORITHM_BYTES = Buffer.from(ALGORITHM);
/** Branch, then key id, cipher and nonce, each after its length. */
const SEALED_HEAD_BYTES = 1 + 1 + ID_LETTERS + 1 + ALGORITHM_BYTES.length + 1 + NONCE_BYTES;
/** A store that is a table of a topic: its keys are those of the topic. */
const TABLE = /^(.*)\/versions$/;

/** Whose a value is; it is sealed for sure, or where the name is that of an owner. */
interface Owner {
  readonly name: string;
  readonly isSure: boolean;
}

interface EnvelopeParts {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

/**
 * Seals and opens the bytes of records and rows. In a record with an envelope the personal record is encrypted and the rest stays readable; the bytes that come out of
 * {@link openRecord} are those that went into {@link sealRecord}, whatever version of the schema wrote them. Values of topics between stages, of topics of one's own, and rows are
 * encrypted as a whole where their key is that of an owner.
 */
export class Sealing {
  private readonly places: EnvelopePlaces;
  private readonly letters: SchemaCodec<unknown>;
  private readonly lateEvents: SchemaCodec<unknown>;

  constructor(readonly options: SealingOptions) {
    this.places = new EnvelopePlaces(options.ids);
    this.letters = schemaCodec(topics.deadLetters, options.ids);
    this.lateEvents = schemaCodec(topics.lateEvents, options.ids);
  }

  /** What is to be prepared before these are sealed. */
  wanted(records: Iterable<SealedRecord>, rows: Iterable<SealedRow> = []): WantedKeys {
    const [sealing, known] = [new Set<string>(), new Set<string>()];
    for (const record of records) {
      const owner = this.ownerOf(record);
      if (owner !== null) (owner.isSure ? sealing : known).add(owner.name);
    }
    for (const { key, value, isOfSeveral } of rows) {
      if (value === null) continue;
      known.add(key);
      if (isOfSeveral) sealing.add(SEVERAL_LEARNERS);
    }
    return { sealing, known };
  }

  /** The value with what is personal in it encrypted; as it is where nothing is, and where it is sealed already. @throws SFS_KEYS_UNAVAILABLE */
  sealRecord(record: SealedRecord): Buffer | null {
    const owner = this.ownerOf(record);
    const { key, value } = record;
    if (owner === null || value === null) return value;
    const place = this.places.placeOf(value);
    if (place !== null) return sealEnvelope(this.options.ring.sealing(owner.name), key, value, place.at);
    const dataKey = owner.isSure ? this.options.ring.sealing(owner.name) : this.options.ring.known(owner.name);
    return dataKey === null ? value : sealWhole(dataKey, value, record.topic, key ?? NO_KEY);
  }

  /** Whether a value is sealed, or looks so. */
  isSealed(value: Buffer): boolean {
    return isWhole(value) || this.places.placeOf(value)?.isSealed === true;
  }

  /** Which key opens a value; `null` for one that is not sealed. @throws SFS_SEAL_BROKEN */
  keyIdOf(value: Buffer): string | null {
    if (isWhole(value)) return keyIdOfWhole(value);
    const place = this.places.placeOf(value);
    return place?.isSealed ? partsOf(value, place.at).keyId : null;
  }

  /**
   * The value as it was before it was sealed.
   * @throws SFS_KEY_DELETED where nobody can read it any more, SFS_SEAL_BROKEN for what is not as it was sealed and for what was sealed for another owner, SFS_KEY_UNKNOWN,
   * SFS_KEYS_UNAVAILABLE
   * @param keys - the ring, or what was asked of it before
   */
  openRecord({ topic, key, value }: SealedRecord, keys: Opening = this.options.ring): Buffer | null {
    if (value === null) return null;
    if (isWhole(value)) return openWhole(value, topic, key ?? NO_KEY, keys);
    const place = this.places.placeOf(value);
    if (!place?.isSealed) return value;
    const { keyId, nonce, ciphertext } = partsOf(value, place.at);
    const dataKey = keys.opening(keyId);
    const name = key?.toString() ?? '';
    if (ownersAreKeys(topic) && !dataKey.isOf(name)) throw broken(keyId);
    const plain = decrypt(dataKey, nonce, aboutEnvelope(value, keyId, key), ciphertext);
    const bytes = Buffer.allocUnsafe(place.at + 1 + plain.length);
    value.copy(bytes, 0, 0, place.at);
    bytes[place.at] = 0;
    plain.copy(bytes, place.at + 1);
    return bytes;
  }

  /** The bytes of a row, encrypted where its key is that of an owner. @throws SFS_KEYS_UNAVAILABLE */
  sealRow({ store, key, value, isOfSeveral }: SealedRow): Buffer | null {
    if (value === null || isWhole(value)) return value;
    const { ring } = this.options;
    const own = mayBeOwner(store, key) ? ring.known(key) : null;
    const dataKey = own === null && isOfSeveral ? ring.sealing(SEVERAL_LEARNERS) : own;
    return dataKey === null ? value : sealWhole(dataKey, value, store, Buffer.from(key));
  }

  /** The bytes of a row; `null` where its key was deleted: what nobody can read is not there. @throws SFS_SEAL_BROKEN, SFS_KEY_UNKNOWN, SFS_KEYS_UNAVAILABLE */
  openRow({ store, key, value }: SealedRow): Buffer | null {
    if (value === null || !isWhole(value)) return value;
    try {
      return openWhole(value, store, Buffer.from(key), this.options.ring);
    } catch (error) {
      if (error instanceof SkillForgeError && error.code === 'SFS_KEY_DELETED') return null;
      throw error;
    }
  }

  /** Whose a record is; `null` where nothing in it is personal, or it is sealed already. Only with an envelope it is sure that something is to be sealed. */
  private ownerOf({ topic, key, value, owner }: SealedRecord): Owner | null {
    if (value === null || isWhole(value)) return null;
    const place = this.places.placeOf(value);
    if (place?.isSealed) return null;
    const name = key?.toString() ?? '';
    if (place !== null) return { name: owner ?? (ownersAreKeys(topic) ? name : this.ownerOfFailed(topic, value)), isSure: true };
    return owner === undefined ? this.ownerOfWhole(topic, name, value) : { name: owner, isSure: false };
  }

  /** Of a value without an envelope. What cannot be decoded, among the records of learners, may be one of them. */
  private ownerOfWhole(topic: string, name: string, value: Buffer): Owner | null {
    const isOwned = ownersAreKeys(topic);
    if (isOwned) return this.places.isKnown(value) ? null : { name, isSure: true };
    return isOwned === null && isKeyOfLearner(topic, name, name, this.options.schemaDocument(topic)) ? { name, isSure: false } : null;
  }

  /** Of a dead letter, or a late record: the person where the record that failed tells, and the day where it does not. */
  private ownerOfFailed(topic: string, value: Buffer): string {
    const { clock = Date.now, isErased = () => false } = this.options;
    const learner = this.learnerOf(topic, value);
    return learner === null || learner === '' || isErased(learner) ? dailyOwner(clock()) : learner;
  }

  /** Whose the record was that a dead letter, or a late record, is about; `null` where that does not tell, and for records of other topics. */
  learnerOf(topic: string, value: Buffer): string | null {
    try {
      const { name } = parsePhysicalTopicName(topic);
      if (name !== topics.lateEvents.name && name !== topics.deadLetters.name) return null;
      if (name === topics.lateEvents.name) return (this.lateEvents.decode(value) as LateEvent).learner;
      const { sourceTopic, personal } = this.letters.decode(value) as DeadLetter;
      const key = 'key' in personal ? personal.key : null;
      return key !== null && ownersAreKeys(sourceTopic) ? key.toString() : null;
    } catch {
      return null;
    }
  }
}

/** Where the key comes from that something is opened with. */
type Opening = Pick<KeyRing, 'opening'>;

const NO_KEY = Buffer.alloc(0);
const ZERO = Buffer.from([0]);

/** Keys of rows are not declared; where the store is a table of a topic of the catalogue, they are those of the topic. */
function mayBeOwner(store: string, key: string): boolean {
  const table = TABLE.exec(store)?.[1];
  const topic = table === undefined ? undefined : Object.values(topics).find(({ name }) => name === table);
  return topic === undefined || isKeyOfLearner(`any.${topic.name}`, key, key, null);
}

/** Schema id, key id, key of the record. */
function aboutEnvelope(value: Buffer, keyId: string, key: Buffer | null): Buffer {
  const about = Buffer.allocUnsafe(4 + keyId.length + (key?.length ?? 0));
  value.copy(about, 0, 1, 5);
  about.write(keyId, 4, 'latin1');
  key?.copy(about, 4 + keyId.length);
  return about;
}

const aboutWhole = (keyId: string, place: string, key: Buffer): Buffer => Buffer.concat([Buffer.from(keyId + place), ZERO, key]);

function sealEnvelope(dataKey: DataKey, key: Buffer | null, value: Buffer, at: number): Buffer {
  const { id } = dataKey;
  const nonce = newNonce();
  const plain = value.subarray(at + 1);
  const size = plain.length + TAG_BYTES;
  const length = longOf(size);
  const bytes = Buffer.allocUnsafe(at + SEALED_HEAD_BYTES + length.length + size);
  let to = value.copy(bytes, 0, 0, at);
  bytes[to++] = SEALED_BRANCH;
  bytes[to++] = 2 * ID_LETTERS;
  to += bytes.write(id, to, 'latin1');
  bytes[to++] = 2 * ALGORITHM_BYTES.length;
  to += ALGORITHM_BYTES.copy(bytes, to);
  bytes[to++] = 2 * NONCE_BYTES;
  to += nonce.copy(bytes, to);
  to += length.copy(bytes, to);
  encrypt(dataKey, { nonce, about: aboutEnvelope(value, id, key), plain }, bytes, to);
  return bytes;
}

function sealWhole(dataKey: DataKey, value: Buffer, place: string, key: Buffer): Buffer {
  const nonce = newNonce();
  const bytes = Buffer.allocUnsafe(WHOLE_HEAD_BYTES + value.length + TAG_BYTES);
  MAGIC.copy(bytes);
  bytes.write(dataKey.id, MAGIC.length, 'latin1');
  nonce.copy(bytes, MAGIC.length + ID_LETTERS);
  encrypt(dataKey, { nonce, about: aboutWhole(dataKey.id, place, key), plain: value }, bytes, WHOLE_HEAD_BYTES);
  return bytes;
}

function openWhole(value: Buffer, place: string, key: Buffer, keys: Opening): Buffer {
  const keyId = keyIdOfWhole(value);
  const nonce = value.subarray(MAGIC.length + ID_LETTERS, WHOLE_HEAD_BYTES);
  return decrypt(keys.opening(keyId), nonce, aboutWhole(keyId, place, key), value.subarray(WHOLE_HEAD_BYTES));
}

/** @throws SFS_SEAL_BROKEN */
function partsOf(value: Buffer, at: number): EnvelopeParts {
  // Lengths of all but the ciphertext are fixed: whatever has others was not sealed here.
  const idAt = at + 2;
  const algorithmAt = idAt + ID_LETTERS + 1;
  const nonceAt = algorithmAt + ALGORITHM_BYTES.length + 1;
  const [length, from] = longAt(value, nonceAt + NONCE_BYTES);
  const keyId = value.toString('latin1', idAt, idAt + ID_LETTERS);
  const isLaidOut =
    value[at + 1] === 2 * ID_LETTERS && value[algorithmAt - 1] === 2 * ALGORITHM_BYTES.length && value[nonceAt - 1] === 2 * NONCE_BYTES;
  const isWholeValue = from + length === value.length && value.length > nonceAt;
  if (!isLaidOut || !isWholeValue || value.compare(ALGORITHM_BYTES, 0, ALGORITHM_BYTES.length, algorithmAt, nonceAt - 1) !== 0) throw broken(keyId);
  return { keyId, nonce: value.subarray(nonceAt, nonceAt + NONCE_BYTES), ciphertext: value.subarray(from) };
}

/** Avro's variable length. */
function longOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}
