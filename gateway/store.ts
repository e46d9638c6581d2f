/** LMDB files of the gateway. */
import { join } from 'node:path';
import { SharedFile } from '../lmdb/sharedFile.js';
import { SkillForgeError, errorMessageOf } from '../schemas/index.js';

/** Opens a file of `folder`, both made when new, for this user alone. @throws SFS_GATEWAY_STORE */
export function openStore(folder: string, file: string): SharedFile {
  try {
    return SharedFile.open(join(folder, file));
  } catch (cause) {
    throw storeError(folder, cause);
  }
}

/** Changes a file in a transaction; what is written is on the disk when it resolves. @throws SFS_GATEWAY_STORE */
export async function changed<T>(folder: string, file: SharedFile, change: () => T): Promise<T> {
  try {
    return await file.write(change);
  } catch (cause) {
    throw storeError(folder, cause);
  }
}

/** What is wrong with a file of the gateway. */
export function storeError(folder: string, cause: unknown): SkillForgeError {
  const message = `the files of the gateway in ${folder} cannot be used: ${errorMessageOf(cause)}`;
  return new SkillForgeError('SFS_GATEWAY_STORE', message, { cause, context: { folder } });
}
