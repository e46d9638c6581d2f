/** What a register of homes on a server knows of moves: that one has begun and not ended, whatever folder its journal lies in, and that an erasure has. One in a folder knows nothing of them. See ADR 0037. */
import { SkillForgeError, type LearnerId } from '../../../schemas/index.js';
import { homesName, onSharedHomes, type HomesPlace } from '../../gateway/homesPlace.js';
import type { KeptMove } from '../../gateway/sharedHomes.js';
import { movesIn, underWay, type MoveJournal, type MoveState } from './moveJournal.js';

/** Where somebody looks for moves. */
export interface MovePlaces {
  /** Those that journals lie in. */
  readonly folders: readonly string[];
  readonly homes?: HomesPlace | undefined;
}

/** What an erasure keeps in place of a move: any call about the learner goes on with it. */
const ERASURE = 'erasure';

/** @throws SFS_MOVE_UNDER_WAY where a move of the learner has not ended, as a journal in the folders says, or the register; SFS_MOVE_JOURNAL, SFS_HOMES_UNAVAILABLE */
export async function assertNotMoving({ folders, homes }: MovePlaces, learner: string): Promise<void> {
  const move = folders.flatMap(movesIn).find(({ state }) => state.learner === learner);
  if (move !== undefined) throw underWay(move);
  const kept = await keptIn(homes, learner);
  if (kept !== null && kept.claim !== ERASURE) throw keptElsewhere(homes!, kept);
}

/** With another `--data` than it was begun with a move would begin anew, and bring everything twice. @throws SFS_MOVE_UNDER_WAY, SFS_HOMES_UNAVAILABLE */
export async function assertBegunHere(homes: HomesPlace, journal: MoveJournal, learner: LearnerId): Promise<void> {
  const kept = await keptIn(homes, learner);
  const state = journal.read();
  // What an earlier version kept has no claim, and is that of a journal which knows the learner.
  const isOwn = kept?.claim === '' ? state?.learner === learner : kept?.claim === state?.claim;
  if (kept !== null && !isOwn) throw keptElsewhere(homes, kept);
}

/** Tells the register of a move that is to be finished. What was kept under an earlier pseudonym goes. @throws SFS_MOVE_UNDER_WAY where another move of the learner is, or an erasure; SFS_HOMES_UNAVAILABLE */
export async function keepInRegister(homes: HomesPlace, { learner, claim, from, to }: ClaimedState, before: MoveState | null): Promise<void> {
  if (typeof homes === 'string') return;
  const kept = await onSharedHomes(homes, async (register) => {
    if (before !== null && before.learner !== learner) await register.dropMove(before.learner, before.claim ?? claim);
    return register.keepMove(learner, { claim, from, to });
  });
  if (kept.claim !== claim) throw keptElsewhere(homes, kept);
}

/** A move that the register can be told of. */
export type ClaimedState = MoveState & { readonly claim: string };

/** Tells the register that a move has ended. @throws SFS_HOMES_UNAVAILABLE */
export async function dropFromRegister(homes: HomesPlace, { learner, claim = '' }: MoveState): Promise<void> {
  if (typeof homes === 'object') await onSharedHomes(homes, (register) => register.dropMove(learner, claim));
}

/** Tells the register of an erasure that is to be finished: of it and a move that begin at the same time one is refused. @throws SFS_MOVE_UNDER_WAY, SFS_HOMES_UNAVAILABLE */
export async function keepErasure(homes: HomesPlace | undefined, learner: string, region: string): Promise<void> {
  if (typeof homes !== 'object') return;
  const kept = await onSharedHomes(homes, (register) => register.keepMove(learner, { claim: ERASURE, from: region, to: region }));
  if (kept.claim !== ERASURE) throw keptElsewhere(homes, kept);
}

/** Tells the register that an erasure has ended. @throws SFS_HOMES_UNAVAILABLE */
export async function dropErasure(homes: HomesPlace | undefined, learner: string): Promise<void> {
  if (typeof homes === 'object') await onSharedHomes(homes, (register) => register.dropMove(learner, ERASURE));
}

const keptIn = (homes: HomesPlace | undefined, learner: string): Promise<KeptMove | null> =>
  typeof homes === 'object' ? onSharedHomes(homes, (register) => register.moveOf(learner)) : Promise.resolve(null);

function keptElsewhere(homes: HomesPlace, { claim, from, to, mark }: KeptMove): SkillForgeError {
  const what = claim === ERASURE ? `an erasure of this learner in ${from}` : `a move of this learner from ${from} to ${to}`;
  const how = claim === ERASURE ? '' : ', with the --data that it was begun with';
  const message = `${what} has begun and not ended, as the register of homes at ${homesName(homes)} says under ${mark}: finish it first${how}`;
  return new SkillForgeError('SFS_MOVE_UNDER_WAY', message, { context: { from, to, mark } });
}
