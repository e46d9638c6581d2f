import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { SkillForgeError } from '../../schemas/index.js';
import { unwritable } from './durableFile.js';

const WAIT_MS = 5_000;
const PAUSE_MS = 2;

/** Runs short work on a file that several processes of this machine write, one after the other. @throws SFS_KEYS_BUSY */
export function locked<T>(path: string, work: () => T): T {
  take(path);
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Takes a lock for work that lasts, without waiting; {@link letGo} ends it. @returns `null` where it was taken, else the process of this machine that has it. @throws SFS_KEYS_UNWRITABLE */
export function takenBy(path: string): number | null {
  for (;;) {
    if (taken(path)) return null;
    const pid = holderOf(path);
    if (pid !== null && !isLeft(path)) return pid;
    if (pid !== null) putAside(path);
  }
}

/** Gives up what {@link takenBy} took. */
export const letGo = (path: string): void => rmSync(path, { force: true });

/** `null` where nobody has it any more. */
function holderOf(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function take(path: string): void {
  for (const untilMs = Date.now() + WAIT_MS; ;) {
    if (taken(path)) return;
    if (isLeft(path)) putAside(path);
    else if (Date.now() > untilMs)
      throw new SkillForgeError('SFS_KEYS_BUSY', `${path} is held by another process`, { retriable: true, context: { path } });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

/** The file has its content before it has its name: nobody sees an empty one. */
function taken(path: string): boolean {
  const own = `${path}.${process.pid}`;
  try {
    writeFileSync(own, String(process.pid), { mode: 0o600 });
    linkSync(own, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(path, cause);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Its process is not there any more: it ended in between. One with our own number had it before us, as in a container that was started again: who holds it waits for nothing. */
function isLeft(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    if (pid === process.pid) return true;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Another process may have put it aside, and taken the lock, in this moment: then what was moved is given back. */
function putAside(path: string): void {
  const aside = `${path}.${process.pid}.left`;
  try {
    renameSync(path, aside);
    if (!isLeft(aside)) linkSync(aside, path);
  } catch {
    // Somebody else was faster: the next turn looks again.
  } finally {
    rmSync(aside, { force: true });
  }
}
