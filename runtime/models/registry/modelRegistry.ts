/** A name that points to one version of a model, and can be moved: what is tried, and what decides. */
export type Alias = 'staging' | 'production';

/** All aliases. */
export const ALIASES: readonly Alias[] = ['staging', 'production'];

/** Tag of a version: SHA-256 of the `manifest.json` of its bundle, which has the digests of all other files. */
export const DIGEST_TAG = 'sha256';
/** Tag of a version: the version that the bundle says of itself. */
export const BUNDLE_TAG = 'bundle_version';
/** Tag of a version: the region that it was trained for, and may decide in. */
export const REGION_TAG = 'region';

/** A bundle that a registry keeps. */
export interface RegisteredVersion {
  /** 1, 2, … in the order of registration, as text. */
  readonly number: string;
  /** What the bundle says of itself: the first 12 hexadecimal digits of the digest of its files. */
  readonly bundleVersion: string;
  /** SHA-256 of the bundle's `manifest.json`, in hexadecimal digits. */
  readonly digest: string;
  /** By the clock of the registry, ms since epoch. */
  readonly createdAtMs: number;
  readonly region: string;
  /** What else is known of it, by name; the tags of digest, bundle version and region included. */
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly Alias[];
}

/** Who moved an alias, and why. */
export interface MoveReason {
  readonly by: string;
  /** `null` where none was given. */
  readonly reason: string | null;
  /** By the clock of who moved it, ms since epoch. */
  readonly atMs: number;
}

/** An alias was moved. */
export interface AliasChange extends MoveReason {
  readonly alias: Alias;
  /** Where to; `null` where it points nowhere since. */
  readonly number: string | null;
  /** Where from. */
  readonly previous: string | null;
}

/**
 * Keeps the versions of one model, and says which of them the aliases point to. A bundle that was registered never changes; tags and aliases do.
 *
 * All calls throw SFS_MODEL_REGISTRY where the registry cannot be reached or refuses (`retriable` where it may answer later).
 */
export interface ModelRegistry {
  /** The folder, or the address of the server. */
  readonly place: string;
  /** Name of the model whose versions these are. */
  readonly name: string;
  /** Newest first. */
  versions(): Promise<readonly RegisteredVersion[]>;
  /** @throws SFS_MODEL_MISSING where there is no version of this number */
  version(number: string): Promise<RegisteredVersion>;
  /** The version that an alias points to; `null` where it points nowhere. */
  at(alias: Alias): Promise<RegisteredVersion | null>;
  /**
   * Keeps a bundle as the next version, with tags of the caller's own. A bundle that is registered already has its version, and gets these tags.
   * @throws SFS_MODEL_MISSING, SFS_MODEL_DAMAGED where the folder is no sound bundle
   */
  register(bundleFolder: string, tags: Readonly<Record<string, string>>): Promise<RegisteredVersion>;
  /** Points an alias to a version, or nowhere, and keeps that it did. @throws SFS_MODEL_MISSING where there is no version of this number */
  move(alias: Alias, number: string | null, reason: MoveReason): Promise<AliasChange>;
  /** All moves of an alias, newest first. */
  history(alias: Alias): Promise<readonly AliasChange[]>;
  /** Sets tags of a version; others stay. @throws SFS_MODEL_MISSING where there is no version of this number */
  tag(number: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Copies the bundle of a version to a folder of its own within another one, where it is not there yet, and compares it with its digests.
   * @returns the folder of the bundle
   * @throws SFS_MODEL_MISSING where there is no version of this number; SFS_MODEL_DAMAGED where what came is not what was registered
   */
  fetch(number: string, cacheFolder: string): Promise<string>;
}

/** The tags by which every registry finds a version again. */
export const tagsOf = ({ digest, bundleVersion, region }: Pick<RegisteredVersion, 'digest' | 'bundleVersion' | 'region'>): Readonly<Record<string, string>> => ({
  [DIGEST_TAG]: digest,
  [BUNDLE_TAG]: bundleVersion,
  [REGION_TAG]: region,
});
