/** How far an erasure has come: a file that is written before and after each step, so that whoever calls again goes on where it ended. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';
import { writeDurably } from '../../archive/durableFile.js';

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
  readonly steps: Readonly<Record<string, JournalStep>>;
}

/** Where to go on. */
export interface JournalStart {
  readonly nowMs: number;
  /** Digest of the places. */
  readonly places: string;
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
  static open(folder: string, digest: string, { nowMs, places, placed }: JournalStart): Journal {
    const path = join(folder, `${digest}.journal.json`);
    const before = existsSync(path) ? read(path) : null;
    if (before !== null && before.finishedAtMs === null && before.places === places) return new Journal(path, before);
    const started = before !== null && before.finishedAtMs === null ? before : { startedAtMs: nowMs, steps: {} };
    const steps = Object.entries(started.steps).map(([name, step]) => [name, placed.includes(name) ? { ...step, doneAtMs: null } : step] as const);
    const state = { startedAtMs: started.startedAtMs, finishedAtMs: null, places, steps: Object.fromEntries(steps) };
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
