/** The embedded storage: a durable log and task state in one folder, with npm packages only. See ADR 0003. */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessageOf } from '../../schemas/errors.js';
import { EmbeddedStorage, type EmbeddedSettings } from './embeddedStorage.js';
import { createStorage } from './creation.js';
import { closeFiles, openEnvironment } from './environment.js';
import { storageError } from './failures.js';
import { FolderRing, holdsRing } from '../keys/folderRing.js';
import type { CacheBounds } from '../keys/keyCache.js';
import { lockFolder, type FolderLock } from './folderLock.js';

export { EmbeddedStorage } from './embeddedStorage.js';
export type { StoredRow, StoredTimer } from './contents.js';
export type { Sweep, SweepCounts } from './sweep.js';
export { verifyEmbedded, type Problem, type VerifyReport } from './verify.js';

/** How a folder is opened and kept; in brackets the defaults. */
export interface EmbeddedOptions {
  /** Reads beside a writer of another process; takes no lock and refuses writes. */
  readonly readOnly?: boolean;
  /** Address space reserved at first, bytes (1 GiB); it grows by itself and is no memory. */
  readonly mapSizeBytes?: number;
  /** Largest record batch, bytes (256 KiB): what a read parses and a compaction rewrites at a time. */
  readonly segmentBytes?: number;
  /** Time source for append times, retention and tombstones, ms since epoch (`Date.now`). */
  readonly clock?: () => number;
  /** How long compaction leaves a tombstone, ms after its append (24 h). */
  readonly deleteRetentionMs?: number;
  /** Keys that a pass of compaction remembers (100,000, some 10 MB); more keys take more passes. */
  readonly maxKeysPerPass?: number;
  /** What a record without a key stands for: compaction keeps the last of equal ids. By default all such records stay. */
  readonly markerIdOf?: (header: Buffer) => string | null;
  /** How often compaction and retention look for work, ms (1000); 0 leaves both to `compact` and `applyRetention`. */
  readonly upkeepIntervalMs?: number;
  /** Fewer new records in a partition start no compaction (1000). */
  readonly minDirtyRecords?: number;
  /** Of a folder with keys: how many unwrapped keys are held, and for how long (50,000, one minute). */
  readonly keyBounds?: CacheBounds;
  /** Told when upkeep of a partition fails; it is left alone from then on. By default a process warning. */
  readonly onUpkeepError?: (error: unknown) => void;
}

const DEFAULTS: EmbeddedSettings & { readonly mapSizeBytes: number } = {
  mapSizeBytes: 2 ** 30,
  segmentBytes: 256 * 1024,
  clock: Date.now,
  deleteRetentionMs: 24 * 60 * 60 * 1000,
  maxKeysPerPass: 100_000,
  markerIdOf: () => null,
  upkeepIntervalMs: 1000,
  minDirtyRecords: 1000,
  onUpkeepError: (error) => process.emitWarning(error instanceof Error ? error : String(error)),
};

/**
 * Opens the storage in `folder`, creating it when it is new.
 *
 * @throws SFS_FOLDER_LOCKED when another writer has it; SFS_FOLDER_MISSING for a read-only open of nothing; SFS_FOLDER_VERSION when a
 * newer version wrote it; SFS_STORAGE_CORRUPT when its file is damaged (nothing is repaired or overwritten); SFS_FOLDER_UNUSABLE when the
 * path leads to a file, or a permission is missing; SFS_STORAGE_FULL when there is no room; for a folder with keys SFS_KEY_FILE, SFS_KEYS_CORRUPT, SFS_KEYS_UNAVAILABLE,
 * SFS_KEY_SERVICE_REFUSED
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<EmbeddedStorage> {
  const readOnly = options.readOnly ?? false;
  const settings = { ...DEFAULTS, ...options };
  const { mapSizeBytes } = settings;
  if (!readOnly) await createStorage(resolve(folder), mapSizeBytes);
  const environment = await patiently(() => openEnvironment(resolve(folder), { readOnly, mapSizeBytes }));
  try {
    const lock = readOnly ? null : await lockFolder(environment);
    const ring = holdsRing(folder) ? await openRing(folder, lock, options) : null;
    return new EmbeddedStorage(environment, lock, settings, ring);
  } catch (cause) {
    await closeFiles(environment);
    throw storageError(environment.folder, cause);
  }
}

/** Nobody else has to wait for a lock whose holder has no keys. */
async function openRing(folder: string, lock: FolderLock | null, { clock, keyBounds }: EmbeddedOptions): Promise<FolderRing> {
  try {
    return await FolderRing.open(folder, { readOnly: lock === null, ...(clock && { clock }), ...(keyBounds && { bounds: keyBounds }) });
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

const ATTEMPTS = 8;
const PAUSE_MS = 25;
/** What LMDB says when another process sets up the lock file in the same moment. */
const BUSY = /setup locks after open|No transaction to renew|No current read transaction/;

/** Opens again where two processes opened the folder in the same moment: nothing has been read or written by then. */
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (attempt === ATTEMPTS || !BUSY.test(errorMessageOf(error))) throw error;
      await sleep(PAUSE_MS * attempt);
    }
  }
}
