/** The identity map in a file of this machine. */
import { randomUUID } from 'node:crypto';
import { learnerId, type LearnerId } from '../schemas/index.js';
import type { IdentityMap } from './identityMap.js';
import { openKeyedFile, type KeyedFile } from './keyedFile.js';
import { changed } from './store.js';

/** File of the map within its folder. */
export const IDENTITY_FILE = 'identities.mdb';
/** File of the key that identities are hashed with: without it the map belongs to nobody. */
export const IDENTITY_KEY_FILE = 'identities.key';

/**
 * Keeps HMAC-SHA256(key, identity) beside each pseudonym: the file holds no name and no address, pages that LMDB has freed neither. Several
 * processes of one machine may use it at a time. @throws SFS_GATEWAY_STORE
 */
export function openIdentityMap(folder: string): IdentityMap {
  return new LmdbIdentityMap(folder, openKeyedFile(folder, { file: IDENTITY_FILE, keyFile: IDENTITY_KEY_FILE }));
}

class LmdbIdentityMap implements IdentityMap {
  private readonly file: KeyedFile['file'];
  private readonly keyOf: KeyedFile['macOf'];

  constructor(
    private readonly folder: string,
    { file, macOf }: KeyedFile,
  ) {
    [this.file, this.keyOf] = [file, macOf];
  }

  async pseudonymsOf(identities: readonly string[]): Promise<LearnerId[]> {
    const keys = identities.map((identity) => this.keyOf(identity));
    // Another process may have erased somebody since this turn's snapshot was taken.
    this.file.root.resetReadTxn();
    const known = keys.map((key) => this.file.root.get(key));
    if (known.every((one) => one !== undefined)) return known.map(pseudonymIn);
    return changed(this.folder, this.file, () => keys.map((key) => pseudonymIn(this.file.root.get(key) ?? this.given(key))));
  }

  find(identity: string): LearnerId | null {
    this.file.root.resetReadTxn();
    const found = this.file.root.get(this.keyOf(identity));
    return found === undefined ? null : pseudonymIn(found);
  }

  erase(identity: string): Promise<LearnerId | null> {
    const key = this.keyOf(identity);
    return changed(this.folder, this.file, () => {
      const found = this.file.root.get(key);
      if (found === undefined) return null;
      this.file.root.removeSync(key);
      return pseudonymIn(found);
    });
  }

  renew(identity: string): Promise<LearnerId> {
    const key = this.keyOf(identity);
    return changed(this.folder, this.file, () => pseudonymIn(this.given(key)));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private given(key: Buffer): Buffer {
    const pseudonym = Buffer.from(randomUUID());
    this.file.root.putSync(key, pseudonym);
    return pseudonym;
  }
}

const pseudonymIn = (bytes: Buffer): LearnerId => learnerId(bytes.toString());
