/** Finds out whether there is room to write: LMDB reports a write that fits only in part as an input/output error. */
import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE } from './environment.js';

const EIO = 5;
const PROBE_BYTES = 1024 * 1024;

/** The error that says "no room" in place of an input/output error that means it; any other error as it is. */
export function withRoomChecked(folder: string, cause: unknown): unknown {
  if ((cause as { code?: unknown } | null)?.code !== EIO) return cause;
  const full = roomError(folder);
  return full === null ? cause : Object.assign(new Error(`no room is left: ${full.message}`, { cause }), { code: 28 });
}

/** Writes a little at the data file's size into a file beside it, so that limits of space, quota and file size all speak. */
function roomError(folder: string): Error | null {
  const probe = join(folder, `room-${process.pid}.probe`);
  try {
    const size = statSync(join(folder, DATA_FILE)).size;
    const descriptor = openSync(probe, 'w');
    try {
      ftruncateSync(descriptor, size);
      if (writeSync(descriptor, Buffer.alloc(PROBE_BYTES), 0, PROBE_BYTES, size) < PROBE_BYTES) return new Error('a write was cut short');
    } finally {
      closeSync(descriptor);
    }
    return null;
  } catch (error) {
    return ['ENOSPC', 'EFBIG', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '') ? (error as Error) : null;
  } finally {
    rmSync(probe, { force: true });
  }
}
