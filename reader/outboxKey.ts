/** The key of an outbox: made, unwrapped, wrapped anew and made anew, while events come and go. See ADR 0038. */
import type { Database } from 'lmdb';
import { DiskSeal, MOST_DISK_SEALS, newDiskSecret, type DiskKeys } from '../schemas/index.js';
import { eventsInClear } from './eventRefusal.js';
import { META, YES, parsed, type Counts } from './outboxRows.js';
import { locked } from './outboxSeal.js';

/** Between two tries to wrap a key, ms. */
const AGAIN_MS = 1_000;

/** What a key needs of the file that it is of. */
export interface KeyedFile {
  readonly meta: Database<Buffer, Buffer>;
  counts(): Counts;
  /** Seals all that lies in clear; within a transaction. */
  sealAll(seal: DiskSeal): void;
  /** @throws SFS_EVENTS_UNAVAILABLE */
  durably<T>(write: () => T): Promise<T>;
}

/** How a key is kept; in brackets the defaults. */
export interface OutboxKeyOptions {
  /** What wraps it; `null` where there is nothing of the kind: then events lie in clear, and a sealed file stays closed (`null`). */
  readonly keys?: DiskKeys | null;
  /** After as many events a new one is made, as soon as nothing waits (2^32). */
  readonly mostSeals?: number;
  /** Hears once, until it is mended, what went wrong with the file and keeps nothing from going; it is tried again. */
  readonly onWarning?: (what: string, error: unknown) => void;
}

interface Held {
  /** See {@link META.keyFrom}. */
  readonly from: number;
  readonly seal: DiskSeal;
  /** As long as it is to be wrapped anew; else `null`. */
  readonly secret: Buffer | null;
}

/** Asked again and again by who forwards: what could not be done is tried again then. */
export class OutboxKey {
  private readonly keys: DiskKeys | null;
  private held: Held | null = null;
  /** Whether the region has data keys; `null` as long as nobody has told this process. */
  private areThere: boolean | null = null;
  private unlocking: Promise<void> | null = null;
  private isKeptUp = false;
  private isTold = false;
  private nextMs = -Infinity;
  private isClosed = false;

  constructor(
    private readonly file: KeyedFile,
    private readonly options: OutboxKeyOptions,
  ) {
    this.keys = options.keys ?? null;
  }

  /** Whether there is one: then nothing of events can be read in the file. */
  get isThere(): boolean {
    return this.file.meta.get(META.key) !== undefined;
  }

  /** `null` where events lie in clear, and as long as it is not at hand: another process may have made a new one. */
  get seal(): DiskSeal | null {
    return this.held !== null && this.held.from === this.from() ? this.held.seal : null;
  }

  /** Whether events can be written, and those that wait be read. */
  get isUnlocked(): boolean {
    if (this.isThere) return this.seal !== null;
    if (this.areThere !== null) return !this.areThere;
    return this.keys === null || this.file.meta.get(META.unkeyed) !== undefined;
  }

  /** Why events can be neither written nor read. */
  locked(): Error {
    return this.keys === null && this.isThere ? eventsInClear() : locked();
  }

  /** See {@link Outbox.unlock}. Where that is done, the key is kept up meanwhile, without anybody who waits for it. */
  unlock(): Promise<void> {
    const isDone = this.isThere ? this.seal !== null : this.keys === null || this.areThere === false;
    if (!isDone) return (this.unlocking ??= this.find().finally(() => (this.unlocking = null)));
    void this.keepUp();
    return Promise.resolve();
  }

  /** Goes on with what another one of the same file has. */
  follow({ held, areThere }: OutboxKey): void {
    [this.held, this.areThere] = [held, areThere];
  }

  /** Nothing is written any more. */
  close(): void {
    this.isClosed = true;
  }

  private async find(): Promise<void> {
    const { keys, file } = this;
    if (keys === null) throw eventsInClear();
    const [wrapped, from] = [file.meta.get(META.key)?.toString(), this.from()];
    if (wrapped !== undefined) {
      const secret = await keys.unwrap(wrapped);
      this.held = { from, seal: new DiskSeal(secret), secret };
      return;
    }
    if (await keys.areThere()) return this.begin(keys);
    await file.durably(() => file.meta.putSync(META.unkeyed, YES));
    this.areThere = false;
  }

  private async begin(keys: DiskKeys): Promise<void> {
    const { file } = this;
    // Whatever becomes of the key: from now on nothing is written in clear, by the next process neither.
    this.areThere = true;
    if (file.meta.get(META.unkeyed) !== undefined) await file.durably(() => file.meta.removeSync(META.unkeyed));
    const secret = newDiskSecret();
    const wrapped = await keys.wrap(secret);
    const seal = new DiskSeal(secret);
    const from = await file.durably(() => {
      if (this.isThere) return null;
      const { last, events } = file.counts();
      file.sealAll(seal);
      this.put(wrapped, last - events);
      file.meta.removeSync(META.unkeyed);
      if (last > 0) file.meta.putSync(META.stale, YES);
      return last - events;
    });
    // Another process was faster: its key is the one.
    if (from === null) return this.find();
    this.held = { from, seal, secret: null };
  }

  /** Wraps the key with the newest version of what wraps it, since older ones may be forbidden some day, and makes a new one where it is used up: until that is done. */
  private async keepUp(): Promise<void> {
    const { keys, held } = this;
    if (keys === null || held === null || this.isKeptUp || performance.now() < this.nextMs) return;
    const isUsedUp = this.isUsedUp();
    if (!isUsedUp && held.secret === null) return;
    this.isKeptUp = true;
    try {
      await (isUsedUp ? this.renew(keys) : this.wrapAnew(keys, held));
      this.isTold = false;
    } catch (error) {
      this.nextMs = performance.now() + AGAIN_MS;
      if (!this.isTold && !this.isClosed) this.options.onWarning?.('the key of the outbox cannot be wrapped anew', error);
      this.isTold = true;
    } finally {
      this.isKeptUp = false;
    }
  }

  private async wrapAnew(keys: DiskKeys, held: Held): Promise<void> {
    const wrapped = await keys.wrap(held.secret!);
    if (this.isClosed) return;
    await this.file.durably(() => {
      if (this.from() === held.from) this.put(wrapped, held.from);
    });
    if (this.held === held) this.held = { ...held, secret: null };
  }

  private async renew(keys: DiskKeys): Promise<void> {
    const secret = newDiskSecret();
    const wrapped = await keys.wrap(secret);
    if (this.isClosed) return;
    const from = await this.file.durably(() => {
      // Events may have come meanwhile, or another process may have been faster.
      if (!this.isUsedUp()) return null;
      const { last } = this.file.counts();
      this.put(wrapped, last);
      return last;
    });
    if (from !== null) this.held = { from, seal: new DiskSeal(secret), secret: null };
  }

  /** Whether a new key is due, and can be made: nothing waits that lies under this one. */
  private isUsedUp(): boolean {
    const { mostSeals = MOST_DISK_SEALS } = this.options;
    const { last, events } = this.file.counts();
    return events === 0 && last - this.from() > mostSeals;
  }

  private from(): number {
    return parsed<number>(this.file.meta.get(META.keyFrom)) ?? 0;
  }

  /** Within a transaction. */
  private put(wrapped: string, from: number): void {
    this.file.meta.putSync(META.key, Buffer.from(wrapped));
    this.file.meta.putSync(META.keyFrom, Buffer.from(String(from)));
  }
}
