/** How far an erasure has come: a file that is written before and after each step, so that whoever calls again goes on where it ended. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';
import { letGo, takenBy } from '../../../runtime/keys/ringLock.js';
import { writeDurably } from '../../archive/durableFile.js';
import { onDisk } from '../../fileWriting.js';

/** What came of a step: counts by what they count, and texts. */
export type Did = Readonly<Record<string, unknown>>;

/** A step that was begun. */
export interface JournalStep {
  /** How often it was begun. */
  readonly attempts: number;
  /** Ms since epoch; `null` while it is not done. */
  readonly doneAtMs: number | null;
  readonly did: Did;
}

/** An erasure under way. */
export interface JournalState {
  readonly format: 1;
  /** Ms since epoch. */
  readonly startedAtMs: number;
  /** Ms since epoch; `null` while something is left to do. */
  readonly finishedAtMs: number | null;
  /** Digest of the places that it works on; absent in journals of before. */
  readonly places?: string;
  /** Digest of where log and state lie: a folder, or servers with their region; absent in journals of before. */
  readonly main?: string;
  readonly steps: Readonly<Record<string, JournalStep>>;
}

/** Where to go on. */
export interface JournalStart {
  readonly nowMs: number;
  /** Digest of the places. */
  readonly places: string;
  /** Digest of where log and state lie: what was done elsewhere is not done there. */
  readonly main: string;
  /** Steps that are done again where an earlier call had other places. */
  readonly placed: readonly string[];
}

/** Name of the folder of journals, receipts and the key, in the data folder. */
export const ERASURES_FOLDER = 'erasures';

/** The journal of one erasure. The name of its file is a digest: nothing in the folder tells a pseudonym. */
export class Journal {
  private constructor(
    private readonly path: string,
    private current: JournalState,
  ) {}

  /** Goes on with an erasure that is not finished, or begins one. @throws SFS_ERASURE_JOURNAL for a file that is no journal, SFS_FILE_UNWRITABLE */
  static open(folder: string, digest: string, { nowMs, places, main, placed }: JournalStart): Journal {
    const path = join(folder, `${digest}.journal.json`);
    const before = existsSync(path) ? read(path) : null;
    const isUnderWay = before?.finishedAtMs === null && before.main === main;
    if (isUnderWay && before.places === places) return new Journal(path, before);
    const started = isUnderWay ? before : { startedAtMs: nowMs, steps: {} };
    const steps = Object.entries(started.steps).map(([name, step]) => [name, placed.includes(name) ? { ...step, doneAtMs: null } : step] as const);
    const state = { startedAtMs: started.startedAtMs, finishedAtMs: null, places, main, steps: Object.fromEntries(steps) };
    const journal = new Journal(path, { format: 1, ...state });
    journal.keep();
    return journal;
  }

  get state(): JournalState {
    return this.current;
  }

  /** Whether a step was done, in this run or an earlier one. */
  isDone(step: string): boolean {
    const doneAtMs = this.state.steps[step]?.doneAtMs;
    return doneAtMs !== undefined && doneAtMs !== null;
  }

  /** Notes that a step begins. @throws SFS_FILE_UNWRITABLE */
  begin(step: string): void {
    const attempts = (this.current.steps[step]?.attempts ?? 0) + 1;
    this.put(step, { attempts, doneAtMs: null, did: {} });
  }

  /** Notes what came of a step. @throws SFS_FILE_UNWRITABLE */
  done(step: string, did: Did, nowMs: number): void {
    this.put(step, { attempts: this.current.steps[step]!.attempts, doneAtMs: nowMs, did });
  }

  /** Notes that nothing is left to do. @throws SFS_FILE_UNWRITABLE */
  finish(nowMs: number): void {
    this.current = { ...this.current, finishedAtMs: nowMs };
    this.keep();
  }

  private put(step: string, about: JournalStep): void {
    this.current = { ...this.current, steps: { ...this.current.steps, [step]: about } };
    this.keep();
  }

  private keep(): void {
    writeDurably(this.path, `${JSON.stringify(this.current)}\n`);
  }
}

function read(path: string): JournalState {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as JournalState;
    if (state.format !== 1 || typeof state.steps !== 'object') throw new Error('it is of another format');
    return state;
  } catch (cause) {
    const message = `${path} is no journal of an erasure: ${errorMessageOf(cause)}; delete it, and the erasure begins anew`;
    throw new SkillForgeError('SFS_ERASURE_JOURNAL', message, { cause, context: { path } });
  }
}

/** Runs an erasure that no other process of this machine runs for the same learner, from the same folder: two would write one journal. @throws SFS_ERASURE_WAITS */
export async function alone<T>(folder: string, digest: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, `${digest}.lock`);
  onDisk(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  const pid = takenBy(path);
  if (pid !== null) {
    const message = `process ${pid} erases the same learner, as ${path} says: call this again when it has ended`;
    throw new SkillForgeError('SFS_ERASURE_WAITS', message, { retriable: true, context: { path, pid } });
  }
  try {
    return await work();
  } finally {
    letGo(path);
  }
}

/** Files of receipts of one learner, the oldest first. */
export function receiptFiles(folder: string, digest: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${digest}-`) && name.endsWith('.receipt.json'))
    .sort()
    .map((name) => join(folder, name));
}

/** Where the receipt of an erasure lies. */
export const receiptPath = (folder: string, digest: string, startedAtMs: number): string =>
  join(folder, `${digest}-${String(startedAtMs).padStart(15, '0')}.receipt.json`);
