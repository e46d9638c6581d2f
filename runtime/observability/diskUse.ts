import { readdirSync, statSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** What a folder takes of its disk, and what is left there for this user. */
export interface DiskUse {
  readonly bytes: number;
  readonly freeBytes: number;
}

/** Bytes in a block as `stat` counts them, whatever the file system has. */
const BLOCK_BYTES = 512;

/** Looks at the files of a folder, not at those of folders in it; `null` where it cannot be read. Files of LMDB have holes: blocks count, not lengths. */
export function diskUse(folder: string): DiskUse | null {
  try {
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce((total, { name }) => total + statSync(join(folder, name)).blocks * BLOCK_BYTES, 0);
    const { bavail, bsize } = statfsSync(folder);
    return { bytes, freeBytes: bavail * bsize };
  } catch {
    return null;
  }
}
