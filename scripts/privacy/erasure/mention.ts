/** Finds a pseudonym wherever it may stand: in keys, in values of any shape, in bytes that nobody can decode. */
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes of a file that are looked at in one go. */
const CHUNK = 4 << 20;
const isWord = (byte: number | undefined): boolean => byte !== undefined && /\w/.test(String.fromCharCode(byte));
/** Bytes of a name that no other one begins with, or ends in, but by intent: those that the gateway gives have 36. */
const UNMISTAKABLE = 20;
/** Fields of entries that aggregates keep in the order of this field: to give one another name would break the order. */
const ORDERED_BY = ['item', 'group'];

/**
 * Mentions of one pseudonym. Within a text it counts where it stands for itself: `learner-7` is not in `learner-70`, and is in `AAA|learner-7`.
 * Random pseudonyms, as the gateway gives them, are found nowhere else anyway.
 */
export class Mention {
  private readonly pattern: RegExp;
  private readonly bytes: Buffer;
  /** What Avro, Protobuf and LMDB write before a text, or a key, of this length. */
  private readonly prefixes: readonly Buffer[];
  /** Stands for nobody: takes the place of the pseudonym where a value has to stay. */
  private readonly nobody = randomUUID();

  constructor(readonly learner: string) {
    const escaped = learner.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    this.pattern = new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`, 'g');
    this.bytes = Buffer.from(learner);
    this.prefixes = [varint(2 * this.bytes.length), varint(this.bytes.length), Buffer.of(this.bytes.length & 0xff, this.bytes.length >> 8)];
  }

  inText(text: string): boolean {
    return text.includes(this.learner) && text.search(this.pattern) >= 0;
  }

  /** Looks into lists, records and texts, and into bytes within them. */
  inValue(value: unknown): boolean {
    if (typeof value === 'string') return this.inText(value);
    if (value instanceof Uint8Array) return this.countIn(Buffer.from(value.buffer, value.byteOffset, value.byteLength)) > 0;
    if (Array.isArray(value)) return value.some((one) => this.inValue(one));
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([name, part]) => this.inText(name) || this.inValue(part));
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
    const after = this.bytes.length + 1;
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
  withoutIn(value: unknown): unknown {
    if (typeof value === 'string') return this.inText(value) ? value.replace(this.pattern, this.nobody) : value;
    if (Array.isArray(value)) return this.withoutInList(value);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array || !this.inValue(value)) return value;
    const kept = Object.entries(value).filter(([name]) => !this.inText(name));
    return Object.fromEntries(kept.map(([name, part]) => [name, this.withoutIn(part)]));
  }

  private withoutInList(list: readonly unknown[]): readonly unknown[] {
    if (!this.inValue(list)) return list;
    return list.filter((one) => !this.isEntryOf(one)).map((one) => this.withoutIn(one));
  }

  private isEntryOf(one: unknown): boolean {
    if (typeof one === 'string') return this.inText(one);
    if (typeof one !== 'object' || one === null) return false;
    return ORDERED_BY.some((name) => {
      const named = (one as Readonly<Record<string, unknown>>)[name];
      return typeof named === 'string' && this.inText(named);
    });
  }

  private countBetween(bytes: Buffer, from: number, end: number): number {
    let count = 0;
    for (let at = bytes.indexOf(this.bytes, from); at >= 0 && at < end; at = bytes.indexOf(this.bytes, at + 1)) if (this.endsAt(bytes, at)) count++;
    return count;
  }

  /** Whether it is this one and no longer one: it cannot be mistaken, no letter follows, or its length stands before it. */
  private endsAt(bytes: Buffer, at: number): boolean {
    if (this.bytes.length >= UNMISTAKABLE || !isWord(bytes[at + this.bytes.length])) return true;
    return this.prefixes.some((prefix) => at >= prefix.length && bytes.subarray(at - prefix.length, at).equals(prefix));
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
