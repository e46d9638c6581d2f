/** A move under way: what has to be known after the switch, when the map of the old region tells it no more. */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, errorMessageOf, type LearnerId } from '../../../schemas/index.js';
import { writeDurably } from '../../archive/durableFile.js';
import type { Carried } from './carry.js';

/** What came of the steps before the switch. */
export interface Brought extends Carried {
  /** When the switch was about to be written, ms since epoch. */
  readonly switchedAtMs: number;
  /** Events that the new gateway takes for repeats. */
  readonly repeats: number;
}

/** A move. */
export interface MoveState {
  readonly format: 1;
  /** Random: the new log keeps under it how far records have been brought. */
  readonly id: string;
  /** Random, made with the journal: the register of homes knows the move by it. Journals of earlier versions have none. */
  readonly claim?: string;
  readonly from: string;
  readonly to: string;
  /** The pseudonym in the old region. */
  readonly learner: LearnerId;
  /** The pseudonym in the new region; `null` until its gateway has given one. */
  readonly heir: LearnerId | null;
  /** What a transfer out of the EU stands on, in words; `null` for none. */
  readonly transferBasis: string | null;
  /** Ms since epoch. */
  readonly startedAtMs: number;
  /** `null` until the switch is about to be written. */
  readonly brought: Brought | null;
}

/** A move under way, with its file. */
export interface OpenMove {
  readonly path: string;
  readonly state: MoveState;
}

const ENDING = '.move.json';

/** The journal of the move of one identity; its name is a digest. */
export class MoveJournal {
  constructor(
    private readonly folder: string,
    private readonly digest: string,
  ) {}

  /** The move that is under way; `null` for none. @throws SFS_MOVE_JOURNAL for a file that is no journal */
  read(): MoveState | null {
    return existsSync(this.path) ? stateIn(this.path) : null;
  }

  /** @throws SFS_FILE_UNWRITABLE */
  keep(state: MoveState): void {
    writeDurably(this.path, `${JSON.stringify(state)}\n`);
  }

  /** The move has ended: nothing is to tell the pseudonym any more. */
  drop(): void {
    rmSync(this.path, { force: true });
  }

  /** Where the receipt of a move lies. */
  receiptPath(startedAtMs: number): string {
    return join(this.folder, `${this.digest}-${String(startedAtMs).padStart(15, '0')}.move-receipt.json`);
  }

  /** The receipts of moves of this identity, the oldest first. */
  receipts(): string[] {
    if (!existsSync(this.folder)) return [];
    const names = readdirSync(this.folder).filter((name) => name.startsWith(`${this.digest}-`) && name.endsWith('.move-receipt.json'));
    return names.sort().map((name) => join(this.folder, name));
  }

  get path(): string {
    return join(this.folder, `${this.digest}${ENDING}`);
  }
}

function stateIn(path: string): MoveState {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as MoveState;
    if (state.format !== 1 || typeof state.learner !== 'string') throw new Error('it is of another format');
    return state;
  } catch (cause) {
    const message = `${path} cannot be read as the journal of a move: ${errorMessageOf(cause)}`;
    throw new SkillForgeError('SFS_MOVE_JOURNAL', message, { cause, context: { path } });
  }
}

/** All moves from a folder that have begun and not ended. @throws SFS_MOVE_JOURNAL */
export function movesIn(folder: string): OpenMove[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder).flatMap((name) => (name.endsWith(ENDING) ? [join(folder, name)] : []));
  return paths.map((path) => ({ path, state: stateIn(path) }));
}

/** What has to be ended before anything else is done with the learner. */
export function underWay({ path, state: { from, to } }: OpenMove): SkillForgeError {
  const message = `a move of this learner from ${from} to ${to} has begun and not ended, as ${path} says: finish it first`;
  return new SkillForgeError('SFS_MOVE_UNDER_WAY', message, { context: { path, from, to } });
}
