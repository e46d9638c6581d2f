/** The ring of a region whose store may be away when a process starts. */
import { SkillForgeError, type DataKey, type KeyRing, type Refusals, type WantedKeys } from '../../schemas/index.js';
import { keysUnavailable } from './unavailable.js';

/**
 * Opens a ring at the first need, and again while its store does not answer. Until then no key is at hand: nothing that is sealed is passed over, and
 * nothing is written in clear that may have to be sealed.
 */
export class AwaitedRing implements KeyRing {
  /** `null` in a region without keys, `undefined` as long as nobody could tell. */
  private ring: KeyRing | null | undefined;
  private asking: Promise<KeyRing | null> | null = null;

  /** @param open - `null` for a region without keys */
  constructor(private readonly open: () => Promise<KeyRing | null>) {}

  readonly refusals: Refusals = {
    current: async () => {
      await this.unlessAway(async () => (await this.opened())?.refusals?.current());
    },
    includes: (owner) => this.ring?.refusals?.includes(owner) ?? false,
    during: (work) => this.ring?.refusals?.during(work) ?? work(),
  };

  async isThere(): Promise<boolean> {
    return (await this.opened()) !== null;
  }

  async prepare(wanted: WantedKeys): Promise<void> {
    await (await this.opened())?.prepare(wanted);
  }

  sealing(owner: string): DataKey {
    return this.atHand().sealing(owner);
  }

  known(name: string): DataKey | null {
    return this.atHand().known(name);
  }

  opening(id: string): DataKey {
    if (this.ring !== null) return this.atHand().opening(id);
    throw new SkillForgeError('SFS_KEY_UNKNOWN', `key "${id}" is of another region, or of a ring that was lost: this region has no keys`, {
      context: { keyId: id },
    });
  }

  flush(): void | Promise<void> {
    return this.ring?.flush();
  }

  private atHand(): KeyRing {
    if (this.ring) return this.ring;
    throw new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'the keys of the region have not been found yet', { retriable: true });
  }

  private async opened(): Promise<KeyRing | null> {
    if (this.ring !== undefined) return this.ring;
    this.asking ??= this.open().finally(() => (this.asking = null));
    const { asking } = this;
    return this.unlessAway(async () => (this.ring = await asking));
  }

  private async unlessAway<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw keysUnavailable(error);
    }
  }
}
