/** The ring of one folder: a file with what the ring is, a file with its data keys. See ADR 0030. */
import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, type DataKey, type KeyRing } from '../../schemas/index.js';
import { newDataKey, openedKey, ownerDigest, rewrapped, unwrapSecret, type BranchKey, type StoredKey } from './dataKeys.js';
import { syncFolder, writeSecret } from './durableFile.js';
import { DEFAULT_BOUNDS, KeyCache, type CacheBounds } from './keyCache.js';
import { newRing, openedBranches, parsedRing, rotatedElsewhere, type RingDocument } from './ringDocument.js';
import { locked } from './ringLock.js';
import { makeService, serviceOf, type KeyServicePlace } from './services.js';
import { SlotFile } from './slotFile.js';
import type { Slot } from './slots.js';

/** Folder of the ring within the folder of an installation. */
export const KEYS_FOLDER = 'keys';
const RING_FILE = 'ring.json';
const SLOTS_FILE = 'data-keys';
const LOCK_FILE = 'ring.lock';
const READ_ATTEMPTS = 3;
const READ_PAUSE_MS = 5;
/** Between two looks at what other processes changed, ms. */
export const LOOK_MS = 1_000;

/** How a ring is opened; in brackets the defaults. */
export interface FolderRingOptions {
  /** Makes no key (false). */
  readonly readOnly?: boolean;
  readonly bounds?: CacheBounds;
  readonly clock?: () => number;
}

/** Whether a folder has a ring: then what is personal in it is sealed. */
export const holdsRing = (folder: string): boolean => existsSync(ringPath(folder));

const ringPath = (folder: string): string => join(folder, KEYS_FOLDER, RING_FILE);

/**
 * Makes the ring of a folder. @param place - of the key-encryption key; a file is made where there is none
 * @throws SFS_KEYS_EXIST where there is one: another one could open nothing; and what the service throws
 */
export async function makeRing(folder: string, place: KeyServicePlace, nowMs: number): Promise<RingDocument> {
  if (holdsRing(folder))
    throw new SkillForgeError('SFS_KEYS_EXIST', `${ringPath(folder)} is there already: what it seals needs it`, { context: { folder } });
  makeService(place);
  const ring = await newRing(place, nowMs);
  const slots = join(folder, KEYS_FOLDER, SLOTS_FILE);
  writeSecret(
    join(folder, KEYS_FOLDER, 'README'),
    'Data keys of learners, wrapped. Without this folder nothing that is sealed in the folder above can be read.\n',
  );
  if (!existsSync(slots)) SlotFile.open(slots, 'write', true).close();
  syncFolder(join(folder, KEYS_FOLDER));
  writeSecret(ringPath(folder), `${JSON.stringify(ring, null, 2)}\n`);
  return ring;
}

/** What the ring of a folder is. @throws SFS_KEYS_CORRUPT */
export const ringOf = (folder: string): RingDocument => parsedRing(readFileSync(ringPath(folder), 'utf8'), ringPath(folder));

const keepRing = (folder: string, ring: RingDocument): void => writeSecret(ringPath(folder), `${JSON.stringify(ring, null, 2)}\n`);

const lockPath = (folder: string): string => join(folder, KEYS_FOLDER, LOCK_FILE);

/** Replaces what the ring was found to be; for a rotation. @throws SFS_KEYS_BUSY where somebody else has changed it meanwhile; SFS_KEYS_UNWRITABLE */
export function changeRing(folder: string, before: RingDocument, after: RingDocument): void {
  locked(lockPath(folder), () => {
    if (JSON.stringify(ringOf(folder)) !== JSON.stringify(before)) throw rotatedElsewhere(folder);
    keepRing(folder, after);
  });
}

interface Located {
  readonly key: StoredKey;
  readonly at: number;
}

/** How many keys a ring has. */
export interface RingCounts {
  readonly keys: number;
  readonly deleted: number;
  /** Keys by the version of the branch key that wraps them. */
  readonly byBranch: ReadonlyMap<number, number>;
}

/** The data keys of a folder. The wrapped ones are in memory, the unwrapped ones in a bounded cache. */
export class FolderRing implements KeyRing {
  private readonly cache: KeyCache;
  private readonly byId = new Map<string, Located>();
  private readonly byOwner = new Map<string, string>();
  private readonly deleted = new Map<string, number>();
  /** Names that are no owners, until a key is made. */
  private readonly strangers = new Set<string>();
  private branches: ReadonlyMap<number, BranchKey> = new Map();
  private slotsState = '';
  private ringState = '';
  private isDirty = false;
  /** Slots of keys that have another one: a rotation was cut off. */
  private superseded: number[] = [];
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly folder: string,
    private ring: RingDocument,
    private readonly slots: SlotFile,
    private readonly options: FolderRingOptions,
  ) {
    this.cache = new KeyCache(options.bounds ?? DEFAULT_BOUNDS, this.clock);
    // A look that fails leaves what is known: who needs more is told then.
    this.timer = setInterval(() => void this.look().catch(() => undefined), LOOK_MS).unref();
  }

  /** @throws SFS_KEYS_CORRUPT, and what the service throws */
  static async open(folder: string, options: FolderRingOptions = {}): Promise<FolderRing> {
    const slots = SlotFile.open(join(folder, KEYS_FOLDER, SLOTS_FILE), options.readOnly ? 'read' : 'write');
    const ring = new FolderRing(folder, ringOf(folder), slots, options);
    try {
      await ring.look();
      return ring;
    } catch (error) {
      ring.close();
      throw error;
    }
  }

  /** What the ring is, as of the last look. */
  get document(): RingDocument {
    return this.ring;
  }

  /** Unwrapped keys in memory. */
  get cached(): number {
    return this.cache.size;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  sealing(owner: string): DataKey {
    return this.known(owner) ?? this.make(owner);
  }

  known(name: string): DataKey | null {
    const cached = this.cache.ofOwner(name);
    if (cached !== null) return cached;
    if (this.strangers.has(name)) return null;
    // Another process may have deleted it: then it is no key of theirs any more.
    this.read();
    const id = this.byOwner.get(ownerDigest(this.ring.id, name));
    if (id === undefined) {
      if (this.strangers.size < MOST_STRANGERS) this.strangers.add(name);
      return null;
    }
    const key = this.opening(id);
    this.cache.name(name, key);
    return key;
  }

  opening(id: string): DataKey {
    const cached = this.cache.ofId(id);
    if (cached !== null) return cached;
    // A key of another process, or one whose time is over: what others changed counts from here on.
    this.read();
    const found = this.byId.get(id);
    if (found === undefined) throw this.missing(id);
    const key = openedKey(found.key, unwrapSecret(this.branchOf(found.key), found.key), this.ring.id);
    this.cache.put(key);
    return key;
  }

  flush(): void {
    if (!this.isDirty) return;
    // Under the lock: the time that this gives to the file is that of no change of somebody else.
    this.inTurn(() => {
      this.slots.sync();
      this.slotsState = this.slots.state;
    });
    this.isDirty = false;
  }

  /** Whether a key was deleted: what it sealed stays, and is nobody's. */
  isDeleted(id: string): boolean {
    return !this.byId.has(id) && this.deleted.has(id);
  }

  counts(): RingCounts {
    this.read();
    const byBranch = new Map<number, number>();
    for (const { key } of this.byId.values()) byBranch.set(key.branch, (byBranch.get(key.branch) ?? 0) + 1);
    return { keys: this.byId.size, deleted: this.deleted.size, byBranch };
  }

  /** Deletes the key of an owner, for good. @returns false where they have none */
  delete(owner: string): boolean {
    const digest = ownerDigest(this.ring.id, owner);
    return this.inTurn(() => {
      // Also a copy that a rotation was about to take the place of.
      const found = [...this.slots.slots()].filter((slot) => slot.kind === 'key' && slot.key.owner === digest);
      for (const slot of found) {
        const id = slot.kind === 'key' ? slot.key.id : slot.id;
        this.slots.overwrite(slot.at, { id, deletedAtMs: this.clock() });
        this.cache.drop(id);
      }
      this.slots.sync();
      this.read();
      return found.length > 0;
    });
  }

  /** Wraps up to `most` keys of other branches under the current one. @returns how many there were; the keys stay the same */
  rewrap(most: number): number {
    return this.inTurn(() => {
      const to = this.branchOf({ branch: this.ring.current });
      const older = [...this.byId.values()].filter(({ key }) => key.branch !== to.version).slice(0, most);
      const copies = older.map(({ key, at }) => ({ before: at, key: rewrapped(key, this.branchOf(key), to) }));
      for (const { key } of copies) this.slots.append(key);
      // The copies are on the disk before the ones that they take the place of are written over: a crash leaves both.
      this.slots.sync();
      for (const at of [...copies.map(({ before }) => before), ...this.superseded]) this.slots.overwrite(at, null);
      this.slots.sync();
      this.read();
      return older.length;
    });
  }

  /** Looks at what other processes changed: keys, and branch keys. @throws what the service throws */
  async look(): Promise<void> {
    const state = this.ringFileState();
    if (state !== this.ringState) {
      const ring = ringOf(this.folder);
      this.branches = await openedBranches(ring, this.branches);
      this.ring = ring;
      this.ringState = state;
    }
    this.read();
  }

  close(): void {
    clearInterval(this.timer);
    this.slots.close();
  }

  private make(owner: string): DataKey {
    if (this.options.readOnly)
      throw new SkillForgeError('SFS_KEYS_READ_ONLY', `the ring of ${this.folder} is open for reading: no key is made`, {
        context: { folder: this.folder },
      });
    return this.inTurn(() => {
      const digest = ownerDigest(this.ring.id, owner);
      const branch = this.branchOf({ branch: this.ring.current });
      const { stored, secret } = newDataKey(branch, digest, this.clock());
      this.take(stored, this.slots.append(stored));
      this.isDirty = true;
      // What was just written is known.
      this.slotsState = this.slots.state;
      const key = openedKey(stored, secret, this.ring.id);
      this.strangers.delete(owner);
      this.cache.name(owner, key);
      return key;
    });
  }

  /** Drops the branch keys that nothing is wrapped under any more, but for the current one. @returns their versions */
  dropBranches(): number[] {
    return this.inTurn(() => {
      const used = new Set([this.ring.current, ...[...this.byId.values()].map(({ key }) => key.branch)]);
      const dropped = this.ring.branches.map(({ version }) => version).filter((version) => !used.has(version));
      keepRing(this.folder, { ...this.ring, branches: this.ring.branches.filter(({ version }) => used.has(version)) });
      return dropped;
    });
  }

  /** Whoever wraps or deletes goes by what the ring is now, also where it has not looked for a while. */
  private inTurn<T>(work: () => T): T {
    return locked(lockPath(this.folder), () => {
      if (this.ringFileState() !== this.ringState) this.ring = ringOf(this.folder);
      this.read();
      return work();
    });
  }

  private ringFileState(): string {
    const { mtimeNs, size } = statSync(ringPath(this.folder), { bigint: true });
    return `${mtimeNs} ${size}`;
  }

  /** Reads the slots where they changed. Deleted keys go from the cache. */
  private read(): void {
    const { state } = this.slots;
    if (state === this.slotsState) return;
    const before = [...this.byId.keys()];
    this.byId.clear();
    this.byOwner.clear();
    this.strangers.clear();
    this.superseded = [];
    for (const slot of this.slotsNow()) {
      if (slot.kind === 'key') this.take(slot.key, slot.at);
      else this.deleted.set(slot.id, slot.deletedAtMs);
    }
    for (const id of before) if (!this.byId.has(id)) this.cache.drop(id);
    this.slotsState = state;
  }

  /** A slot that is just being written may look damaged for a moment. */
  private slotsNow(): Slot[] {
    for (let attempt = 1; ; attempt++) {
      try {
        return [...this.slots.slots()];
      } catch (error) {
        if (attempt === READ_ATTEMPTS) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READ_PAUSE_MS);
      }
    }
  }

  private take(key: StoredKey, at: number): void {
    const before = this.byId.get(key.id);
    if (before !== undefined && before.at !== at) this.superseded.push(before.at);
    this.byId.set(key.id, { key, at });
    this.byOwner.set(key.owner, key.id);
  }

  private branchOf({ branch }: Pick<StoredKey, 'branch'>): BranchKey {
    const found = this.branches.get(branch) ?? this.newBranch(branch);
    if (found !== null) return found;
    throw new SkillForgeError('SFS_KEYS_UNAVAILABLE', `branch key ${branch} of the ring of ${this.folder} is not unwrapped yet`, {
      retriable: true,
      context: { folder: this.folder, branch },
    });
  }

  /** One that a rotation has just made: a file tells it at once, a server at the next look. */
  private newBranch(version: number): BranchKey | null {
    const ring = ringOf(this.folder);
    const wrapped = ring.branches.find((branch) => branch.version === version)?.wrapped;
    const secret = wrapped === undefined ? undefined : serviceOf(ring.service).unwrapNow?.(wrapped);
    if (secret === undefined) return null;
    const branch = { version, secret: createSecretKey(secret) };
    this.branches = new Map([...this.branches, [version, branch]]);
    return branch;
  }

  private missing(id: string): SkillForgeError {
    const context = { keyId: id };
    if (this.deleted.has(id)) return new SkillForgeError('SFS_KEY_DELETED', `key "${id}" was deleted: what it sealed is erased`, { context });
    const message = `key "${id}" is not in the ring of ${this.folder}: is it the ring that this was sealed with?`;
    return new SkillForgeError('SFS_KEY_UNKNOWN', message, { context });
  }

  private readonly clock = (): number => (this.options.clock ?? Date.now)();
}

/** Names of rows and keys that are no learners, remembered so that nobody digests them for each record. */
const MOST_STRANGERS = 100_000;
