/** The identity map in a file of this machine. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { learnerId, type LearnerId } from '../schemas/index.js';
import type { IdentityMap } from './identityMap.js';
import { durably, openStore, storeError } from './store.js';

/** File of the map within its folder. */
export const IDENTITY_FILE = 'identities.mdb';
/** File of the key that identities are hashed with: without it the map belongs to nobody. */
export const IDENTITY_KEY_FILE = 'identities.key';

const KEY_BYTES = 32;

/**
 * Keeps HMAC-SHA256(key, identity) beside each pseudonym: the file holds no name and no address, pages that LMDB has freed neither. Several
 * processes of one machine may use it at a time. @throws SFS_GATEWAY_STORE
 */
export function openIdentityMap(folder: string): IdentityMap {
  const root = openStore(folder, IDENTITY_FILE);
  try {
    return new LmdbIdentityMap(folder, root, secretOf(folder, root));
  } catch (error) {
    void root.close();
    throw error;
  }
}

/** The key of the map, made with the map. A map without its key is refused: another key would give everybody a second pseudonym. */
function secretOf(folder: string, root: RootDatabase<Buffer, Buffer>): Buffer {
  const path = join(folder, IDENTITY_KEY_FILE);
  const read = (): Buffer | null => {
    try {
      const key = readFileSync(path);
      if (key.length !== KEY_BYTES) throw new Error(`${IDENTITY_KEY_FILE} has ${key.length} bytes instead of ${KEY_BYTES}`);
      return key;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return null;
      throw storeError(folder, error);
    }
  };
  const known = read();
  if (known !== null) return known;
  if (root.getKeysCount({ limit: 1 }) > 0)
    throw storeError(folder, `${IDENTITY_KEY_FILE} is missing, and ${IDENTITY_FILE} cannot be read without it`);
  try {
    mkdirSync(folder, { recursive: true });
    // Whole, or not there: another process may look at any moment.
    const fresh = `${path}.${randomUUID()}`;
    writeFileSync(fresh, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true });
    try {
      linkSync(fresh, path);
    } finally {
      rmSync(fresh);
    }
  } catch (error) {
    // Another process has been faster.
    if ((error as { code?: string }).code !== 'EEXIST') throw storeError(folder, error);
  }
  return read() ?? secretOf(folder, root);
}

class LmdbIdentityMap implements IdentityMap {
  constructor(
    private readonly folder: string,
    private readonly root: RootDatabase<Buffer, Buffer>,
    private readonly secret: Buffer,
  ) {}

  async pseudonymsOf(identities: readonly string[]): Promise<LearnerId[]> {
    const keys = identities.map((identity) => this.keyOf(identity));
    // Another process may have erased somebody since this turn's snapshot was taken.
    this.root.resetReadTxn();
    const known = keys.map((key) => this.root.get(key));
    if (known.every((one) => one !== undefined)) return known.map(pseudonymIn);
    return durably(this.folder, this.root, () => this.root.transaction(() => keys.map((key) => pseudonymIn(this.root.get(key) ?? this.given(key)))));
  }

  find(identity: string): LearnerId | null {
    this.root.resetReadTxn();
    const found = this.root.get(this.keyOf(identity));
    return found === undefined ? null : pseudonymIn(found);
  }

  erase(identity: string): Promise<LearnerId | null> {
    const key = this.keyOf(identity);
    return durably(this.folder, this.root, () =>
      this.root.transaction(() => {
        const found = this.root.get(key);
        if (found === undefined) return null;
        this.root.removeSync(key);
        return pseudonymIn(found);
      }),
    );
  }

  renew(identity: string): Promise<LearnerId> {
    const key = this.keyOf(identity);
    return durably(this.folder, this.root, () => this.root.transaction(() => pseudonymIn(this.given(key))));
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  private given(key: Buffer): Buffer {
    const pseudonym = Buffer.from(randomUUID());
    this.root.putSync(key, pseudonym);
    return pseudonym;
  }

  private keyOf(identity: string): Buffer {
    return createHmac('sha256', this.secret).update(identity).digest();
  }
}

const pseudonymIn = (bytes: Buffer): LearnerId => learnerId(bytes.toString());
