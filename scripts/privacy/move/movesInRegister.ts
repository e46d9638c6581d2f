/** What a register of homes on a server knows of moves: that one has begun and not ended, whatever folder its journal lies in. One in a folder knows nothing of them. See ADR 0037. */
import { SkillForgeError, type LearnerId } from '../../../schemas/index.js';
import { homesName, onSharedHomes, type HomesPlace } from '../../gateway/homesPlace.js';
import { movesIn, underWay, type MoveJournal, type MoveState } from './moveJournal.js';

/** Where somebody looks for moves. */
export interface MovePlaces {
  /** Those that journals lie in. */
  readonly folders: readonly string[];
  readonly homes?: HomesPlace | undefined;
}

/** @throws SFS_MOVE_UNDER_WAY where a move of the learner has not ended, as a journal in the folders says, or the register; SFS_MOVE_JOURNAL, SFS_HOMES_UNAVAILABLE */
export async function assertNotMoving({ folders, homes }: MovePlaces, learner: string): Promise<void> {
  const move = folders.flatMap(movesIn).find(({ state }) => state.learner === learner);
  if (move !== undefined) throw underWay(move);
  await assertNotKept(homes, learner);
}

/** With another `--data` than it was begun with a move would begin anew, and bring everything twice. @throws SFS_MOVE_UNDER_WAY, SFS_HOMES_UNAVAILABLE */
export async function assertBegunHere(homes: HomesPlace, journal: MoveJournal, learner: LearnerId): Promise<void> {
  if (journal.read()?.learner !== learner) await assertNotKept(homes, learner);
}

/** Tells the register of a move that is to be finished. What was kept under an earlier pseudonym goes. @throws SFS_HOMES_UNAVAILABLE */
export async function keepInRegister(homes: HomesPlace, { learner, from, to }: MoveState, before: MoveState | null): Promise<void> {
  if (typeof homes === 'string') return;
  await onSharedHomes(homes, async (register) => {
    if (before !== null && before.learner !== learner) await register.keepMove(before.learner, null);
    await register.keepMove(learner, { from, to });
  });
}

/** Tells the register that a move has ended. @throws SFS_HOMES_UNAVAILABLE */
export async function dropFromRegister(homes: HomesPlace, { learner }: MoveState): Promise<void> {
  if (typeof homes === 'object') await onSharedHomes(homes, (register) => register.keepMove(learner, null));
}

async function assertNotKept(homes: HomesPlace | undefined, learner: string): Promise<void> {
  if (typeof homes !== 'object') return;
  const kept = await onSharedHomes(homes, (register) => register.moveOf(learner));
  if (kept === null) return;
  const { from, to, mark } = kept;
  const said = `a move of this learner from ${from} to ${to} has begun and not ended, as the register of homes at ${homesName(homes)} says under ${mark}`;
  throw new SkillForgeError('SFS_MOVE_UNDER_WAY', `${said}: finish it first, with the --data that it was begun with`, {
    context: { from, to, mark },
  });
}
