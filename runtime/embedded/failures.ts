/** Maps what LMDB and the operating system say to the project's error codes, in one place. */
import { SkillForgeError, errorMessageOf, type ErrorCode } from '../../schemas/errors.js';

const ENOSPC = 28;
const EPERM = 1;
const EACCES = 13;
const EEXIST = 17;
const ENOTDIR = 20;
const EISDIR = 21;
const EROFS = 30;
const EFBIG = 27;
const EDQUOT = 122;
const MDB_PAGE_NOTFOUND = -30797;
const MDB_CORRUPTED = -30796;
const MDB_VERSION_MISMATCH = -30794;
const MDB_INVALID = -30793;
const MDB_MAP_FULL = -30792;

const CODE_BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [ENOSPC, 'SFS_STORAGE_FULL'],
  [EFBIG, 'SFS_STORAGE_FULL'],
  [EDQUOT, 'SFS_STORAGE_FULL'],
  [EPERM, 'SFS_FOLDER_UNUSABLE'],
  [EACCES, 'SFS_FOLDER_UNUSABLE'],
  [EROFS, 'SFS_FOLDER_UNUSABLE'],
  [EEXIST, 'SFS_FOLDER_UNUSABLE'],
  [ENOTDIR, 'SFS_FOLDER_UNUSABLE'],
  [EISDIR, 'SFS_FOLDER_UNUSABLE'],
  [MDB_MAP_FULL, 'SFS_STORAGE_FULL'],
  [MDB_PAGE_NOTFOUND, 'SFS_STORAGE_CORRUPT'],
  [MDB_CORRUPTED, 'SFS_STORAGE_CORRUPT'],
  [MDB_VERSION_MISMATCH, 'SFS_STORAGE_CORRUPT'],
  [MDB_INVALID, 'SFS_STORAGE_CORRUPT'],
]);

/** LMDB's message where the number was lost on the way (the writer thread reports some errors as text only). */
const CODE_BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [/No space left|File too large|quota exceeded|MDB_MAP_FULL/i, 'SFS_STORAGE_FULL'],
  [/MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_INVALID|MDB_VERSION_MISMATCH|MDB_BAD_TXN|Invalid key size/i, 'SFS_STORAGE_CORRUPT'],
];

/** Where the path, and not a permission, is what is wrong. */
const NO_FOLDER: readonly (number | null)[] = [EEXIST, ENOTDIR, EISDIR];

const MESSAGES: Readonly<Record<string, string>> = {
  SFS_STORAGE_FULL: 'no room is left for the storage folder; free some space and start again: nothing was half-written',
  SFS_STORAGE_CORRUPT: 'the database file of the storage folder is damaged; restore it from a backup, it was left as it is',
  SFS_STORAGE_FAILED: 'the storage folder cannot be used any more in this process',
};

/**
 * An error of this module for anything LMDB throws; errors that carry a code of the project pass through.
 *
 * @param folder - the storage folder, for the message and the context
 */
export function storageError(folder: string, cause: unknown): SkillForgeError {
  if (cause instanceof SkillForgeError) return cause;
  const code = storageCodeOf(cause);
  const what = code === 'SFS_FOLDER_UNUSABLE' ? unusable(cause) : (MESSAGES[code] ?? 'storage error');
  return new SkillForgeError(code, `${folder}: ${what} (${errorMessageOf(cause)})`, { cause, context: { folder } });
}

function unusable(cause: unknown): string {
  if (NO_FOLDER.includes(numberOf(cause))) return 'a file is where a folder should be, or the other way round';
  return 'this process may not read and write the folder and the files in it';
}

function storageCodeOf(cause: unknown): ErrorCode {
  const number = numberOf(cause);
  const known = number === null ? undefined : CODE_BY_NUMBER.get(number);
  if (known !== undefined) return known;
  const text = errorMessageOf(cause);
  return CODE_BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'SFS_STORAGE_FAILED';
}

/** The number of the operating system or of LMDB: LMDB's errors have it as their code, those of Node negated as their `errno`. */
function numberOf(cause: unknown): number | null {
  const { code, errno } = (cause ?? {}) as { readonly code?: unknown; readonly errno?: unknown };
  if (typeof code === 'number') return code;
  return typeof errno === 'number' ? -errno : null;
}
