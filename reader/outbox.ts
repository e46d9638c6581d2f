/** Events that were accepted and are not in the log yet: on the disk of the reader, in the order in which they came. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { assertHead, removeFile, replaceFile } from '../lmdb/files.js';
import { BINARY, SharedFile, openUnshared, otherProcesses } from '../lmdb/sharedFile.js';
import { SkillForgeError, errorMessageOf, regionMismatch, type DiskSeal } from '../schemas/index.js';
import type { ReaderEvent } from './events.js';
import { fileIdentity } from './fileIdentity.js';
import { OutboxKey, type OutboxKeyOptions } from './outboxKey.js';
import { META, NOTHING, numberBytes, numberOf, parsed, type Counts, type Lease } from './outboxRows.js';
import { storedAtMs, storedBytes, storedEvent } from './outboxSeal.js';

/** File of the outbox within the folder of the view; it is no cache and must be kept. */
export const OUTBOX_FILE = 'outbox.mdb';

/** An event that waits. */
export interface OutboxEntry {
  /** Grows with each entry, over restarts. */
  readonly number: number;
  /** When it was accepted, ms since epoch. */
  readonly atMs: number;
  /** As it lies in the file. */
  readonly bytes: number;
  readonly event: ReaderEvent;
}

/** How much waits. */
export interface OutboxDepth {
  readonly events: number;
  /** Of their values, bytes. */
  readonly bytes: number;
  /** When the oldest was accepted, ms since epoch; `null` where none waits. */
  readonly oldestMs: number | null;
}

/** How an outbox is opened; in brackets the defaults. */
export interface OutboxFileOptions extends OutboxKeyOptions {
  /** Of all that waits (no limit). */
  readonly mostBytes?: number;
}

const UNFINISHED = '.unfinished';

/**
 * A file that several processes may have open. Entries have numbers, given in the transaction that writes them; the log keeps the number of the last one
 * that it has, so that no crash leaves a doubt. One process at a time forwards: the lease only says whose turn it is, the log shuts out all others.
 */
export class Outbox {
  private readonly entries: Database<Buffer, Buffer>;
  private readonly key: OutboxKey;
  private isClosed = false;

  private constructor(
    readonly folder: string,
    private readonly file: SharedFile,
    private readonly meta: Database<Buffer, Buffer>,
    private readonly options: OutboxFileOptions,
  ) {
    this.entries = file.database('entries');
    const counts = (): Counts => this.counts();
    this.key = new OutboxKey({ meta, counts, sealAll: (seal) => this.sealAll(seal), durably: (write) => this.durably(write) }, options);
  }

  /**
   * Opens the outbox of a folder, or makes it. Before events are written or read, {@link unlock} is to be called where there are keys.
   * @throws SFS_VIEW_UNUSABLE; SFS_REGION_MISMATCH where it holds events of another region
   */
  static async open(folder: string, region: string, options: OutboxFileOptions = {}): Promise<Outbox> {
    const path = join(folder, OUTBOX_FILE);
    let file: SharedFile;
    try {
      assertHead(path);
      file = SharedFile.open(path);
    } catch (cause) {
      throw unusable(folder, cause);
    }
    try {
      const outbox = new Outbox(folder, file, file.database('meta'), options);
      await outbox.settleIn(region, fileIdentity(path));
      return outbox;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Random, made with the file: the name under which the log keeps how far it is. */
  get id(): string {
    return this.meta.get(META.id)!.toString();
  }

  /** Whether it has a key: then nothing of its events can be read in the file. */
  get isSealed(): boolean {
    return this.key.isThere;
  }

  /**
   * Finds out whether the region has data keys, and has the key of this file at hand: unwrapped, or made where there is none. Events that lie in clear are sealed then. Where that is done, the key is wrapped anew
   * and, when it is used up, made anew; nobody waits for that.
   * @throws SFS_KEYS_UNAVAILABLE while nobody can tell, or the key service is away; SFS_EVENTS_IN_CLEAR for a sealed file, without keys; what wrapping and unwrapping throws; SFS_EVENTS_UNAVAILABLE
   */
  unlock(): Promise<void> {
    this.file.root.resetReadTxn();
    return this.key.unlock();
  }

  /**
   * Durable when it resolves. @returns the number of the last of them
   * @throws SFS_OUTBOX_FULL; SFS_KEYS_UNAVAILABLE while it is locked, SFS_EVENTS_IN_CLEAR where that is for want of keys; SFS_EVENTS_UNAVAILABLE where the disk does not take them
   */
  async append(events: readonly ReaderEvent[], atMs: number): Promise<number> {
    if (!this.key.isUnlocked) throw this.key.locked();
    const { mostBytes = Infinity } = this.options;
    const last = await this.durably(() => {
      // Another process may have sealed the file since, or made a new key.
      if (!this.key.isUnlocked) return 'locked';
      const [counts, { seal }] = [this.counts(), this.key];
      const values = events.map((event, nth) => storedBytes({ atMs, event }, counts.last + 1 + nth, seal));
      const bytes = values.reduce((sum, value) => sum + value.length, 0);
      if (counts.bytes + bytes > mostBytes) return 'full';
      values.forEach((value, nth) => this.entries.putSync(numberBytes(counts.last + 1 + nth), value));
      this.count({ last: counts.last + values.length, events: counts.events + values.length, bytes: counts.bytes + bytes });
      return counts.last + values.length;
    });
    if (last === 'locked') throw this.key.locked();
    if (last !== 'full') return last;
    throw new SkillForgeError('SFS_OUTBOX_FULL', `the outbox in ${this.folder} is full: ${mostBytes} bytes of events wait for the log`, {
      retriable: true,
      context: { folder: this.folder, mostBytes },
    });
  }

  /** All that waits, in order. @throws SFS_KEYS_UNAVAILABLE for sealed events while it is locked */
  *waiting(): Generator<OutboxEntry, void, undefined> {
    this.file.root.resetReadTxn();
    const { seal } = this.key;
    for (const { key, value } of this.entries.getRange()) {
      const number = numberOf(key);
      yield { number, bytes: value.length, ...storedEvent(value, number, seal) };
    }
  }

  /** The number of the oldest that waits; `null` where none does. */
  first(): number | null {
    this.file.root.resetReadTxn();
    const [key] = this.entries.getKeys({ limit: 1 });
    return key === undefined ? null : numberOf(key);
  }

  /** How much waits now; that is told while it is locked, too. */
  depth(): OutboxDepth {
    this.file.root.resetReadTxn();
    const [oldest] = this.entries.getRange({ limit: 1 });
    const { events, bytes } = this.counts();
    return { events, bytes, oldestMs: oldest === undefined ? null : storedAtMs(oldest.value) };
  }

  /** Forgets all up to a number: they are in the log. What the disk loses of this, the log tells again. */
  async dropUpTo(number: number): Promise<void> {
    await this.file.write(() => this.remove(this.entries.getRange({ end: numberBytes(number + 1) })));
  }

  /** Forgets these; durable when it resolves. @throws SFS_EVENTS_UNAVAILABLE */
  async drop(numbers: readonly number[]): Promise<void> {
    const keys = numbers.map((number) => numberBytes(number));
    await this.durably(() =>
      this.remove(keys.flatMap((key) => [...this.entries.getRange({ start: key, limit: 1 })].filter((one) => one.key.equals(key)))),
    );
  }

  /**
   * Takes another name where the log knows a later number than this file has given: the file is an old state of itself, as from a snapshot of its disk.
   * What waits goes into the log under the new name, perhaps again: consumers know repeats by `eventId`.
   */
  async isAsFarAs(last: number): Promise<boolean> {
    this.file.root.resetReadTxn();
    if (this.counts().last >= last) return true;
    await this.durably(() => this.meta.putSync(META.id, Buffer.from(randomUUID())));
    return false;
  }

  /** Whose turn it is to forward: `own` where it was this owner's before, `new` where it is now, `other` where it is somebody else's. */
  claim(owner: string, nowMs: number, lastsMs: number): Promise<'own' | 'new' | 'other'> {
    return this.file.write(() => {
      const lease = parsed<Lease>(this.meta.get(META.lease)) ?? { owner: '', untilMs: 0 };
      // A clock that was set back must not keep everybody waiting.
      if (lease.owner !== owner && lease.untilMs > nowMs && lease.untilMs <= nowMs + lastsMs) return 'other';
      this.meta.putSync(META.lease, Buffer.from(JSON.stringify({ owner, untilMs: nowMs + lastsMs } satisfies Lease)));
      return lease.owner === owner ? 'own' : 'new';
    });
  }

  /** Gives the turn up. */
  async release(owner: string): Promise<void> {
    await this.file.write(() => {
      if (parsed<Lease>(this.meta.get(META.lease))?.owner === owner) this.meta.removeSync(META.lease);
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.key.close();
    await this.file.close();
  }

  /**
   * This outbox in a new file, where events lay in clear before it had a key and nobody else has it open: LMDB leaves in a file what was there before. This one is closed then. Otherwise it stays as it is, for the
   * next start; so it does, and says so, where the disk has no room for the new file.
   */
  async withoutOldPages(region: string): Promise<Outbox> {
    if (this.meta.get(META.stale) === undefined || otherProcesses(this).length > 0) return this;
    const path = join(this.folder, OUTBOX_FILE);
    const unfinished = path + UNFINISHED;
    try {
      removeFile(unfinished);
      await this.copyTo(unfinished);
    } catch (error) {
      this.warn(error);
      return this;
    }
    // That took a while: who has begun meanwhile would go on in the file that goes.
    if (otherProcesses(this).length > 0) return this;
    await this.close();
    try {
      replaceFile(path, unfinished);
    } catch (error) {
      this.warn(error);
    }
    const renewed = await Outbox.open(this.folder, region, this.options);
    renewed.key.follow(this.key);
    return renewed;
  }

  /** The room that an unfinished file has is given back: events need it. */
  private warn(error: unknown): void {
    this.options.onWarning?.('the outbox cannot be written anew: its file may have events in clear until a later start', error);
    try {
      removeFile(join(this.folder, OUTBOX_FILE) + UNFINISHED);
    } catch {
      // It was told already that something is wrong there.
    }
  }

  /** LMDB's own list of processes that read the file. */
  readerList(): string {
    return this.file.readerList();
  }

  /** Writes what waits into a new file, which can take the place of this one: of what was forgotten nothing is in it. Nobody may write meanwhile. */
  async copyTo(path: string): Promise<void> {
    const copy = openUnshared(path);
    const [entries, meta] = [copy.openDB<Buffer, Buffer>('entries', BINARY), copy.openDB<Buffer, Buffer>('meta', BINARY)];
    try {
      copy.transactionSync(() => {
        for (const { key, value } of this.meta.getRange()) meta.putSync(Buffer.from(key), Buffer.from(value));
        meta.putSync(META.file, Buffer.from(fileIdentity(path)));
        meta.removeSync(META.stale);
        for (const { key, value } of this.entries.getRange()) entries.putSync(Buffer.from(key), Buffer.from(value));
      });
    } finally {
      await copy.close();
    }
  }

  /**
   * A copy of the file, such as one of a folder that a new reader was to begin with, gets a name of its own: under the name of the first one its numbers
   * would be taken for events that are in the log.
   */
  private async settleIn(region: string, file: string): Promise<void> {
    const kept = this.meta.get(META.region)?.toString();
    if (kept !== undefined && kept !== region) throw regionMismatch(`the outbox in ${this.folder}`, kept, region);
    if (this.meta.get(META.file)?.toString() === file) return;
    await this.durably(() => {
      if (this.meta.get(META.file)?.toString() === file) return;
      const own = { id: randomUUID(), region, file };
      for (const name of ['id', 'region', 'file'] as const) this.meta.putSync(META[name], Buffer.from(own[name]));
    });
  }

  /** Within a transaction. */
  private sealAll(seal: DiskSeal): void {
    let bytes = 0;
    for (const { key, value } of [...this.entries.getRange()]) {
      const number = numberOf(key);
      const sealed = storedBytes(storedEvent(value, number, null), number, seal);
      bytes += sealed.length;
      this.entries.putSync(Buffer.from(key), sealed);
    }
    this.count({ ...this.counts(), bytes });
  }

  private counts(): Counts {
    return parsed<Counts>(this.meta.get(META.counts)) ?? NOTHING;
  }

  private count(counts: Counts): void {
    this.meta.putSync(META.counts, Buffer.from(JSON.stringify(counts)));
  }

  /** Within a transaction. */
  private remove(found: Iterable<{ readonly key: Buffer; readonly value: Buffer }>): void {
    const gone = Array.from(found, ({ key, value }) => ({ key: Buffer.from(key), bytes: value.length }));
    if (gone.length === 0) return;
    for (const { key } of gone) this.entries.removeSync(key);
    const { last, events, bytes } = this.counts();
    this.count({ last, events: events - gone.length, bytes: bytes - gone.reduce((sum, one) => sum + one.bytes, 0) });
  }

  /** On the disk, not only in the memory of the system. */
  private async durably<T>(write: () => T): Promise<T> {
    try {
      // Who has waited for a key may come late.
      if (this.isClosed) throw new Error('it is closed');
      return await this.file.write(write);
    } catch (cause) {
      const message = `the outbox in ${this.folder} cannot be written: ${errorMessageOf(cause)}`;
      throw new SkillForgeError('SFS_EVENTS_UNAVAILABLE', message, { retriable: true, cause, context: { folder: this.folder } });
    }
  }
}

function unusable(folder: string, cause: unknown): SkillForgeError {
  return new SkillForgeError('SFS_VIEW_UNUSABLE', `the outbox in ${folder} cannot be used: ${errorMessageOf(cause)}`, { cause, context: { folder } });
}
