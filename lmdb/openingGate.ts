/** What an opening of a file of LMDB and the commits to it wait for each other by. See ADR 0039. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { open, type RootDatabase } from 'lmdb';

/** Nothing is ever written to it: its lock for writers is all that is wanted, which the system gives on when its holder is killed. */
const EMPTY_FILE = { noSubdir: true, mapSize: 2 ** 16, overlappingSync: false, eventTurnBatching: false } as const;

interface Waiting {
  readonly commit: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

/** The gates of this thread: two of one file would wait for each other, and for their own thread, for ever. */
const gates = new Map<string, OpeningGate>();

/**
 * A lock between processes, in a file of its own. LMDB's opening notes, without any lock, the last transaction that it has found in the file: where another process has committed meanwhile, the next
 * one begins before that commit and overwrites it (ITS#9496). So a file that others may open is opened, and written, through its gate.
 */
export class OpeningGate {
  private users = 0;
  private isHeld = false;
  private isRunning = false;
  private waiting: Waiting[] = [];

  private constructor(
    private readonly path: string,
    private readonly file: RootDatabase,
  ) {}

  /** The gate in a file, which is made when new and never deleted while what it guards may be open. {@link close} it once for each call. @throws what LMDB throws */
  static at(path: string): OpeningGate {
    const whole = join(realpathSync(dirname(resolve(path))), basename(path));
    const gate = gates.get(whole) ?? new OpeningGate(whole, open({ path: whole, ...EMPTY_FILE }));
    gates.set(whole, gate);
    gate.users++;
    return gate;
  }

  /** Commits while nobody opens the file. Those of one turn, and those that come while another process is in the way, go through together. @returns what `commit` gave */
  through<T>(commit: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ commit: async () => commit().then(resolve, reject), reject });
      if (!this.isRunning) void this.run();
    });
  }

  /** Opens the file, or commits to it, while no other process does. It keeps the thread waiting until then. */
  throughSync<T>(work: () => T): T {
    // Whoever commits in this thread goes on only when this is done.
    return this.isHeld ? work() : this.file.transactionSync(work);
  }

  async close(): Promise<void> {
    if (--this.users > 0) return;
    gates.delete(this.path);
    await this.file.close();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // Calls of the same turn go together.
    await Promise.resolve();
    try {
      while (this.waiting.length > 0) await this.file.transaction(() => this.round());
    } catch (error) {
      for (const { reject } of this.waiting.splice(0)) reject(error);
    } finally {
      this.isRunning = false;
    }
  }

  private async round(): Promise<void> {
    this.isHeld = true;
    try {
      await Promise.all(this.waiting.splice(0).map(({ commit, reject }) => commit().catch(reject)));
    } finally {
      this.isHeld = false;
    }
  }
}
