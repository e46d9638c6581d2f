/** Finds a pseudonym wherever it may stand: in keys, in values of any shape, in bytes that nobody can decode. */
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FieldKinds, type FieldKind } from './fieldKinds.js';

/** Bytes of a file that are looked at in one go. */
const CHUNK = 4 << 20;
/** May go on a name in bytes, those of letters that ASCII has not among them. */
const isWord = (byte: number | undefined): boolean => byte !== undefined && (byte >= 0x80 || /[\w.@:-]/.test(String.fromCharCode(byte)));
const isSign = (byte: number): boolean => byte === 0x2e || byte === 0x40 || byte === 0x3a;
/** What the gateway gives: no item, course or word is called so, wherever it stands. */
const RANDOM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** What no name ends or begins at. Signs of a sentence, such as a full stop, go on a name where a letter follows. */
const BEFORE = '(?<![\\p{L}\\p{M}\\p{N}_-]|[\\p{L}\\p{M}\\p{N}_][.@:])';
const AFTER = '(?![\\p{L}\\p{M}\\p{N}_-]|[.@:][\\p{L}\\p{M}\\p{N}_])';
/** Takes the place of other learners in what one of them gets. */
const SOMEONE = 'someone';
/** Fields of entries that aggregates keep in the order of this field: to give one another name would break the order. */
const ORDERED_BY = ['item', 'group'];

/**
 * Mentions of one pseudonym. A random one, as the gateway gives them, counts wherever it stands. Another one, such as a bare number, may be the name of an item
 * as well: it counts where a field holds learners, as a whole, or where nobody has said what a field holds; and in free text where it stands for itself.
 */
export class Mention {
  private readonly pattern: RegExp;
  private readonly bytes: Buffer;
  /** What Avro, Protobuf and LMDB write before a text, or a key, of this length. */
  private readonly prefixes: readonly Buffer[];
  /** Stands for nobody: takes the place of the pseudonym where a value has to stay. */
  private readonly nobody = randomUUID();

  /** Whether nothing else can be called so. */
  readonly isRandom: boolean;

  constructor(readonly learner: string) {
    const escaped = learner.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    this.pattern = new RegExp(`${BEFORE}${escaped}${AFTER}`, 'gu');
    this.isRandom = RANDOM.test(learner);
    this.bytes = Buffer.from(learner);
    this.prefixes = [varint(2 * this.bytes.length), varint(this.bytes.length), Buffer.of(this.bytes.length & 0xff, this.bytes.length >> 8)];
  }

  /** In free text. */
  inText(text: string): boolean {
    return text.includes(this.learner) && text.search(this.pattern) >= 0;
  }

  /** In a key of which nothing more is known: its parts are compared as a whole. */
  inKey(key: string): boolean {
    return this.isRandom ? this.inText(key) : key.split('\0').includes(this.learner);
  }

  /** Looks into lists, records and texts, and into bytes within them. */
  inValue(value: unknown, kinds = FieldKinds.project): boolean {
    return this.isIn(value, kinds, 'unknown');
  }

  private isIn(value: unknown, kinds: FieldKinds, kind: FieldKind): boolean {
    if (typeof value === 'string') return this.isOf(value, kinds, kind);
    if (value instanceof Uint8Array) return this.isInBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength), kinds);
    if (Array.isArray(value)) return value.some((one) => this.isIn(one, kinds, kind));
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([name, part]) => this.isName(name, kind) || this.isIn(part, kinds, kinds.of(name, kind)));
  }

  /** Lines that were refused lie as they came: where they are JSON, their fields tell an item from a learner. */
  private isInBytes(bytes: Buffer, kinds: FieldKinds): boolean {
    if (this.countIn(bytes) === 0) return false;
    const json = this.isRandom ? undefined : jsonIn(bytes.toString());
    return json === undefined || this.isIn(json, kinds, 'unknown');
  }

  /** Whether a text of a field mentions it. */
  private isOf(text: string, kinds: FieldKinds, kind: FieldKind): boolean {
    if (!text.includes(this.learner)) return false;
    if (this.isRandom) return this.inText(text);
    if (kind !== 'text') return kind !== 'other' && text === this.learner;
    const json = jsonIn(text);
    return json === undefined ? this.inText(text) : this.isIn(json, kinds, 'unknown');
  }

  /** Maps may have learners for keys. */
  private isName(name: string, kind: FieldKind): boolean {
    return this.isRandom ? this.inText(name) : kind !== 'other' && name === this.learner;
  }

  /** False where the bytes cannot hold it, whatever they are. */
  mayBeIn(bytes: Buffer): boolean {
    return bytes.includes(this.bytes);
  }

  /** How often it is in bytes of no known form. What stands before it may be a length or a letter: it is rather counted. */
  countIn(bytes: Buffer): number {
    return this.countBetween(bytes, 0, bytes.length);
  }

  /** How often it is in a file of any size, read as bytes. @throws what reading throws */
  countInFile(path: string): number {
    // What stands before it and what follows has to be at hand with it.
    const before = Math.max(...this.prefixes.map(({ length }) => length));
    const after = this.bytes.length + 2;
    const file = openSync(path, 'r');
    try {
      const chunk = Math.min(CHUNK, fstatSync(file).size + 1);
      const buffer = Buffer.alloc(chunk + before + after);
      let [count, from, filled] = [0, 0, 0];
      for (let read = readSync(file, buffer, filled, chunk, null); read > 0; read = readSync(file, buffer, filled, chunk, null)) {
        filled += read;
        const end = Math.max(from, filled - after);
        count += this.countBetween(buffer.subarray(0, filled), from, end);
        const kept = Math.max(0, end - before);
        buffer.copy(buffer, 0, kept, filled);
        [from, filled] = [end - kept, filled - kept];
      }
      return count + this.countBetween(buffer.subarray(0, filled), from, filled);
    } finally {
      closeSync(file);
    }
  }

  /**
   * The value without the pseudonym, and the same object where it has none: entries of lists that are it go, and elsewhere it is replaced by one of
   * nobody, so that what is counted of others stays.
   */
  withoutIn(value: unknown, kinds = FieldKinds.project): unknown {
    return this.without(value, kinds, 'unknown');
  }

  private without(value: unknown, kinds: FieldKinds, kind: FieldKind): unknown {
    if (!this.isIn(value, kinds, kind)) return value;
    if (typeof value === 'string') return this.textWithout(value, kinds, kind);
    if (Array.isArray(value)) return value.filter((one) => !this.isEntry(one, kinds, kind)).map((one) => this.without(one, kinds, kind));
    // Bytes stay as they are: whoever calls has to drop what holds them.
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    const kept = Object.entries(value).filter(([name]) => !this.isName(name, kind));
    return Object.fromEntries(kept.map(([name, part]) => [name, this.without(part, kinds, kinds.of(name, kind))]));
  }

  private textWithout(text: string, kinds: FieldKinds, kind: FieldKind): string {
    if (!this.isRandom && kind !== 'text') return this.nobody;
    const json = this.isRandom ? undefined : jsonIn(text);
    return json === undefined ? text.replace(this.pattern, this.nobody) : JSON.stringify(this.without(json, kinds, 'unknown'));
  }

  private isEntry(one: unknown, kinds: FieldKinds, kind: FieldKind): boolean {
    if (typeof one === 'string') return this.isOf(one, kinds, kind);
    if (typeof one !== 'object' || one === null) return false;
    return ORDERED_BY.some((name) => {
      const named = (one as Readonly<Record<string, unknown>>)[name];
      return typeof named === 'string' && this.isOf(named, kinds, kinds.of(name, kind));
    });
  }

  /**
   * What a value that is not the learner's own says of them: of lists the entries that mention them, of records the parts that do, with numbers and names of items
   * beside them. Whoever else is named becomes somebody.
   */
  onlyIn(value: unknown, kinds = FieldKinds.project): unknown {
    return this.only(value, kinds, 'unknown');
  }

  private only(value: unknown, kinds: FieldKinds, kind: FieldKind): unknown {
    if (typeof value === 'string') return this.textOnly(value, kinds, kind);
    if (Array.isArray(value)) return value.filter((one) => this.isIn(one, kinds, kind)).map((one) => this.only(one, kinds, kind));
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Uint8Array) return this.isIn(value, kinds, kind) ? value : null;
    const told = Object.entries(value).filter(
      ([name, part]) => typeof part !== 'object' || part === null || this.isName(name, kind) || this.isIn(part, kinds, kinds.of(name, kind)),
    );
    return Object.fromEntries(told.map(([name, part]) => [name, this.only(part, kinds, kinds.of(name, kind))]));
  }

  private textOnly(text: string, kinds: FieldKinds, kind: FieldKind): string {
    if (kind === 'other' || text === this.learner) return text;
    const json = kind === 'text' ? jsonIn(text) : undefined;
    if (json !== undefined) return JSON.stringify(this.only(json, kinds, 'unknown'));
    return kind === 'text' && this.inText(text) ? text : SOMEONE;
  }

  private countBetween(bytes: Buffer, from: number, end: number): number {
    let count = 0;
    for (let at = bytes.indexOf(this.bytes, from); at >= 0 && at < end; at = bytes.indexOf(this.bytes, at + 1)) if (this.endsAt(bytes, at)) count++;
    return count;
  }

  /** A sign of a sentence alone ends it. */
  private goesOn(bytes: Buffer, at: number): boolean {
    const next = bytes[at];
    return isWord(next) && (!isSign(next!) || isWord(bytes[at + 1]));
  }

  /** Whether it is this one and no longer one: it cannot be mistaken, no letter follows, or its length stands before it. */
  private endsAt(bytes: Buffer, at: number): boolean {
    if (this.isRandom || !this.goesOn(bytes, at + this.bytes.length)) return true;
    return this.prefixes.some((prefix) => at >= prefix.length && bytes.subarray(at - prefix.length, at).equals(prefix));
  }
}

/** Lists and records of JSON; `undefined` for any other text. */
function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
