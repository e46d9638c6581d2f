/** The key of a view, under which rows of learners lie in its file where the region has data keys. See ADR 0038. */
import { randomUUID } from 'node:crypto';
import { DiskSeal, SkillForgeError, isDiskSealed, newDiskSecret, type DiskKeys } from '../schemas/index.js';
import { inTime } from './patience.js';
import type { ViewHead } from './viewStore.js';
import { rowOwner } from './viewTopics.js';

/** How long a pass waits for a key service, ms: what people decide must not wait for it for long. */
const PATIENCE_MS = 500;
/** Between two tries to unwrap a key, ms. */
const AGAIN_MS = 1_000;

/** A key, by what names it in the head of the view: its text is another one each time that it is wrapped anew. */
interface Unwrapped {
  readonly id: string;
  readonly seal: DiskSeal;
}

/** What a head keeps of its key. */
export type KeptKey = Required<Pick<ViewHead, 'wrapped' | 'keyId'>>;

/** What names the key of a head; `undefined` where it has none. */
const idOf = ({ keyId, wrapped }: ViewHead): string | undefined => (wrapped === undefined ? undefined : (keyId ?? wrapped));

/** Seals rows before they are written, and opens them when they are looked up: nothing of that waits. The key is unwrapped once, and stays in memory. */
export class ViewSeal {
  private current: Unwrapped | null = null;
  private failure: Error | null = null;
  private unwrapping: { readonly id: string; readonly done: Promise<void> } | null = null;
  private triedMs = -Infinity;
  /** Whether the region has keys; `null` while nobody could tell. */
  private needed: boolean | null = null;
  private asking: Promise<void> | null = null;
  private hasWaited = false;
  private isRewrapped = false;
  /** The key once more, wrapped with the newest version of what wraps it; and the text that it takes the place of. */
  private newer: { readonly of: string; readonly wrapped: string } | null = null;

  /** @param keys - what wraps the key; `null` where whoever reads the log has no keys, and for a view in memory */
  constructor(private readonly keys: () => DiskKeys | null = () => null) {}

  /** Whether there is something that wraps keys. */
  get hasKeys(): boolean {
    return this.keys() !== null;
  }

  /** Whether rows of learners have to be sealed, as far as that is known: it is asked again while nobody can tell. */
  async isNeeded(): Promise<boolean> {
    const keys = this.keys();
    if (keys === null) return false;
    if (this.needed !== null) return this.needed;
    this.asking ??= this.ask(keys).finally(() => (this.asking = null));
    if (!this.hasWaited) await inTime(this.asking, PATIENCE_MS, undefined);
    this.hasWaited = true;
    return this.needed === true;
  }

  /** A record that was sealed tells, too. */
  noteNeeded(): void {
    this.needed = true;
  }

  /** Begins to unwrap the key of a head where that is not at hand. */
  follow(head: ViewHead | null): void {
    const id = head === null ? undefined : idOf(head);
    if (id === undefined || this.current?.id === id || this.unwrapping?.id === id) return;
    if (this.current !== null) [this.current, this.triedMs] = [null, -Infinity];
    const keys = this.keys();
    if (keys === null || performance.now() - this.triedMs < AGAIN_MS) return;
    this.triedMs = performance.now();
    const done = this.unwrap(keys, id, head!.wrapped!).finally(() => {
      if (this.unwrapping?.done === done) this.unwrapping = null;
    });
    this.unwrapping = { id, done };
  }

  /** Resolves when the key that was followed is at hand. @throws SFS_KEYS_MISSING without keys, and what unwrapping throws */
  async atHand(patienceMs = PATIENCE_MS): Promise<void> {
    if (this.current === null && this.unwrapping !== null) await inTime(this.unwrapping.done, patienceMs, undefined);
    if (this.current !== null) return;
    if (!this.hasKeys) throw missing();
    throw this.failure ?? away();
  }

  /** What the head is to keep from now on of the key that it names, once for each process: older versions of what wraps it may be forbidden some day. `null` for no change. */
  newerOf(head: ViewHead): string | null {
    const { newer } = this;
    return newer?.of === head.wrapped && this.current?.id === idOf(head) ? (newer?.wrapped ?? null) : null;
  }

  /** That this head was written, with what {@link newerOf} gave: one that could not be written names the key as before. */
  tookNewer(head: ViewHead): void {
    const id = idOf(head);
    this.newer = null;
    if (this.current !== null && id !== undefined) this.current = { ...this.current, id };
  }

  /** A new key for a view that is begun. @returns what its head keeps of it. @throws what wrapping throws */
  async make(): Promise<KeptKey> {
    const keys = this.keys();
    if (keys === null) throw missing();
    const secret = newDiskSecret();
    const [wrapped, keyId] = [await keys.wrap(secret), randomUUID()];
    this.current = { id: keyId, seal: new DiskSeal(secret) };
    return { wrapped, keyId };
  }

  /** The bytes of a learner's row as they lie in the file. @param topic - logical name. @throws SFS_KEYS_UNAVAILABLE */
  sealed(topic: string, learner: string, value: Buffer): Buffer {
    if (this.current === null) throw away();
    return this.current.seal.seal(rowOwner(topic, learner), value);
  }

  /** The bytes of a learner's row as they came. @param topic - logical name. @throws SFS_KEYS_UNAVAILABLE, SFS_SEAL_BROKEN */
  opened(topic: string, learner: string, value: Buffer): Buffer {
    if (!isDiskSealed(value)) return value;
    if (this.current === null) throw away();
    return this.current.seal.open(rowOwner(topic, learner), value);
  }

  private async ask(keys: DiskKeys): Promise<void> {
    try {
      this.needed = await keys.areThere();
    } catch {
      // Nobody can tell: the next pass asks again.
    }
  }

  private async unwrap(keys: DiskKeys, id: string, wrapped: string): Promise<void> {
    try {
      const secret = await keys.unwrap(wrapped);
      if (this.unwrapping?.id !== id) return;
      [this.current, this.failure] = [{ id, seal: new DiskSeal(secret) }, null];
      if (this.isRewrapped) return;
      this.isRewrapped = true;
      keys.wrap(secret).then(
        (text) => (this.newer = { of: wrapped, wrapped: text }),
        // The next process tries again.
        () => undefined,
      );
    } catch (error) {
      this.failure = error instanceof Error ? error : away();
    }
  }
}

const away = (): SkillForgeError => new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'the key of the view is not at hand', { retriable: true });

const missing = (): SkillForgeError =>
  new SkillForgeError(
    'SFS_KEYS_MISSING',
    'the view is sealed, and whoever reads the log here has no keys: give the reader the Redis of the region (--redis), or build the view anew (--rebuild)',
  );
