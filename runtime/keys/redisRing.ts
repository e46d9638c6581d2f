/** The ring of a region on servers: wrapped keys in Redis, what the ring is in the documents of the region. See ADR 0030. */
import { SkillForgeError, type DataKey, type KeyRing, type WantedKeys } from '../../schemas/index.js';
import type { RedisDocuments, RedisKeyStore, RedisRefusals } from '../redis/index.js';
import { REFUSED_ID } from '../redis/keyStore.js';
import { newDataKey, openedKey, ownerDigest, rewrapped, unwrapSecret, type BranchKey, type StoredKey } from './dataKeys.js';
import { DEFAULT_BOUNDS, KeyCache, type CacheBounds } from './keyCache.js';
import { RefusedOwners } from './refusedOwners.js';
import { openedBranches, parsedRing, type RingDocument } from './ringDocument.js';
import { keysUnavailable } from './unavailable.js';

/** The document of a region that says what its ring is. */
export const RING_DOCUMENT = 'keys/ring';

/** What a ring on servers is opened over; both stay the caller's. */
export interface RedisRingOptions {
  readonly keys: RedisKeyStore;
  readonly documents: RedisDocuments;
  /** Owners who get no key any more; nobody is refused without. */
  readonly refusals?: RedisRefusals;
  readonly bounds?: CacheBounds;
  readonly clock?: () => number;
}

/** How long a name counts as one of no owner, and an id as one of no key, ms. */
const UNKNOWN_MS = 2_000;
const MOST_UNKNOWN = 100_000;

/** What the ring of a region is; `null` for a region without keys. @throws SFS_KEYS_CORRUPT, and what Redis throws */
export async function ringIn(documents: RedisDocuments): Promise<RingDocument | null> {
  const document = await documents.get(RING_DOCUMENT);
  return document === null ? null : parsedRing(document.toString(), `the document ${RING_DOCUMENT}`);
}

/** The data keys of a region. What is not at hand is fetched by {@link prepare}, many at once; what another process deleted is of use no longer than the cache keeps it. */
export class RedisRing implements KeyRing {
  /** Absent where no list was given. */
  readonly refusals?: RefusedOwners;
  private readonly cache: KeyCache;
  private readonly deleted = new Set<string>();
  /** Names without a key and ids of no key, until when. */
  private readonly unknown = new Map<string, number>();

  private constructor(
    private ring: RingDocument,
    private branches: ReadonlyMap<number, BranchKey>,
    private readonly options: RedisRingOptions,
  ) {
    this.cache = new KeyCache(options.bounds ?? DEFAULT_BOUNDS, this.clock);
    const { refusals: store } = options;
    if (store !== undefined)
      this.refusals = new RefusedOwners({ store, digestOf: (owner) => this.digestOf(owner), onRefused: (ids) => ids.forEach((id) => this.gone(id)) });
  }

  /** `null` for a region without keys. @throws SFS_KEYS_CORRUPT, what the service throws, and what Redis throws */
  static async open(options: RedisRingOptions): Promise<RedisRing | null> {
    const ring = await ringIn(options.documents);
    if (ring === null) return null;
    return new RedisRing(ring, await openedBranches(ring, new Map()), options);
  }

  async prepare({ sealing = [], known = [], opening = [] }: WantedKeys): Promise<void> {
    try {
      await this.fetch([...opening].filter((id) => !this.isAtHand(id)));
      const makes = [...new Set(sealing)].filter((owner) => this.cache.ofOwner(owner) === null);
      const asked = [...new Set(known)].filter((name) => this.cache.ofOwner(name) === null && !this.isUnknown(`name ${name}`));
      await this.find([...new Set([...makes, ...asked])]);
      await this.make(makes.filter((owner) => this.cache.ofOwner(owner) === null));
    } catch (error) {
      throw keysUnavailable(error);
    }
  }

  sealing(owner: string): DataKey {
    const key = this.cache.ofOwner(owner);
    if (key !== null) return key;
    throw notAtHand();
  }

  known(name: string): DataKey | null {
    const key = this.cache.ofOwner(name);
    if (key !== null || this.isUnknown(`name ${name}`)) return key;
    throw notAtHand();
  }

  opening(id: string): DataKey {
    const key = this.cache.ofId(id);
    if (key !== null) return key;
    const context = { keyId: id };
    if (this.deleted.has(id)) throw new SkillForgeError('SFS_KEY_DELETED', `key "${id}" was deleted: what it sealed is erased`, { context });
    if (!this.isUnknown(`id ${id}`)) throw notAtHand();
    throw new SkillForgeError('SFS_KEY_UNKNOWN', `key "${id}" is not in the ring of the region: is it the ring that this was sealed with?`, {
      context,
    });
  }

  flush(): void {
    // A key is in Redis before anybody has it.
  }

  /** Deletes the key of an owner, for good: from Redis and from this process. @returns false where they have none */
  async delete(owner: string): Promise<boolean> {
    const id = await this.options.keys.delete(this.digestOf(owner), this.clock());
    if (id === null) return false;
    this.gone(id);
    return true;
  }

  /** Deletes the key of an owner, who gets no other one. @returns false where they had none */
  async refuse(owner: string): Promise<boolean> {
    const id = await this.options.keys.refuse(this.digestOf(owner), this.clock());
    if (id !== null) this.gone(id);
    return id !== null;
  }

  /** What stands for an owner in the stores of the region. */
  digestOf(owner: string): string {
    return ownerDigest(this.ring.id, owner);
  }

  /** Ends the watch over who is refused. */
  async close(): Promise<void> {
    await this.refusals?.close();
  }

  private gone(id: string): void {
    this.cache.drop(id);
    this.deleted.add(id);
  }

  private isAtHand(id: string): boolean {
    return this.cache.ofId(id) !== null || this.deleted.has(id) || this.isUnknown(`id ${id}`);
  }

  private async fetch(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const wanted = [...new Set(ids)];
    const slots = await this.options.keys.byIds(wanted);
    for (const [at, slot] of slots.entries()) {
      if (slot === null) this.forget(`id ${wanted[at]!}`);
      else if (slot.kind === 'deleted') this.deleted.add(slot.id);
      else this.cache.put(openedKey(slot.key, unwrapSecret(await this.branchOf(slot.key.branch), slot.key), this.ring.id));
    }
  }

  private async find(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const ids = await this.options.keys.idsOf(names.map((name) => this.digestOf(name)));
    this.assertNoneRefused(names, ids);
    await this.fetch(ids.filter((id) => id !== null && this.cache.ofId(id) === null) as string[]);
    for (const [at, name] of names.entries()) {
      const key = ids[at] === null ? null : this.cache.ofId(ids[at]!);
      if (key === null) this.forget(`name ${name}`);
      else this.cache.name(name, key);
    }
  }

  /** The store knows it before this process does: it leaves out what is theirs at the next try. @throws SFS_KEYS_UNAVAILABLE */
  private assertNoneRefused(owners: readonly string[], ids: readonly (string | null)[]): void {
    const refused = owners.filter((_, at) => ids[at] === REFUSED_ID);
    if (refused.length === 0) return;
    for (const owner of refused) this.refusals?.note(this.digestOf(owner));
    throw new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'an owner was erased, and gets no key any more', { retriable: true });
  }

  private async make(owners: readonly string[]): Promise<void> {
    if (owners.length === 0) return;
    // Keys are made for the branch key that is the current one now, not when this process began.
    await this.look();
    const branch = await this.branchOf(this.ring.current);
    const made = owners.map((owner) => newDataKey(branch, this.digestOf(owner), this.clock()));
    const ids = await this.options.keys.keep(made.map(({ stored }) => stored));
    this.assertNoneRefused(owners, ids);
    const lost = await this.settle(
      made.map(({ stored }) => stored).filter(({ id }, at) => ids[at] === id),
      branch,
    );
    for (const [at, owner] of owners.entries()) {
      const { stored, secret } = made[at]!;
      this.unknown.delete(`name ${owner}`);
      if (ids[at] === stored.id && !lost.has(stored.id)) this.cache.name(owner, openedKey(stored, secret, this.ring.id));
    }
    // Another process was faster.
    const others = owners.filter((owner) => this.cache.ofOwner(owner) === null);
    await this.find(others);
  }

  /**
   * A rotation that made another branch key the current one meanwhile may have gone through all keys before these were kept: then they are wrapped anew here. One that does so
   * from now on finds them. @returns the ids of those that it has deleted: nothing may be sealed under them
   */
  private async settle(kept: readonly StoredKey[], under: BranchKey): Promise<ReadonlySet<string>> {
    await this.look();
    const lost = new Set<string>();
    if (this.ring.current === under.version) return lost;
    const to = await this.branchOf(this.ring.current);
    for (const key of kept) if (!(await this.options.keys.replace(key, rewrapped(key, under, to)))) lost.add(key.id);
    return lost;
  }

  private async look(): Promise<void> {
    const document = await this.options.documents.get(RING_DOCUMENT);
    if (document === null) return;
    this.ring = parsedRing(document.toString(), `the document ${RING_DOCUMENT}`);
    this.branches = await openedBranches(this.ring, this.branches);
  }

  /** One that a rotation made meanwhile is fetched. */
  private async branchOf(version: number): Promise<BranchKey> {
    const found = this.branches.get(version);
    if (found !== undefined) return found;
    await this.look();
    const now = this.branches.get(version);
    if (now !== undefined) return now;
    throw new SkillForgeError('SFS_KEYS_UNAVAILABLE', `branch key ${version} of the region is not there`, {
      retriable: true,
      context: { branch: version },
    });
  }

  private isUnknown(what: string): boolean {
    const untilMs = this.unknown.get(what);
    if (untilMs === undefined) return false;
    if (untilMs > this.clock()) return true;
    this.unknown.delete(what);
    return false;
  }

  private forget(what: string): void {
    if (this.unknown.size >= MOST_UNKNOWN) this.unknown.delete(this.unknown.keys().next().value!);
    this.unknown.set(what, this.clock() + UNKNOWN_MS);
  }

  private readonly clock = (): number => (this.options.clock ?? Date.now)();
}

/** Keys are asked for before they are used; one that went from the cache in between is asked for again with the next try. */
const notAtHand = (): SkillForgeError => new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'a data key is not at hand any more', { retriable: true });
