/** A file of LMDB that several processes have open. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { open, type Database, type DatabaseOptions, type RootDatabase } from 'lmdb';
import { OpeningGate } from './openingGate.js';

/** Plain bytes, ordered by the bytes of the keys. */
export const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** A commit that is seen is on the disk. With LMDB's other way, to flush beside the next commit, a process that is killed may take the commit of another with it. */
const DURABLE = { noSubdir: true, overlappingSync: false, eventTurnBatching: false, maxDbs: 4, ...BINARY } as const;

const GATE = '-gate';

/** A look that finds nothing. LMDB lists a process with its first read: who would put another file in the place of this one is to see that it is open. */
const NO_KEY = Buffer.of(0);

/** In brackets the defaults. */
export interface SharedFileOptions {
  /** What LMDB takes of the address space at first, bytes; it grows by itself (128 KiB). */
  readonly mapSize?: number;
  /** Whether the system is to read no pages ahead (`false`): good where keys are asked for in no order. */
  readonly noReadAhead?: boolean;
}

interface Waiting {
  readonly change: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads go to its {@link root}; what changes it goes through {@link write}. */
export class SharedFile {
  private waiting: Waiting[] = [];

  private constructor(
    readonly root: RootDatabase<Buffer, Buffer>,
    private readonly gate: OpeningGate,
  ) {}

  /**
   * Opens a file, made when new with its folder, for this user alone. LMDB tells who reads by the numbers of processes: of two with the same one, as those of two containers often are, it lets the first one in, and
   * the other wait for ten seconds.
   * @throws what LMDB throws, and where another process of this number has the file open
   */
  static open(path: string, options: SharedFileOptions = {}): SharedFile {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const gate = OpeningGate.at(path + GATE, path);
    try {
      return new SharedFile(
        gate.hold(() => openLooked(path, options)),
        gate,
      );
    } catch (error) {
      void gate.close();
      throw error;
    }
  }

  /** A database of the file, made when new. */
  database(name: string, options: DatabaseOptions = {}): Database<Buffer, Buffer> {
    return this.gate.hold(() => this.root.openDB<Buffer, Buffer>(name, { ...BINARY, ...options }));
  }

  /**
   * Runs `change` in a transaction: all of what it writes is on the disk when it resolves, or nothing where it throws. The changes of a turn go together; where one of them throws they are run
   * again, each by itself. The thread waits for the disk. @returns what `change` gave
   */
  write<T>(change: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.writeWaiting());
      this.waiting.push({ change, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** LMDB's own list of processes that read the file. */
  readerList(): string {
    return this.root.readerList();
  }

  /** What was told to be written before is written. */
  async close(): Promise<void> {
    this.writeWaiting();
    await this.root.close();
    await this.gate.close();
  }

  private writeWaiting(): void {
    const waiting = this.waiting.splice(0);
    if (waiting.length === 0) return;
    try {
      const results = this.inTransaction(() => waiting.map(({ change }) => change()));
      waiting.forEach(({ resolve }, at) => resolve(results[at]));
    } catch (error) {
      if (waiting.length === 1) waiting[0]!.reject(error);
      else for (const one of waiting) this.writeAlone(one);
    }
  }

  private writeAlone({ change, resolve, reject }: Waiting): void {
    try {
      resolve(this.inTransaction(change));
    } catch (error) {
      reject(error);
    }
  }

  private inTransaction<T>(change: () => T): T {
    return this.gate.hold(() => this.root.transactionSync(change));
  }
}

/** Opens a file that no other process knows of yet. @throws what LMDB throws */
export const openUnshared = (path: string): RootDatabase<Buffer, Buffer> => open<Buffer, Buffer>({ path, ...DURABLE });

/** Processes that have a file open, but this one, by LMDB's own list of who reads it: `pid thread txnid`, one a line. */
export const otherProcesses = (file: Pick<SharedFile, 'readerList'>): number[] =>
  [...new Set([...file.readerList().matchAll(/^\s*(\d+)\s/gm)].map((match) => Number(match[1])))].filter((pid) => pid !== process.pid);

function openLooked(path: string, options: SharedFileOptions): RootDatabase<Buffer, Buffer> {
  const root = open<Buffer, Buffer>({ path, ...DURABLE, ...options });
  try {
    root.get(NO_KEY);
    return root;
  } catch (cause) {
    void root.close();
    const why = `another process that has the number ${process.pid}, too, has it open; in containers that share a folder, give each its own, or one space of process numbers`;
    throw new Error(why, { cause });
  }
}
