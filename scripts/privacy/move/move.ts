/** Moves a learner to another region: what is theirs is brought there, one write says that they are at home there, and the old region erases them. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SkillForgeError, assertRegion, regionMismatch } from '../../../schemas/index.js';
import { holdsRing } from '../../../runtime/keys/folderRing.js';
import { writeDurably } from '../../archive/durableFile.js';
import { holdsHomes, homesName, onHomes } from '../../gateway/homesPlace.js';
import { alone } from '../erasure/journal.js';
import { assertPlaces, realPath } from '../erasure/places.js';
import { assertFolder, eraseLearner, erasuresFolder, learnerDigest, type Receipt } from '../erasure/saga.js';
import type { Signed, SigningKey } from '../erasure/signing.js';
import { bringOver, knownIn, notAtHome, type BringOptions } from './bringing.js';
import type { Counts } from './carry.js';
import { MoveJournal, underWay, type MoveState } from './moveJournal.js';
import { assertBegunHere, dropFromRegister } from './movesInRegister.js';
import { erasedSince } from './regionLogs.js';
import { bringRest, type ServerMove } from './rest.js';

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
 * Moves a learner. Of folders nobody else may write to either meanwhile; on servers everybody goes on. Called again after it failed or was killed it does what is left; called again when it has ended it gives the same receipt.
 *
 * @returns the receipt, which lies in the folder of the old region, too
 * @throws SFS_MOVE_SERVERS, SFS_MOVE_HOME, SFS_MOVE_TRANSFER, SFS_MOVE_UNDER_WAY, SFS_MOVE_WAITS, SFS_HOMES_UNAVAILABLE, SFS_MOVE_JOURNAL, SFS_FOLDER_MISSING, SFS_FOLDER_LOCKED, SFS_REGION_MISMATCH, SFS_KEYS_MISSING, and what {@link eraseLearner} throws
 */
export async function moveLearner(options: MoveOptions): Promise<Signed<MoveReceipt>> {
  assertPossible(options);
  const { from, key, identity } = options;
  const digest = key.digestOf(identity);
  const journal = new MoveJournal(erasuresFolder(from), digest);
  return alone(erasuresFolder(from), digest, () => moveInSteps(options, journal));
}

async function moveInSteps(options: MoveOptions, journal: MoveJournal): Promise<Signed<MoveReceipt>> {
  const { from, to } = options;
  const before = journal.read();
  const home = await homeOf(options, before);
  if (before !== null && (await isSwitched(before, home, options))) {
    if (home !== from.region) assertSameMove(before, options, journal);
    const receipt = await eraseLeft(options, journal, before);
    // They are back by way of a third region: what they left here is erased now, and they move as they are.
    return home === from.region ? moveInSteps(options, journal) : receipt;
  }
  if (home !== null && home !== from.region) {
    // Somebody whose move had hardly begun, and who is at home there all the same: nothing of theirs was brought, so nothing is erased.
    if (home !== to.region || before !== null) throw notAtHome(home, from.region);
    // One that has not ended and was begun with another --data has no journal here; until it erases them the old gateway knows them.
    const learner = await knownIn(from.gatewayFolder, options.identity);
    if (learner !== null) await assertBegunHere(options.homes, journal, learner);
    return lastReceipt(journal, options);
  }
  if (before !== null && before.to !== to.region) throw underWay({ path: journal.path, state: before });
  return eraseLeft(options, journal, await bringOver(options, journal));
}

/**
 * The region where somebody is at home. Where the register has lost them after it was about to be written, nothing tells whether it was. On servers it is written again: what came to the old region until then
 * is brought after it. Between folders that is brought before it, so there the move begins again, unless the erasure has begun. Whom the new region has erased is at home nowhere.
 */
function homeOf({ identity, from, to, homes }: MoveOptions, before: MoveState | null): Promise<string | null> {
  return onHomes(homes, async (register) => {
    const home = await register.find(identity);
    if (home !== null || before === null || before.brought === null || before.to !== to.region) return home;
    if ((await erasedSince(to, before.heir!)) !== null) return null;
    if (from.servers === undefined && (await erasedSince(from, before.learner)) === null) return null;
    return (await register.settle([{ identity, learner: before.heir! }], to.region))[0]!;
  });
}

/** Whether the switch is behind a move. Its journal says what was brought just before it; after it they are at home elsewhere, or have been, and an erasure has begun. */
async function isSwitched({ brought, learner, heir, to: region }: MoveState, home: string | null, { from, to }: MoveOptions): Promise<boolean> {
  if (brought === null) return false;
  if ((home !== null && home !== from.region) || (await erasedSince(from, learner)) !== null) return true;
  return home === null && to.region === region && (await erasedSince(to, heir!)) !== null;
}

/** What holds is what was said before the switch. @throws SFS_MOVE_UNDER_WAY, SFS_MOVE_TRANSFER */
function assertSameMove(state: MoveState, { to, transferBasis }: MoveOptions, { path }: MoveJournal): void {
  if (state.to !== to.region) throw underWay({ path, state });
  if (transferBasis === undefined || transferBasis === state.transferBasis) return;
  const message = `the learner has moved to ${state.to} already, on the basis "${state.transferBasis ?? 'none'}": finish the move with the same words`;
  throw new SkillForgeError('SFS_MOVE_TRANSFER', message, { context: { to: state.to, transferBasis: state.transferBasis } });
}

/** What comes after the switch: what came until then, the erasure, the receipt, the end of the journal. */
async function eraseLeft(options: MoveOptions, journal: MoveJournal, switched: MoveState): Promise<Signed<MoveReceipt>> {
  const { from, homes, key, clock = Date.now, reached } = options;
  const state = await withRest(options, journal, switched);
  const erasure = await eraseLearner({
    installation: { ...from, homes },
    learner: state.learner,
    key,
    clock,
    ofMove: { rest: isOnServers(options) ? async () => ({ ...(await bringRest(options, journal, journal.read()!)).brought }) : null },
    ...(reached && { reached: (step, when) => reached(`erase ${step}`, when) }),
  });
  reached?.('receipt', 'begun');
  // The erasure may have brought more.
  const receipt = key.sign(receiptOf(journal.read() ?? state, erasure, clock()));
  writeDurably(journal.receiptPath(state.startedAtMs), `${JSON.stringify(receipt, null, 2)}\n`);
  reached?.('receipt', 'worked');
  // Before the journal goes: with it whoever calls again knows that this is left.
  await dropFromRegister(homes, state);
  journal.drop();
  reached?.('receipt', 'done');
  return receipt;
}

const isOnServers = (options: MoveOptions): options is MoveOptions & ServerMove =>
  options.from.servers !== undefined && typeof options.homes === 'object';

/** On servers events go to the new region at once, and so does what came to the old one just before. Once it takes nothing under the old pseudonym the erasure brings what was not there yet. */
async function withRest(options: MoveOptions, journal: MoveJournal, state: MoveState): Promise<MoveState> {
  if (!isOnServers(options) || (await erasedSince(options.from, state.learner)) !== null) return state;
  options.reached?.('rest', 'begun');
  const whole = await bringRest(options, journal, state);
  options.reached?.('rest', 'worked');
  return whole;
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
  assertOneKind({ from: from.servers !== undefined, to: to.servers !== undefined, homes: typeof homes === 'object' });
  if (from.servers === undefined) [from, to].forEach(assertFolder);
  assertPlaces(from);
  for (const [one, other] of [
    [from.data, to.data],
    [from.gatewayFolder, to.gatewayFolder],
  ] as const)
    if (realPath(one) === realPath(other)) throw regionMismatch(`the folder ${one}`, from.region, to.region);
  if (!holdsHomes(homes))
    throw new SkillForgeError(
      'SFS_FOLDER_MISSING',
      `${homesName(homes)} holds no register of homes, or has no key here: gateways make both, with --homes`,
      {
        context: { folder: homesName(homes) },
      },
    );
  if (from.servers === undefined && holdsRing(from.data) && !holdsRing(to.data)) {
    const message = `${from.data} has keys of learners and ${to.data} has none: what is sealed there would lie here in clear`;
    throw new SkillForgeError('SFS_KEYS_MISSING', message, { context: { folder: to.data } });
  }
  assertTransfer(from.region, to.region, transferBasis);
}

/** Which parts of a move are on servers. */
export interface OnServers {
  readonly from: boolean;
  readonly to: boolean;
  readonly homes: boolean;
}

/** Where gateways go on, a file of one machine cannot tell what they have under way. @throws SFS_MOVE_SERVERS where some parts are on servers and others are not */
export function assertOneKind(parts: OnServers): void {
  if (new Set(Object.values(parts)).size === 1) return;
  const message =
    'between servers both regions have a Kafka and a Redis, and the register of homes is in a Redis, too; between folders all of it is in folders';
  throw new SkillForgeError('SFS_MOVE_SERVERS', message, { context: { ...parts } });
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
