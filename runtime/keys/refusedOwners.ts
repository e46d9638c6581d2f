/** The owners whom a region refuses, as a process knows them: looked at each second, and told back, so that an erasure knows who goes by it. See ADR 0034. */
import { randomUUID } from 'node:crypto';
import type { Refusals } from '../../schemas/index.js';
import type { RedisRefusals, RefusedOwner } from '../redis/index.js';
import { keysUnavailable } from './unavailable.js';

/** Between two looks at the list, ms. */
export const LOOK_MS = 1_000;
/** A list that was looked at longer ago, ms, is looked at before something is written by it: the process, or Redis, was away. */
const FRESH_MS = 5_000;
/** What a writer tells holds so long without another look, ms: longer than it may write by an old list, and what it writes may take. */
export const TOLD_MS = 30_000;
/** Stands for no version, while a process looks for the first time. */
const JOINING = 'joining';
/** Names that were looked for last. */
const MOST_REMEMBERED = 10_000;

/** How a list is watched. */
export interface RefusedOwnersOptions {
  readonly store: RedisRefusals;
  readonly digestOf: (owner: string) => string;
  /** Told the ids of keys of owners who are refused from now on. */
  readonly onRefused: (keyIds: readonly string[]) => void;
}

/** Refused owners, as of the last look. Until {@link current} was called nobody is refused, and this process counts as none that writes. */
export class RefusedOwners implements Refusals {
  private readonly writer = randomUUID();
  private version: string | null = null;
  private refused: ReadonlyMap<string, RefusedOwner> = new Map();
  /** Digests that the store refused a key for, whatever the list says. */
  private readonly noted = new Set<string>();
  private readonly remembered = new Map<string, boolean>();
  private readonly writing = new Set<Promise<unknown>>();
  private lookedAtMs = -Infinity;
  private looking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(private readonly options: RefusedOwnersOptions) {}

  /** Resolves when the list is known as it was a moment ago, and is watched from then on. @throws SFS_KEYS_UNAVAILABLE, SFS_STATE_REFUSED */
  async current(): Promise<void> {
    if (performance.now() - this.lookedAtMs > FRESH_MS) await this.look();
    if (this.timer !== null || this.isClosed) return;
    this.timer = setInterval(() => void this.look().catch(() => undefined), LOOK_MS).unref();
  }

  includes(owner: string): boolean {
    // Asked for each record: where nobody was erased nothing is computed.
    if (this.refused.size === 0 && this.noted.size === 0) return false;
    const known = this.remembered.get(owner);
    if (known !== undefined) return known;
    const digest = this.options.digestOf(owner);
    const isRefused = this.refused.has(digest) || this.noted.has(digest);
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(owner, isRefused);
    return isRefused;
  }

  /** Something that is written by the list as it is now: another one is not told of before it has ended. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ended = work();
    this.writing.add(ended);
    try {
      return await ended;
    } finally {
      this.writing.delete(ended);
    }
  }

  /** The store refuses a key for this owner: whatever the list says, nothing can be written. */
  note(digest: string): void {
    this.noted.add(digest);
    this.remembered.clear();
    this.lookedAtMs = -Infinity;
  }

  /** Looks now. @throws SFS_KEYS_UNAVAILABLE, SFS_STATE_REFUSED */
  look(): Promise<void> {
    this.looking ??= this.lookOnce()
      .catch((error: unknown) => {
        throw keysUnavailable(error);
      })
      .finally(() => (this.looking = null));
    return this.looking;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.looking?.catch(() => undefined);
    // Where Redis is away it forgets by itself.
    if (this.version !== null) await this.options.store.leave(this.writer).catch(() => undefined);
  }

  private async lookOnce(): Promise<void> {
    const { store, onRefused } = this.options;
    const beganMs = performance.now();
    // Before it knows any list: an erasure that begins in between has to wait for this process.
    if (this.version === null) await store.tell(this.writer, JOINING, TOLD_MS);
    const version = await store.version();
    if (version !== this.version) {
      const list = await store.list();
      const fresh = [...list.refused].filter(([digest]) => !this.refused.has(digest));
      this.refused = list.refused;
      this.noted.clear();
      this.remembered.clear();
      onRefused(fresh.flatMap(([, { keyId }]) => keyId ?? []));
      // What was let through by the list of before is to be in its place before anybody counts on this one.
      if (this.version !== null) await Promise.allSettled([...this.writing]);
      this.version = list.version;
    }
    this.lookedAtMs = beganMs;
    if (!this.isClosed) await store.tell(this.writer, this.version, TOLD_MS);
  }
}
