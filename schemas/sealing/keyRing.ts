import type { KeyObject } from 'node:crypto';

/** A data key: what the values of one owner are encrypted with. */
export interface DataKey {
  /** Random, so that it tells nothing once the key is deleted; 22 letters of base64url. */
  readonly id: string;
  readonly secret: KeyObject;
  /** Whether it is the key of this owner: what one person's key sealed is not taken for another's. */
  isOf(owner: string): boolean;
}

/** Whose keys are asked for together. */
export interface WantedKeys {
  /** Owners who get a key where they have none. */
  readonly sealing?: Iterable<string>;
  /** Names that may be those of owners: nothing is made for them. */
  readonly known?: Iterable<string>;
  /** Keys, by their ids, that something is to be opened with. */
  readonly opening?: Iterable<string>;
}

/**
 * The data keys of a region, by owner: a learner's pseudonym, or a day for records of nobody that is known. What is at hand is answered at once, because records are sealed and
 * opened one at a time; what has to be fetched is fetched ahead, for many at once, by {@link prepare}.
 */
export interface KeyRing {
  /** Whether there are keys at all: without them values are written in clear. There are where this is left out. @throws SFS_KEYS_UNAVAILABLE where nobody can tell */
  isThere?(): Promise<boolean>;
  /** Fetches, and makes, the keys that are asked for next. @throws SFS_KEYS_UNAVAILABLE when a key service or a store does not answer: nothing is lost, try again */
  prepare(wanted: WantedKeys): Promise<void>;
  /** The key of an owner, made where there is none. @throws SFS_KEYS_UNAVAILABLE */
  sealing(owner: string): DataKey;
  /** The key that a name has; `null` where it is no owner. @throws SFS_KEYS_UNAVAILABLE */
  known(name: string): DataKey | null;
  /** The key with this id. @throws SFS_KEY_DELETED, SFS_KEY_UNKNOWN, SFS_KEYS_UNAVAILABLE */
  opening(id: string): DataKey;
  /** Owners of whom nothing is kept any more. Absent where the storage itself refuses them. */
  readonly refusals?: Refusals;
  /** Resolves, or returns, when the keys that were made can be found again after a loss of power: nothing is written under them before. */
  flush(): void | Promise<void>;
}

/** Owners of whom nothing is kept any more: they were erased, and get no key. */
export interface Refusals {
  /** Resolves when who is refused is known as of a moment ago. @throws SFS_KEYS_UNAVAILABLE where nobody can tell */
  current(): Promise<void>;
  /** As of the last {@link current}, or later. */
  includes(owner: string): boolean;
  /** Does something that is written for owners who are not refused now. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** What wraps keys that lie in a store: a file, or a server that never gives its key away. */
export interface KeyService {
  /** Names it for people, without secrets. */
  readonly name: string;
  /** The bytes under its newest version, as text. @throws SFS_KEYS_UNAVAILABLE, SFS_KEY_SERVICE_REFUSED */
  wrap(plain: Buffer): Promise<string>;
  /** The bytes that any of its versions wrapped. @throws SFS_KEYS_UNAVAILABLE, SFS_KEY_SERVICE_REFUSED */
  unwrap(wrapped: string): Promise<Buffer>;
  /** As `unwrap`, where that takes no waiting. */
  unwrapNow?(wrapped: string): Buffer;
  /** Makes a new version; what older ones wrapped stays readable. @throws SFS_KEYS_UNAVAILABLE, SFS_KEY_SERVICE_REFUSED */
  rotate(): Promise<void>;
}

/** The owner of rows that tell of several learners under the key of something else: a skill, a cohort. Its key stays; an erasure takes the learner out of such rows. */
export const SEVERAL_LEARNERS = 'several learners';

/** The owner of what is of nobody that is known: its key is deleted when the day is over long enough. */
export const dailyOwner = (nowMs: number): string => `day ${new Date(nowMs).toISOString().slice(0, 10)}`;
