/** AES-256-GCM over single values: nonce, ciphertext and tag. */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { SkillForgeError } from '../errors.js';
import type { DataKey } from './keyRing.js';

/** Name of the cipher, as it stands in sealed records. */
export const ALGORITHM = 'AES-256-GCM';
/** Bytes of a nonce: the 96 bits that GCM is made for. */
export const NONCE_BYTES = 12;
/** Bytes of an authentication tag. */
export const TAG_BYTES = 16;

const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_BYTES } as const;
/** Random bytes cost less by the page than by the nonce. */
const pool = Buffer.allocUnsafeSlow(NONCE_BYTES * 512);
let used = pool.length;

/** A number that nobody used before: 96 random bits, of which a key sees far fewer than the 2^32 that are safe. */
export function newNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return Buffer.from(pool.subarray(used, (used += NONCE_BYTES)));
}

/**
 * Writes ciphertext and tag: {@link TAG_BYTES} more than the plain bytes.
 * @param about - what the value belongs to: it opens for the same words only
 * @param target - takes them from `at` on
 */
export function encrypt({ secret }: DataKey, { nonce, about, plain }: Plain, target: Buffer, at: number): void {
  const cipher = createCipheriv(CIPHER, secret, nonce, OPTIONS);
  cipher.setAAD(about);
  const end = at + cipher.update(plain).copy(target, at);
  cipher.final();
  cipher.getAuthTag().copy(target, end);
}

/** What is to be encrypted. */
export interface Plain {
  readonly nonce: Buffer;
  readonly about: Buffer;
  readonly plain: Buffer;
}

/** @throws SFS_SEAL_BROKEN when anything is not as it was sealed: a byte, the key, what it belongs to */
export function decrypt({ id, secret }: DataKey, nonce: Buffer, about: Buffer, sealed: Buffer): Buffer {
  const end = sealed.length - TAG_BYTES;
  if (end < 0 || nonce.length !== NONCE_BYTES) throw broken(id);
  const decipher = createDecipheriv(CIPHER, secret, nonce, OPTIONS);
  decipher.setAAD(about);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (cause) {
    throw broken(id, cause);
  }
  return plain;
}

/** The error of a sealed value that is not as it was sealed. */
export function broken(keyId: string, cause?: unknown): SkillForgeError {
  return new SkillForgeError('SFS_SEAL_BROKEN', `what key "${keyId}" sealed is not as it was sealed, or lies under another owner`, {
    cause,
    context: { keyId },
  });
}
