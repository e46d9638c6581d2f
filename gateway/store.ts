/** LMDB files of the gateway. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { SkillForgeError, errorMessageOf } from '../schemas/index.js';

/** Plain bytes, ordered by the bytes of the keys. */
export const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Opens a file of `folder`, both made when new, for this user alone. @throws SFS_GATEWAY_STORE */
export function openStore(folder: string, file: string): RootDatabase<Buffer, Buffer> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return open<Buffer, Buffer>({ path: join(folder, file), noSubdir: true, maxDbs: 4, eventTurnBatching: false, ...BINARY });
  } catch (cause) {
    throw storeError(folder, cause);
  }
}

/** Waits until a write is on the disk, not only in the memory of the system. @throws SFS_GATEWAY_STORE */
export async function durably<T>(folder: string, root: RootDatabase<Buffer, Buffer>, write: () => Promise<T>): Promise<T> {
  try {
    const result = await write();
    await root.flushed;
    return result;
  } catch (cause) {
    throw storeError(folder, cause);
  }
}

/** What is wrong with a file of the gateway. */
export function storeError(folder: string, cause: unknown): SkillForgeError {
  const message = `the files of the gateway in ${folder} cannot be used: ${errorMessageOf(cause)}`;
  return new SkillForgeError('SFS_GATEWAY_STORE', message, { cause, context: { folder } });
}
