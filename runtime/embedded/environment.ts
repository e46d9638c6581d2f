/** Opens the one LMDB environment of a folder and its named databases. */
import { accessSync, constants, statSync, type BigIntStats } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { OpeningGate } from '../../lmdb/openingGate.js';
import { BINARY } from '../../lmdb/sharedFile.js';
import { SkillForgeError } from '../../schemas/errors.js';
import { checkDataFile } from './dataFile.js';
import { storageError } from './failures.js';

/** Version of the layout of keys and values; a folder of a newer one is refused. */
export const FOLDER_VERSION = 1;
/** Name of LMDB's file in the folder. */
export const DATA_FILE = 'data.mdb';
/** Beside it: what an opening waits by while the writer commits. */
const GATE_FILE = 'gate.mdb';
const LMDB_LOCK_FILE = 'lock.mdb';

/** A named database of plain bytes, ordered by the bytes of its keys. */
export type BytesDatabase = Database<Buffer, Buffer>;

/** The named databases of a folder. */
export interface Databases {
  /** Folder version and the writer's lock record. */
  readonly meta: BytesDatabase;
  /** Task and store names to small numbers. */
  readonly names: BytesDatabase;
  readonly topics: BytesDatabase;
  /** First and next offset of each partition. */
  readonly ranges: BytesDatabase;
  readonly log: BytesDatabase;
  readonly state: BytesDatabase;
  readonly queue: BytesDatabase;
  readonly progress: BytesDatabase;
  readonly documents: BytesDatabase;
}

/** A data file that is open. */
export interface DataFile {
  readonly folder: string;
  readonly readOnly: boolean;
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly db: Databases;
  /** The data file that is open, whatever its name leads to later. */
  readonly file: FileIdentity;
}

/** An open folder, which other processes may open, too. */
export interface Environment extends DataFile {
  /** What changes the data file goes through. `null` for who may not write to the lock file of LMDB, which then notes nothing in it. */
  readonly gate: OpeningGate | null;
}

type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>;

/** How to open a folder. */
export interface EnvironmentOptions {
  readonly readOnly: boolean;
  /** Address space to reserve at first, bytes; it grows by itself. */
  readonly mapSizeBytes: number;
}

const NAMES = ['meta', 'names', 'topics', 'ranges', 'log', 'state', 'queue', 'progress', 'documents'] as const satisfies readonly (keyof Databases)[];
const VERSION_KEY = Buffer.from('format');
const { EACCES, EROFS } = osConstants.errno;
const NOT_WRITABLE: ReadonlySet<unknown> = new Set([EACCES, EROFS]);

/**
 * Opens the environment of `folder`; `createStorage` makes it where it is new.
 *
 * @throws SFS_FOLDER_MISSING for a folder that holds no storage; SFS_FOLDER_VERSION for a folder of a newer
 * version; SFS_STORAGE_CORRUPT when the data file is damaged, in which case it is not touched; SFS_FOLDER_UNUSABLE when the folder is a
 * file, or a permission is missing
 */
export async function openEnvironment(folder: string, options: EnvironmentOptions): Promise<Environment> {
  try {
    if (!holdsStorage(folder)) throw new SkillForgeError('SFS_FOLDER_MISSING', `${folder} holds no storage`, { context: { folder } });
    checkDataFile(join(folder, DATA_FILE));
    return await openThroughGate(folder, options);
  } catch (cause) {
    throw storageError(folder, cause);
  }
}

async function openThroughGate(folder: string, options: EnvironmentOptions): Promise<Environment> {
  const gate = gateOf(folder, options);
  try {
    const opened = (): DataFile => openDatabases(folder, options);
    return { ...(gate === null ? opened() : await gate.holdFor(opened)), gate };
  } catch (cause) {
    void gate?.close();
    throw cause;
  }
}

function gateOf(folder: string, { readOnly }: EnvironmentOptions): OpeningGate | null {
  try {
    return OpeningGate.at(join(folder, GATE_FILE), join(folder, DATA_FILE));
  } catch (cause) {
    if (readOnly && NOT_WRITABLE.has((cause as { code?: unknown }).code) && !mayLock(folder)) return null;
    throw cause;
  }
}

/** Whether LMDB would take part in what its lock file is for. */
function mayLock(folder: string): boolean {
  try {
    accessSync(join(folder, LMDB_LOCK_FILE), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Closes what {@link openEnvironment} has opened. */
export async function closeFiles({ root, gate }: Environment): Promise<void> {
  await root.close();
  await gate?.close();
}

/**
 * What is written to a file without a name is gone when the process ends, so the open file must be the one that the folder holds.
 *
 * @throws SFS_STORAGE_FAILED when the folder was moved or deleted since it was opened
 */
export function assertInPlace({ folder, file }: Environment): void {
  const now = identityOr(file, join(folder, DATA_FILE));
  if (now !== null && now.ino === file.ino && now.dev === file.dev) return;
  const what = now === null ? 'was moved or deleted' : 'was replaced by another one';
  throw new SkillForgeError('SFS_STORAGE_FAILED', `${folder} ${what} while this process had it open: what it wrote is not there`, {
    context: { folder },
  });
}

/** A path that cannot be followed just now, for a permission or a network, says nothing about the file. */
function identityOr(file: FileIdentity, path: string): FileIdentity | null {
  try {
    return identityOf(path);
  } catch {
    return file;
  }
}

/** `null` where there is no file. */
function identityOf(path: string): FileIdentity | null {
  try {
    return statSync(path, { bigint: true });
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw cause;
  }
}

/** Whether the folder has a data file, sound or not. */
export const holdsStorage = (folder: string): boolean => identityOf(join(folder, DATA_FILE)) !== null;

/** Opens LMDB itself, of a folder that no other process knows of or through its gate, and creates what is not there. @throws what LMDB throws; SFS_FOLDER_MISSING, SFS_FOLDER_VERSION */
export function openDatabases(folder: string, options: EnvironmentOptions): DataFile {
  const root = open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    maxDbs: 16,
    mapSize: options.mapSizeBytes,
    readOnly: options.readOnly,
    // One commit is one batch call: grouping by event turn would only add commits of others to it.
    eventTurnBatching: false,
    ...BINARY,
  });
  try {
    const db = Object.fromEntries(NAMES.map((name) => [name, openNamed(root, name, folder)])) as unknown as Databases;
    checkVersion(folder, root, db.meta, options.readOnly);
    const file = statSync(join(folder, DATA_FILE), { bigint: true });
    return { folder, readOnly: options.readOnly, root, db, file };
  } catch (cause) {
    void root.close();
    throw cause;
  }
}

// lmdb answers `undefined` for a database that a read-only open cannot create.
function openNamed(root: RootDatabase<Buffer, Buffer>, name: string, folder: string): BytesDatabase {
  const database = root.openDB<Buffer, Buffer>(name, BINARY) as BytesDatabase | undefined;
  if (database !== undefined) return database;
  throw new SkillForgeError('SFS_FOLDER_MISSING', `${folder} holds no complete storage: its writer has not finished creating it`, {
    retriable: true,
    context: { folder, database: name },
  });
}

function checkVersion(folder: string, root: RootDatabase<Buffer, Buffer>, meta: BytesDatabase, readOnly: boolean): void {
  const found = meta.get(VERSION_KEY);
  const version = found === undefined ? null : Number(found.toString());
  if (version === null && !readOnly) root.transactionSync(() => meta.putSync(VERSION_KEY, Buffer.from(String(FOLDER_VERSION))));
  else if (version !== FOLDER_VERSION) {
    throw new SkillForgeError('SFS_FOLDER_VERSION', `${folder} has format ${version}; this version of SkillForge reads format ${FOLDER_VERSION}`, {
      context: { folder, found: version, supported: FOLDER_VERSION },
    });
  }
}
