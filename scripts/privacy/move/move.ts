/** Moves a learner to another region: what is theirs is brought there, one write says that they are at home there, and the old region erases them. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOMES_FILE } from '../../../gateway/index.js';
import { SkillForgeError, assertRegion, regionMismatch } from '../../../schemas/index.js';
import { holdsRing } from '../../../runtime/keys/folderRing.js';
import { writeDurably } from '../../archive/durableFile.js';
import { readingFolder } from '../../commands/folder.js';
import { alone } from '../erasure/journal.js';
import { onHomes } from '../erasure/lmdbFiles.js';
import { assertPlaces, realPath, type Installation } from '../erasure/places.js';
import { assertFolder, eraseLearner, erasuresFolder, learnerDigest, type Receipt } from '../erasure/saga.js';
import type { Signed, SigningKey } from '../erasure/signing.js';
import { bringOver, notAtHome, type BringOptions } from './bringing.js';
import type { Counts } from './carry.js';
import { MoveJournal, underWay, type MoveState } from './moveJournal.js';

/** How to move, and the key that signs what was done. */
export interface MoveOptions extends BringOptions {
  readonly key: SigningKey;
}

/** A pseudonym as a receipt has it: who knows it can tell that it is this one. */
interface Named {
  readonly salt: string;
  readonly sha256: string;
}

/** What was done, for the person and for whoever has to show it. */
export interface MoveReceipt {
  readonly format: 'skillforge-move/1';
  /** The pseudonym in the old region, and that in the new one. */
  readonly learner: Named;
  readonly heir: Named;
  readonly from: string;
  readonly to: string;
  /** What a transfer out of the EU stands on; `null` where there is none. */
  readonly transferBasis: string | null;
  readonly startedAtMs: number;
  /** From when on the new region is home. */
  readonly switchedAtMs: number;
  readonly finishedAtMs: number;
  /** Records by topic that went along. */
  readonly carried: Counts;
  /** Records by topic of the learner's input that did not. */
  readonly left: Counts;
  /** Events that the new gateway takes for repeats. */
  readonly repeats: number;
  readonly erasure: Signed<Receipt>;
}

/** Regions whose names begin so are in the EU. */
const IN_UNION = 'eu-';

/**
 * Moves a learner. Nobody else may write to either folder meanwhile. Called again after it failed or was killed it does what is left; called again when it has ended it gives the same receipt.
 *
 * @returns the receipt, which lies in the folder of the old region, too
 * @throws SFS_MOVE_HOME, SFS_MOVE_TRANSFER, SFS_MOVE_UNDER_WAY, SFS_MOVE_JOURNAL, SFS_FOLDER_MISSING, SFS_FOLDER_LOCKED, SFS_REGION_MISMATCH, SFS_KEYS_MISSING, and what {@link eraseLearner} throws
 */
export async function moveLearner(options: MoveOptions): Promise<Signed<MoveReceipt>> {
  assertPossible(options);
  const { from, key, identity } = options;
  const digest = key.digestOf(identity);
  const journal = new MoveJournal(erasuresFolder(from), digest);
  return alone(erasuresFolder(from), digest, () => moveInSteps(options, journal));
}

async function moveInSteps(options: MoveOptions, journal: MoveJournal): Promise<Signed<MoveReceipt>> {
  const { identity, from, to, homes } = options;
  const home = await onHomes(homes, (register) => Promise.resolve(register.find(identity)));
  const before = journal.read();
  if (before !== null && (await isSwitched(before, home, from))) {
    if (home !== from.region) assertSameMove(before, options, journal);
    const receipt = await eraseLeft(options, journal, before);
    // They are back by way of a third region: what they left here is erased now, and they move as they are.
    return home === from.region ? moveInSteps(options, journal) : receipt;
  }
  if (home !== null && home !== from.region) {
    // Somebody whose move had hardly begun, and who is at home there all the same: nothing of theirs was brought, so nothing is erased.
    if (home !== to.region || before !== null) throw notAtHome(home, from.region);
    return lastReceipt(journal, options);
  }
  if (before !== null && before.to !== to.region) throw underWay({ path: journal.path, state: before });
  return eraseLeft(options, journal, await bringOver(options, journal));
}

/** Whether the switch is behind a move. Its journal says what was brought just before it; after it they are at home elsewhere, or have come back, and their erasure has begun. */
async function isSwitched({ brought, learner }: MoveState, home: string | null, { data, region }: Installation): Promise<boolean> {
  if (brought === null) return false;
  return home !== region || readingFolder(data, (storage) => storage.erasedSince(learner) !== null);
}

/** What holds is what was said before the switch. @throws SFS_MOVE_UNDER_WAY, SFS_MOVE_TRANSFER */
function assertSameMove(state: MoveState, { to, transferBasis }: MoveOptions, { path }: MoveJournal): void {
  if (state.to !== to.region) throw underWay({ path, state });
  if (transferBasis === undefined || transferBasis === state.transferBasis) return;
  const message = `the learner has moved to ${state.to} already, on the basis "${state.transferBasis ?? 'none'}": finish the move with the same words`;
  throw new SkillForgeError('SFS_MOVE_TRANSFER', message, { context: { to: state.to, transferBasis: state.transferBasis } });
}

/** What comes after the switch: the erasure, the receipt, the end of the journal. */
async function eraseLeft(options: MoveOptions, journal: MoveJournal, state: MoveState): Promise<Signed<MoveReceipt>> {
  const { from, homes, key, clock = Date.now, reached } = options;
  const erasure = await eraseLearner({
    installation: { ...from, homes },
    learner: state.learner,
    key,
    clock,
    ofMove: true,
    ...(reached && { reached: (step, when) => reached(`erase ${step}`, when) }),
  });
  reached?.('receipt', 'begun');
  const receipt = key.sign(receiptOf(state, erasure, clock()));
  writeDurably(journal.receiptPath(state.startedAtMs), `${JSON.stringify(receipt, null, 2)}\n`);
  reached?.('receipt', 'worked');
  journal.drop();
  reached?.('receipt', 'done');
  return receipt;
}

/** What a move that has ended left. @throws SFS_MOVE_HOME where there was none from here */
function lastReceipt(journal: MoveJournal, { from, to }: MoveOptions): Signed<MoveReceipt> {
  const path = journal.receipts().at(-1);
  const receipt = path === undefined ? null : (JSON.parse(readFileSync(path, 'utf8')) as Signed<MoveReceipt>);
  if (receipt?.to !== to.region) throw notAtHome(to.region, from.region);
  return receipt;
}

/** What is asked for that cannot be, before anything is done. */
function assertPossible({ from, to, homes, transferBasis }: MoveOptions): void {
  [from.region, to.region].forEach(assertRegion);
  if (from.region === to.region) throw notAtHome(from.region, from.region);
  [from, to].forEach(assertFolder);
  assertPlaces(from);
  for (const [one, other] of [
    [from.data, to.data],
    [from.gatewayFolder, to.gatewayFolder],
  ] as const)
    if (realPath(one) === realPath(other)) throw regionMismatch(`the folder ${one}`, from.region, to.region);
  if (!existsSync(join(homes, HOMES_FILE)))
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${homes} holds no register of homes: gateways make it, with --homes`, {
      context: { folder: homes },
    });
  if (holdsRing(from.data) && !holdsRing(to.data)) {
    const message = `${from.data} has keys of learners and ${to.data} has none: what is sealed there would lie here in clear`;
    throw new SkillForgeError('SFS_KEYS_MISSING', message, { context: { folder: to.data } });
  }
  assertTransfer(from.region, to.region, transferBasis);
}

/** @throws SFS_MOVE_TRANSFER */
function assertTransfer(from: string, to: string, basis: string | undefined): void {
  if (!from.startsWith(IN_UNION) || to.startsWith(IN_UNION) || (basis ?? '') !== '') return;
  const message = `a move from ${from} to ${to} takes personal data out of the EU: say with --transfer-basis what it stands on (GDPR chapter V)`;
  throw new SkillForgeError('SFS_MOVE_TRANSFER', message, { context: { from, to } });
}

function receiptOf(
  { learner, heir, from, to, transferBasis, startedAtMs, brought }: MoveState,
  erasure: Signed<Receipt>,
  nowMs: number,
): MoveReceipt {
  const { carried, left, repeats, switchedAtMs } = brought!;
  return {
    format: 'skillforge-move/1',
    learner: named(learner),
    heir: named(heir!),
    from,
    to,
    transferBasis,
    startedAtMs,
    switchedAtMs,
    finishedAtMs: nowMs,
    carried,
    left,
    repeats,
    erasure,
  };
}

function named(pseudonym: string): Named {
  const salt = randomBytes(16).toString('hex');
  return { salt, sha256: learnerDigest(salt, pseudonym) };
}
