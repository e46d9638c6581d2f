/** A ring in memory, for tests of what is sealed and opened with it. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { SkillForgeError, type DataKey, type KeyRing } from '../../../schemas/index.js';

/** Keys of owners; `delete` takes one away. */
export class MemoryRing implements KeyRing {
  readonly byOwner = new Map<string, DataKey>();
  private readonly byId = new Map<string, DataKey>();
  private readonly deleted = new Set<string>();

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  sealing(owner: string): DataKey {
    return this.known(owner) ?? this.make(owner);
  }

  known(name: string): DataKey | null {
    return this.byOwner.get(name) ?? null;
  }

  opening(id: string): DataKey {
    const key = this.byId.get(id);
    if (key !== undefined) return key;
    throw new SkillForgeError(this.deleted.has(id) ? 'SFS_KEY_DELETED' : 'SFS_KEY_UNKNOWN', `no key ${id}`);
  }

  flush(): void {
    // Nothing to do.
  }

  delete(owner: string): void {
    const { id } = this.byOwner.get(owner)!;
    this.byOwner.delete(owner);
    this.byId.delete(id);
    this.deleted.add(id);
  }

  private make(owner: string): DataKey {
    const key = { id: randomBytes(16).toString('base64url'), secret: createSecretKey(randomBytes(32)), isOf: (name: string) => name === owner };
    this.byOwner.set(owner, key);
    this.byId.set(key.id, key);
    return key;
  }
}
