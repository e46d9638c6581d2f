/** Seals what a process keeps on a disk of its own beside the log, under a key of that file. See ADR 0038. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { NONCE_BYTES, TAG_BYTES, broken, decrypt, encrypt, newNonce } from './cipher.js';
import type { DataKey } from './keyRing.js';

/** Wraps keys of files: what a region's key-encryption key is for, without its data keys. */
export interface DiskKeys {
  /** Whether the region has data keys: then nothing personal lies on a disk in clear. @throws SFS_KEYS_UNAVAILABLE where nobody can tell now */
  areThere(): Promise<boolean>;
  /** The key of a file under the newest version of the region's key-encryption key, as text that tells where that one is. @throws SFS_KEYS_UNAVAILABLE, SFS_KEYS_MISSING, SFS_KEY_SERVICE_REFUSED */
  wrap(secret: Buffer): Promise<string>;
  /** What {@link wrap} was given. Asks the key service alone: where the data keys are may be away. @throws SFS_KEYS_UNAVAILABLE, SFS_KEYS_CORRUPT, SFS_KEY_FILE, SFS_KEY_SERVICE_REFUSED */
  unwrap(wrapped: string): Promise<Buffer>;
}

/** Bytes of the key of a file: 256 bits. */
const SECRET_BYTES = 32;
/** Values under one key: with random nonces of 96 bits more of them are not safe to be sealed (NIST SP 800-38D). */
export const MOST_DISK_SEALS = 2 ** 32;
/** Stands before what is sealed: neither a record of the wire format nor JSON begins so, and no name goes on with it. */
const MAGIC = Buffer.from([0x01, 0x53, 0x46, 0x44]);
const HEAD_BYTES = MAGIC.length + NONCE_BYTES;

/** Whether a value of a file is sealed under the key of that file. */
export const isDiskSealed = (value: Buffer): boolean =>
  value[0] === MAGIC[0] && value.length >= HEAD_BYTES + TAG_BYTES && value.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) === 0;

/** A new key for a file. */
export const newDiskSecret = (): Buffer => randomBytes(SECRET_BYTES);

/** Seals and opens values of one file. */
export class DiskSeal {
  private readonly key: DataKey;

  /** @param secret - of {@link newDiskSecret} */
  constructor(secret: Buffer) {
    this.key = { id: 'of this file', secret: createSecretKey(secret), isOf: () => true };
  }

  /** @param about - what the value belongs to: it opens for the same words only */
  seal(about: string, plain: Buffer): Buffer {
    const nonce = newNonce();
    const bytes = Buffer.allocUnsafe(HEAD_BYTES + plain.length + TAG_BYTES);
    MAGIC.copy(bytes);
    nonce.copy(bytes, MAGIC.length);
    encrypt(this.key, { nonce, about: Buffer.from(about), plain }, bytes, HEAD_BYTES);
    return bytes;
  }

  /** @throws SFS_SEAL_BROKEN for what is not as it was sealed, or was sealed under another key */
  open(about: string, sealed: Buffer): Buffer {
    if (!isDiskSealed(sealed)) throw broken(this.key.id);
    return decrypt(this.key, sealed.subarray(MAGIC.length, HEAD_BYTES), Buffer.from(about), sealed.subarray(HEAD_BYTES));
  }
}
