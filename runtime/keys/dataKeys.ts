/** Data keys as they lie in a store: wrapped under a branch key, with a digest in place of their owner. */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { NONCE_BYTES, SkillForgeError, TAG_BYTES, type DataKey } from '../../schemas/index.js';

/** Bytes of a data key, and of a branch key: 256 bits. */
export const SECRET_BYTES = 32;
/** Bytes of the id of a data key. */
export const ID_BYTES = 16;
/** Bytes of a digest of an owner. */
export const DIGEST_BYTES = 32;
/** Nonce, key and tag. */
export const WRAPPED_BYTES = NONCE_BYTES + SECRET_BYTES + TAG_BYTES;

const CIPHER = 'aes-256-gcm';

/** A data key as a store keeps it. */
export interface StoredKey {
  /** base64url. */
  readonly id: string;
  /** base64url of the digest of its owner. */
  readonly owner: string;
  /** Version of the branch key that wraps it. */
  readonly branch: number;
  readonly madeAtMs: number;
  readonly wrapped: Buffer;
}

/** What stands for an owner in a store: who has the ring and the name can tell, nobody can tell the name from it. */
export const ownerDigest = (ringId: string, owner: string): string => createHash('sha256').update(`${ringId} ${owner}`).digest('base64url');

/** A new key for an owner. @returns it as a store keeps it, and its secret */
export function newDataKey(branch: BranchKey, owner: string, nowMs: number): { readonly stored: StoredKey; readonly secret: Buffer } {
  const secret = randomBytes(SECRET_BYTES);
  const bare = { id: randomBytes(ID_BYTES).toString('base64url'), owner, madeAtMs: nowMs };
  return { stored: { ...bare, branch: branch.version, wrapped: wrapSecret(branch, bare, secret) }, secret };
}

/** A branch key: wraps data keys, and is wrapped itself by a key service. */
export interface BranchKey {
  readonly version: number;
  readonly secret: KeyObject;
}

/** The same key under another branch key. @throws SFS_KEYS_CORRUPT */
export function rewrapped(stored: StoredKey, from: BranchKey, to: BranchKey): StoredKey {
  return { ...stored, branch: to.version, wrapped: wrapSecret(to, stored, unwrapSecret(from, stored)) };
}

/** @throws SFS_KEYS_CORRUPT when it is not as it was wrapped, or lies under another id or owner */
export function unwrapSecret({ secret }: BranchKey, stored: StoredKey): Buffer {
  const { wrapped } = stored;
  const end = wrapped.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv(CIPHER, secret, wrapped.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(aboutKey(stored));
    decipher.setAuthTag(wrapped.subarray(end));
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, end)), decipher.final()]);
  } catch (cause) {
    throw new SkillForgeError('SFS_KEYS_CORRUPT', `data key "${stored.id}" is not as it was wrapped`, { cause, context: { keyId: stored.id } });
  }
}

/** An unwrapped key. @param ringId - what digests of owners are made with */
export function openedKey({ id, owner }: StoredKey, secret: Buffer, ringId: string): DataKey {
  // Asked for each record that is opened, and nearly always of the same name: a digest costs as much as opening it.
  let known: string | null = null;
  const isOf = (name: string): boolean => {
    if (name === known) return true;
    if (ownerDigest(ringId, name) !== owner) return false;
    known = name;
    return true;
  };
  return { id, secret: createSecretKey(secret), isOf };
}

function wrapSecret({ secret: key }: BranchKey, about: Pick<StoredKey, 'id' | 'owner'>, secret: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aboutKey(about));
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

const aboutKey = ({ id, owner }: Pick<StoredKey, 'id' | 'owner'>): Buffer => Buffer.from(`${id} ${owner}`);
