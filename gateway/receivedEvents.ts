/** Which events have come already, by their identities, so that a retry writes nothing twice. */
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'lmdb';
import type { SharedFile } from '../lmdb/sharedFile.js';
import { SkillForgeError, regionMismatch } from '../schemas/index.js';
import { changed, openStore, storeError } from './store.js';

/** File of the identities of events within its folder. */
export const RECEIVED_FILE = 'received.mdb';
/** How long identities are kept, ms: a retry after a long weekend is still one. */
export const KEPT_MS = 3 * 86_400_000;

const KEY_BYTES = 16;
const DIGEST_BYTES = 8;
const NUMBER_BYTES = 8;
/** Random bytes at the end of each batch: half a key, which no version takes for one. */
const MARK_BYTES = KEY_BYTES / 2;
/** Old batches that go with each new one: more than one, so that they do not pile up. */
const FORGOTTEN_AT_ONCE = 4;
const ID_KEY = Buffer.from('id');
const OWNER_KEY = Buffer.from('owner');
const REGION_KEY = Buffer.from('region');
/** Another value after each time that events were brought from another gateway. */
const BROUGHT_KEY = Buffer.from('brought');

/** An event as it is remembered. */
export interface ReceivedEvent {
  /** {@link receivedKey} of its identity. */
  readonly key: Buffer;
  /** {@link contentDigest} of its content. */
  readonly digest: Buffer;
}

/** What stands for the identity of an event: a part of its SHA-256. */
export const receivedKey = (eventId: string): Buffer => hash('sha256', eventId, 'buffer').subarray(0, KEY_BYTES);

/** What tells another content under the same identity: a part of the SHA-256 of its JSON. */
export const contentDigest = (content: unknown): Buffer => hash('sha256', JSON.stringify(content), 'buffer').subarray(0, DIGEST_BYTES);

/** In place of a digest, of an event that another gateway took: its content is not compared. */
const ANY_CONTENT = Buffer.alloc(DIGEST_BYTES);
/** The batch of events that other gateways took: before the first of this one, so that it is in the log whatever the log says. There is one for each time, which follows the number in its key. */
const CARRIED_BATCH = 0;

const CARRIED_ENTRY = Buffer.concat([ANY_CONTENT, numberBytes(CARRIED_BATCH)]);

/** The region that a gateway's folder is of; `null` where no gateway has run with it. Whoever owns the file keeps it. @throws SFS_GATEWAY_STORE */
export async function regionNotedIn(folder: string): Promise<string | null> {
  if (!existsSync(join(folder, RECEIVED_FILE))) return null;
  const file = openStore(folder, RECEIVED_FILE);
  try {
    return file.database('meta').get(REGION_KEY)?.toString() ?? null;
  } finally {
    await file.close();
  }
}

/** Whether an event came before with another content. @param before - its digest then, if it came */
export const isOtherContent = (before: Buffer | null | undefined, digest: Buffer): boolean =>
  before !== null && before !== undefined && !before.equals(ANY_CONTENT) && !before.equals(digest);

/**
 * Identities are noted, durably and with the number of their batch, before the batch goes to the log. The log tells which batches arrived:
 * {@link forgetAfter} drops those that did not. So whenever the process dies, what is remembered is what is in the log.
 *
 * Whoever opens the file last owns it: an earlier process can note nothing any more. Open it before the log: what the earlier one noted is in
 * the log then, or is dropped.
 */
export class ReceivedEvents {
  private readonly events: Database<Buffer, Buffer>;
  private readonly batches: Database<Buffer, Buffer>;
  /** What {@link BROUGHT_KEY} said at the last {@link refresh}. */
  private brought = '';

  private constructor(
    private readonly folder: string,
    private readonly file: SharedFile,
    private readonly meta: Database<Buffer, Buffer>,
    /** `null` for who is beside the owner. */
    private readonly owner: Buffer | null,
    /** Random, made with the folder: the name under which the log keeps the number of the last batch. */
    readonly id: string,
  ) {
    this.events = file.database('events');
    this.batches = file.database('batches');
  }

  /** @throws SFS_GATEWAY_STORE */
  static async open(folder: string): Promise<ReceivedEvents> {
    const file = openStore(folder, RECEIVED_FILE);
    const meta = file.database('meta');
    const owner = Buffer.from(randomUUID());
    const id = await changed(folder, file, () => {
      if (meta.get(ID_KEY) === undefined) meta.putSync(ID_KEY, Buffer.from(randomUUID()));
      meta.putSync(OWNER_KEY, owner);
      return meta.get(ID_KEY)!.toString();
    });
    return new ReceivedEvents(folder, file, meta, owner, id);
  }

  /** Opens the file beside its owner, who goes on: for {@link noteCarried} and {@link claim}. @throws SFS_GATEWAY_STORE */
  static async beside(folder: string): Promise<ReceivedEvents> {
    const file = openStore(folder, RECEIVED_FILE);
    const meta = file.database('meta');
    const id = meta.get(ID_KEY)?.toString();
    if (id !== undefined) return new ReceivedEvents(folder, file, meta, null, id);
    await file.close();
    throw storeError(folder, `${RECEIVED_FILE} is of no gateway`);
  }

  /** Makes the folder that of a region, where it is none's yet. @throws SFS_REGION_MISMATCH where it is another's; SFS_GATEWAY_STORE, SFS_FENCED */
  async settleIn(region: string): Promise<void> {
    this.refresh();
    const kept = this.meta.get(REGION_KEY)?.toString();
    if (kept === region) return;
    if (kept !== undefined) throw regionMismatch(`the gateway folder ${this.folder}`, kept, region);
    await this.change(() => this.meta.putSync(REGION_KEY, Buffer.from(region)));
  }

  /** Sees what other transactions have written until now. */
  refresh(): void {
    this.file.root.resetReadTxn();
    this.brought = this.broughtNow();
  }

  /** Digest of the event that came under this key; `null` when none did. */
  digestOf(key: Buffer): Buffer | null {
    return this.events.get(key)?.subarray(0, DIGEST_BYTES) ?? null;
  }

  /**
   * Notes a batch, and drops what is older than {@link KEPT_MS}. Durable when it resolves.
   * @returns false, and notes nothing, where events were brought from another gateway since {@link refresh}: some of these may be among them. @throws SFS_GATEWAY_STORE, SFS_FENCED
   */
  async note(batch: number, received: readonly ReceivedEvent[], nowMs: number): Promise<boolean> {
    const number = numberBytes(batch);
    // The number comes again where the batch does not get into the log.
    const keys = Buffer.concat([numberBytes(nowMs), ...received.map(({ key }) => key), randomBytes(MARK_BYTES)]);
    return this.change(() => {
      if (this.broughtNow() !== this.brought) return false;
      this.batches.putSync(number, keys);
      for (const { key, digest } of received) this.events.putSync(key, Buffer.concat([digest, number]));
      for (const one of this.olderThan(nowMs - KEPT_MS)) this.forget(one);
      return true;
    });
  }

  /**
   * Notes events that were brought here from the gateway of another region, which had taken them: sent again they are repeats. Those that this gateway took itself
   * before the learner went away, too: its digest of them has the pseudonym of then. Durable when it resolves.
   * @throws SFS_GATEWAY_STORE, SFS_FENCED
   */
  async noteCarried(keys: readonly Buffer[], nowMs: number): Promise<void> {
    this.refresh();
    const fresh = keys.filter((key) => this.events.get(key)?.equals(CARRIED_ENTRY) !== true);
    if (fresh.length > 0) await this.change(() => this.putCarried(fresh, nowMs));
  }

  /**
   * As {@link noteCarried}, while the owner takes events of the same learner, some of which may be the same ones: those that it has taken stay as they are.
   * One that was taken so long ago that it is forgotten looks as if it had not been: only the log tells.
   * @param known - by the text of its key, the batch of one that is not of the learner, or from before they went away: it counts as brought @returns for each key what tells the batch that it was taken in from all
   * others, `null` for one that is brought. @throws SFS_GATEWAY_STORE
   */
  async claim(keys: readonly Buffer[], nowMs: number, known: ReadonlyMap<string, string>): Promise<(string | null)[]> {
    let batches: (string | null)[] = [];
    await this.change(() => {
      batches = keys.map((key) => {
        const entry = this.events.get(key);
        if (entry === undefined || entry.equals(CARRIED_ENTRY)) return null;
        const batch = this.nameOf(entry.subarray(DIGEST_BYTES));
        return known.get(key.toString('latin1')) === batch ? null : batch;
      });
      const brought = keys.filter((key, at) => batches[at] === null && this.events.get(key)?.equals(CARRIED_ENTRY) !== true);
      if (brought.length > 0) this.putCarried(brought, nowMs);
    });
    return batches;
  }

  /** Drops batches with greater numbers: they are not in the log. @throws SFS_GATEWAY_STORE, SFS_FENCED */
  async forgetAfter(batch: number): Promise<void> {
    this.refresh();
    const lost = [...this.batches.getKeys({ start: numberBytes(batch + 1) })].map((key) => Buffer.from(key));
    if (lost.length > 0) await this.change(() => lost.forEach((number) => this.forget(number)));
  }

  /** @throws SFS_FENCED when another process has opened the file since */
  assertOwned(): void {
    this.refresh();
    if (!this.isOwned()) throw this.fenced();
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** Changes all of it, or nothing where the file is another process's by now. @returns what `write` gave */
  private async change<T>(write: () => T): Promise<T> {
    const done = await changed(this.folder, this.file, () => (this.isOwned() ? { result: write() } : null));
    if (done === null) throw this.fenced();
    return done.result;
  }

  private putCarried(keys: readonly Buffer[], nowMs: number): void {
    const time = numberBytes(nowMs);
    // Each time apart: together none would ever be old while learners move here.
    const batch = Buffer.concat([numberBytes(CARRIED_BATCH), time]);
    this.batches.putSync(batch, Buffer.concat([this.batches.get(batch) ?? time, ...keys]));
    for (const key of keys) this.events.putSync(key, CARRIED_ENTRY);
    this.meta.putSync(BROUGHT_KEY, Buffer.from(randomUUID()));
  }

  private broughtNow(): string {
    return this.meta.get(BROUGHT_KEY)?.toString() ?? '';
  }

  private isOwned(): boolean {
    return this.owner === null || this.meta.get(OWNER_KEY)?.equals(this.owner) === true;
  }

  private fenced(): SkillForgeError {
    return new SkillForgeError('SFS_FENCED', `another gateway has opened the files in ${this.folder}`, { context: { folder: this.folder } });
  }

  private olderThan(timeMs: number): Buffer[] {
    const own = numberBytes(CARRIED_BATCH + 1);
    // Those that were brought come first, and are not to hide the others.
    const first = [{ end: own }, { start: own }].flatMap((range) => [...this.batches.getRange({ ...range, limit: FORGOTTEN_AT_ONCE })]);
    return first.filter(({ value }) => Number(value.readBigUInt64BE(0)) < timeMs).map(({ key }) => Buffer.from(key));
  }

  /** What tells a batch from another one of the same number. */
  private nameOf(number: Buffer): string {
    const batch = this.batches.get(number) ?? number;
    return [number, batch.subarray(0, NUMBER_BYTES), batch.subarray(-MARK_BYTES)].map((part) => part.toString('hex')).join('/');
  }

  private forget(batch: Buffer): void {
    const keys = this.batches.get(batch);
    if (keys === undefined) return;
    const number = batch.subarray(0, NUMBER_BYTES);
    for (let at = NUMBER_BYTES; at + KEY_BYTES <= keys.length; at += KEY_BYTES) {
      const key = keys.subarray(at, at + KEY_BYTES);
      // It may have come again in a later batch.
      if (this.events.get(key)?.subarray(DIGEST_BYTES).equals(number) === true) this.events.removeSync(key);
    }
    this.batches.removeSync(batch);
  }
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
