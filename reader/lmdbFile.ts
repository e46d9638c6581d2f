/** What has to be seen to around files of LMDB. */
import { closeSync, fsyncSync, openSync, readSync, statSync } from 'node:fs';

/** Behind the header of the first page. */
const [MAGIC_AT, MAGIC] = [24, Buffer.from('dec0efbe', 'hex')] as const;

/** What LMDB's files begin with: without it LMDB ends the process. A file that is not there, or empty, is new. @throws where it is another file */
export function assertHead(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(MAGIC_AT + MAGIC.length);
    readSync(descriptor, head, 0, head.length, 0);
    if (!head.subarray(MAGIC_AT).equals(MAGIC)) throw new Error(`${path} is no LMDB file`);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a name in a folder last over a loss of power. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
