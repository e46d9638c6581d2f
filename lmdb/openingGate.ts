/** What an opening of a file of LMDB and the commits to it wait for each other by. See ADR 0039. */
import { chmodSync, chownSync, existsSync, statSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import { LOCK } from './files.js';

/** Nothing is ever written to it: its lock for writers is all that is wanted, which the system gives on when its holder is killed. */
const EMPTY_FILE = { noSubdir: true, mapSize: 2 ** 16, overlappingSync: false, eventTurnBatching: false } as const;

/** All that waits with a gate held, or for one: a thread that held one and waited for another could wait for a process that does so the other way round. */
let line: Promise<unknown> = Promise.resolve();

/**
 * A lock between processes, in a file of its own. LMDB's opening notes, without any lock, the last transaction that it has found in the file: where another process has committed meanwhile, the next
 * one begins before that commit and overwrites it (ITS#9496). So a file that others may open is opened, and written, through its gate. This thread holds it, none of LMDB's: these are few, and one that holds a gate keeps
 * a process from ending.
 */
export class OpeningGate {
  private constructor(private readonly file: RootDatabase) {}

  /**
   * The gate in a file, which is made when new and never deleted while what it guards may be open.
   * @param guarded - the file that it guards: whoever may write that one may pass. @throws what LMDB throws
   */
  static at(path: string, guarded: string): OpeningGate {
    const isNew = !existsSync(path);
    const file = open({ path, ...EMPTY_FILE });
    if (isNew && existsSync(guarded)) for (const made of [path, path + LOCK]) takeAfter(made, guarded);
    return new OpeningGate(file);
  }

  /** Runs `work` while no other process does; the thread waits until then. It must not wait for anything else. */
  hold<T>(work: () => T): T {
    return this.file.transactionSync(work);
  }

  /** As {@link hold}, for what lasts: all such works of a thread run one after the other. */
  holdFor<T>(work: () => Promise<T> | T): Promise<T> {
    // LMDB's transaction lasts until the promise of its callback is settled; its types do not tell.
    const held = line.then(() => this.file.transactionSync<unknown>(work) as Promise<T>);
    line = held.catch(() => undefined);
    return held;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Who looks as another user, such as root, must not leave a gate that the owner cannot pass. */
function takeAfter(made: string, guarded: string): void {
  const [own, { uid, gid, mode }] = [statSync(made), statSync(guarded)];
  if (own.uid === uid && own.gid === gid) return;
  chownSync(made, uid, gid);
  chmodSync(made, mode);
}
