/** Files whose keys are hashes of identities: under a key that lies beside them, so that the file itself holds no name. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { openStore, storeError } from './store.js';

const KEY_BYTES = 32;

/** An open file with its key. */
export interface KeyedFile {
  readonly root: RootDatabase<Buffer, Buffer>;
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
  const root = openStore(folder, names.file);
  try {
    const secret = secretOf(folder, root, names);
    return { root, macOf: (text) => createHmac('sha256', secret).update(text).digest() };
  } catch (error) {
    void root.close();
    throw error;
  }
}

function secretOf(folder: string, root: RootDatabase<Buffer, Buffer>, names: KeyedFileNames): Buffer {
  const { file, keyFile } = names;
  const path = join(folder, keyFile);
  const read = (): Buffer | null => {
    try {
      const key = readFileSync(path);
      if (key.length !== KEY_BYTES) throw new Error(`${keyFile} has ${key.length} bytes instead of ${KEY_BYTES}`);
      return key;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return null;
      throw storeError(folder, error);
    }
  };
  const known = read();
  if (known !== null) return known;
  if (root.getKeysCount({ limit: 1 }) > 0) throw storeError(folder, `${keyFile} is missing, and ${file} cannot be read without it`);
  try {
    mkdirSync(folder, { recursive: true });
    // Whole, or not there: another process may look at any moment.
    const fresh = `${path}.${randomUUID()}`;
    writeFileSync(fresh, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true });
    try {
      linkSync(fresh, path);
    } finally {
      rmSync(fresh);
    }
  } catch (error) {
    // Another process has been faster.
    if ((error as { code?: string }).code !== 'EEXIST') throw storeError(folder, error);
  }
  return read() ?? secretOf(folder, root, names);
}
