/**
 * A commit as one piece of memory that goes from a thread to another without a copy: thousands of buffers one by one would each be copied, and be
 * an object to the garbage collectors of both. Little endian; a length of 2³² - 1 stands for `null`. The names of topics, stores and queues repeat, so each is
 * written once, where it is first used, and is a number after that.
 */
import type { OutputRecord, QueueWrite, StateWrite, TaskCommit } from '../../ports.js';

const NULL = 0xffff_ffff;
const NUMBER = 8;
const LENGTH = 4;
/** More than the numbers and lengths of any write take beside its texts and bytes. */
const MOST_FRAME = 64;
/** Bytes of UTF-8 that a character of a string takes at most. */
const MOST_UTF8 = 3;

/** So that most of what comes later fits in, too. */
const LEAST_ROOM = 256 * 1024;

const LATEST_ONLY = 1;
const OWNED = 2;

/** Lays a commit out. @param room - memory to use where it is large enough; else other memory is taken */
export function packCommit(commit: TaskCommit, room: ArrayBuffer | undefined): ArrayBuffer {
  const most = mostBytes(commit);
  const packed = room !== undefined && room.byteLength >= most ? room : new ArrayBuffer(Math.max(most, LEAST_ROOM));
  const writer = new Writer(packed);
  writer.text(commit.task);
  writer.bytes(commit.progress);
  writer.count(commit.outputs.length);
  for (const output of commit.outputs) writeOutput(writer, output);
  writer.count(commit.state.length);
  for (const { store, key, value, isOfSeveral = false } of commit.state) {
    writer.name(store);
    writer.text(key);
    writer.bytes(value);
    writer.count(Number(isOfSeveral));
  }
  writer.count(commit.queue.length);
  for (const { queue, timeMs, tiebreak, payload } of commit.queue) {
    writer.name(queue);
    writer.number(timeMs);
    writer.text(tiebreak);
    writer.bytes(payload);
  }
  return packed;
}

/** The commit; its buffers are parts of `packed`. */
export function unpackCommit(packed: ArrayBuffer): TaskCommit {
  const reader = new Reader(packed);
  return {
    task: reader.text(),
    progress: reader.bytes()!,
    outputs: reader.list(readOutput),
    state: reader.list(readState),
    queue: reader.list(readTimer),
  };
}

function writeOutput(writer: Writer, { topic, partition, key, value, header, isLatestOnly, owner }: OutputRecord): void {
  writer.name(topic);
  writer.count(partition);
  writer.count((isLatestOnly === true ? LATEST_ONLY : 0) | (owner === undefined ? 0 : OWNED));
  writer.bytes(key);
  writer.bytes(value);
  writer.bytes(header);
  if (owner !== undefined) writer.text(owner);
}

function readOutput(reader: Reader): OutputRecord {
  const [topic, partition, flags] = [reader.name(), reader.count(), reader.count()];
  const record = { topic, partition, key: reader.bytes(), value: reader.bytes(), header: reader.bytes(), isLatestOnly: (flags & LATEST_ONLY) !== 0 };
  return (flags & OWNED) === 0 ? record : { ...record, owner: reader.text() };
}

const readState = (reader: Reader): StateWrite => ({
  store: reader.name(),
  key: reader.text(),
  value: reader.bytes(),
  isOfSeveral: reader.count() === 1,
});

const readTimer = (reader: Reader): QueueWrite => ({
  queue: reader.name(),
  timeMs: reader.number(),
  tiebreak: reader.text(),
  payload: reader.bytes(),
});

function mostBytes({ task, progress, outputs, state, queue }: TaskCommit): number {
  let bytes = 4 * MOST_FRAME + MOST_UTF8 * task.length + progress.length;
  for (const { topic, key, value, header, owner = '' } of outputs)
    bytes += MOST_FRAME + MOST_UTF8 * (topic.length + owner.length) + lengthOf(key) + lengthOf(value) + lengthOf(header);
  for (const { store, key, value } of state) bytes += MOST_FRAME + MOST_UTF8 * (store.length + key.length) + lengthOf(value);
  for (const { queue: name, tiebreak, payload } of queue) bytes += MOST_FRAME + MOST_UTF8 * (name.length + tiebreak.length) + lengthOf(payload);
  return bytes;
}

const lengthOf = (bytes: Buffer | null): number => bytes?.length ?? 0;

class Writer {
  private readonly target: Buffer;
  private readonly names = new Map<string, number>();
  private at = 0;

  constructor(packed: ArrayBuffer) {
    this.target = Buffer.from(packed);
  }

  count(value: number): void {
    this.at = this.target.writeUInt32LE(value, this.at);
  }

  number(value: number): void {
    this.at = this.target.writeDoubleLE(value, this.at);
  }

  bytes(bytes: Buffer | null): void {
    this.count(bytes === null ? NULL : bytes.length);
    if (bytes !== null) this.at += bytes.copy(this.target, this.at);
  }

  text(text: string): void {
    const length = this.target.write(text, this.at + LENGTH);
    this.count(length);
    this.at += length;
  }

  /** A name that was not met yet has the next number, and its text comes after that. */
  name(name: string): void {
    const known = this.names.get(name);
    this.count(known ?? this.names.size);
    if (known !== undefined) return;
    this.names.set(name, this.names.size);
    this.text(name);
  }
}

class Reader {
  private readonly source: Buffer;
  private readonly names: string[] = [];
  private at = 0;

  constructor(packed: ArrayBuffer) {
    this.source = Buffer.from(packed);
  }

  count(): number {
    this.at += LENGTH;
    return this.source.readUInt32LE(this.at - LENGTH);
  }

  number(): number {
    this.at += NUMBER;
    return this.source.readDoubleLE(this.at - NUMBER);
  }

  bytes(): Buffer | null {
    const length = this.count();
    if (length === NULL) return null;
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }

  text(): string {
    const length = this.count();
    this.at += length;
    return this.source.toString('utf8', this.at - length, this.at);
  }

  name(): string {
    const number = this.count();
    if (number === this.names.length) this.names.push(this.text());
    return this.names[number]!;
  }

  list<T>(read: (reader: Reader) => T): T[] {
    return Array.from({ length: this.count() }, () => read(this));
  }
}
