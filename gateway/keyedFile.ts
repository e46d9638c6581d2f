/** Files whose keys are hashes of identities: under a key that lies beside them, so that the file itself holds no name. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SharedFile } from '../lmdb/sharedFile.js';
import { openStore, storeError } from './store.js';

const KEY_BYTES = 32;

/** An open file with its key. */
export interface KeyedFile {
  readonly file: SharedFile;
  /** What stands for a text. */
  readonly macOf: (text: string) => Buffer;
}

/** Names within the folder. */
export interface KeyedFileNames {
  readonly file: string;
  readonly keyFile: string;
}

/** Opens a file, made with its key when new. A file without its key is refused: under another key everybody would be somebody else. @throws SFS_GATEWAY_STORE */
export function openKeyedFile(folder: string, names: KeyedFileNames): KeyedFile {
  const file = openStore(folder, names.file);
  try {
    const secret = secretOf(folder, file, names);
    return { file, macOf: (text) => createHmac('sha256', secret).update(text).digest() };
  } catch (error) {
    void file.close();
    throw error;
  }
}

function secretOf(folder: string, shared: SharedFile, { file, keyFile }: KeyedFileNames): Buffer {
  const path = join(folder, keyFile);
  const known = secretIn(path);
  if (known !== null) return known;
  if (shared.root.getKeysCount({ limit: 1 }) > 0) throw storeError(folder, `${keyFile} is missing, and ${file} cannot be read without it`);
  return newSecretIn(path) ?? secretOf(folder, shared, { file, keyFile });
}

/** The key in a file; `null` where there is none. @throws SFS_GATEWAY_STORE */
export function secretIn(path: string): Buffer | null {
  try {
    const key = readFileSync(path);
    if (key.length !== KEY_BYTES) throw new Error(`${basename(path)} has ${key.length} bytes instead of ${KEY_BYTES}`);
    return key;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw storeError(dirname(path), error);
  }
}

/** Makes a key, for this user alone; `null` where another process has been faster. @throws SFS_GATEWAY_STORE */
export function newSecretIn(path: string): Buffer | null {
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Whole, or not there: another process may look at any moment.
    const fresh = `${path}.${randomUUID()}`;
    const secret = randomBytes(KEY_BYTES);
    writeFileSync(fresh, secret, { mode: 0o600, flag: 'wx', flush: true });
    try {
      linkSync(fresh, path);
    } finally {
      rmSync(fresh);
    }
    return secret;
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return null;
    throw storeError(dirname(path), error);
  }
}
