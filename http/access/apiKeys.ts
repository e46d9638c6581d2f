/**
 * API keys: `sfs_<id>_<secret>`. The file keeps the SHA-256 digest of a secret and not the secret. A slow digest, such as scrypt, protects what people
 * choose, because it makes guessing dear; a secret of 256 random bits cannot be guessed at any speed, and a slow digest would cost each request.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isScope, type Scope } from './principal.js';

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY = /^sfs_([0-9a-f]{12})_([0-9a-f]{64})$/;
const ID = /^[0-9a-f]{12}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/** A key as the file keeps it. */
export interface KeyEntry {
  /** Twelve hexadecimal digits: names the key in the log and in commands. */
  readonly id: string;
  /** What the key is for, for people. */
  readonly label: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** The only learner whom the key may read; `null` for every learner. */
  readonly learner: string | null;
  /** Requests a minute; `null` for the limit of the reader. */
  readonly perMinute: number | null;
  /** Ms since epoch. */
  readonly createdAtMs: number;
  /** From when on it does not hold any more, ms since epoch; `null` for never. */
  readonly expiresAtMs: number | null;
}

/** What a new key is to allow. */
export type KeyGrant = Pick<KeyEntry, 'label' | 'scopes' | 'learner' | 'perMinute' | 'createdAtMs' | 'expiresAtMs'>;

/** Makes a key. The key itself is nowhere but in what is returned. */
export function newKey(grant: KeyGrant): { readonly key: string; readonly entry: KeyEntry } {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  return { key: `sfs_${id}_${secret}`, entry: { id, sha256: digestOf(secret), ...grant } };
}

/** The parts of a credential that has the form of a key; `null` for any other. */
export function keyParts(credential: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = KEY.exec(credential) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** Whether a secret is that of an entry; takes equally long whatever it is. */
export const isSecretOf = (entry: KeyEntry, secret: string): boolean =>
  timingSafeEqual(Buffer.from(digestOf(secret), 'hex'), Buffer.from(entry.sha256, 'hex'));

/** The last one that a date can be, ms since epoch (ECMA-262, 21.4.1.1). */
const LAST_INSTANT_MS = 8.64e15;

/** What each field of an entry must be. */
const FIELDS: Readonly<Record<keyof KeyEntry, (value: unknown) => boolean>> = {
  id: (value) => matches(value, ID),
  label: (value) => typeof value === 'string',
  sha256: (value) => matches(value, DIGEST),
  scopes: (value) => Array.isArray(value) && value.every((scope) => typeof scope === 'string' && isScope(scope)),
  learner: (value) => value === null || (typeof value === 'string' && value !== ''),
  perMinute: (value) => value === null || (Number.isInteger(value) && (value as number) > 0),
  createdAtMs: Number.isFinite,
  expiresAtMs: (value) => value === null || (Number.isFinite(value) && (value as number) <= LAST_INSTANT_MS),
};

/** Whether a value that was read is an entry. */
export function isKeyEntry(value: unknown): value is KeyEntry {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(FIELDS).every(([name, isSound]) => isSound(fields[name]));
}

const matches = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);
const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
