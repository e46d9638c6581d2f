/** The first part of a move: what is the learner's is brought to the new region, and one write says that they are at home there. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  IDENTITY_FILE,
  KEPT_MS,
  openIdentityMap,
  receivedKey,
  type HomeRegister,
  type IdentityMap,
  type ReceivedEvents,
} from '../../../gateway/index.js';
import { SkillForgeError, errorCodeOf, type LearnerId } from '../../../schemas/index.js';
import { onHomes, type HomesPlace } from '../../gateway/homesPlace.js';
import type { Installation } from '../erasure/places.js';
import { erasuresFolder } from '../erasure/saga.js';
import { TAKEN_BY_GATEWAYS, carryRecords, eventsOf, type Passage } from './carry.js';
import { movesIn, underWay, type MoveJournal, type MoveState } from './moveJournal.js';
import { assertBegunHere, keepInRegister, type ClaimedState } from './movesInRegister.js';
import { assertGateways, onGateway, onLogs, type RegionLog, type Side } from './regionLogs.js';

/** Where a learner moves to. */
export type Destination = Side;

/** How to move. */
export interface BringOptions {
  /** As the gateways of both regions call the learner. */
  readonly identity: string;
  readonly from: Installation;
  readonly to: Destination;
  /** The register that both gateways ask; between servers one on a server. */
  readonly homes: HomesPlace;
  readonly transferBasis?: string;
  readonly clock?: () => number;
  /** Told before and after each step; tests end the work there. */
  readonly reached?: (step: string, when: 'begun' | 'worked' | 'done') => void;
}

interface Room extends BringOptions {
  readonly source: RegionLog;
  readonly target: RegionLog;
  readonly newMap: IdentityMap;
  readonly received: ReceivedEvents;
  readonly register: HomeRegister;
  readonly journal: MoveJournal;
  readonly nowMs: number;
}

/** The steps, in their order. */
export const BRINGING_STEPS = ['home', 'pseudonym', 'carry', 'repeats', 'switch'] as const;

/**
 * Brings a learner over. Folders are this process's own until the switch is written: so nobody takes an event between the last look into the old log and the switch. On servers gateways go on, and what came
 * in between is brought after it. Called again it brings what is not there yet.
 * @throws SFS_MOVE_HOME, SFS_MOVE_UNDER_WAY, SFS_FOLDER_MISSING, SFS_FOLDER_LOCKED, SFS_REGION_MISMATCH, SFS_HOMES_UNAVAILABLE, and what reading and appending throw
 */
export async function bringOver(options: BringOptions, journal: MoveJournal): Promise<MoveState> {
  const { from, to, homes, clock = Date.now } = options;
  const learner = await pseudonymIn(from, options.identity);
  return onLogs(from, to, async (source, target) => {
    await assertGateways(from, to);
    return onGateway(to, (newMap, received) =>
      onHomes(homes, (register) => bring({ ...options, source, target, newMap, received, register, journal, nowMs: clock() }, learner)),
    );
  });
}

async function pseudonymIn({ gatewayFolder, region }: Installation, identity: string): Promise<LearnerId> {
  if (!existsSync(join(gatewayFolder, IDENTITY_FILE)))
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${gatewayFolder} holds no identity map`, { context: { folder: gatewayFolder } });
  const learner = await knownIn(gatewayFolder, identity);
  if (learner !== null) return learner;
  throw new SkillForgeError('SFS_MOVE_HOME', `the gateway of ${region} knows nobody by this identity: there is nobody to move`, {
    context: { region },
  });
}

/** As whom a gateway knows somebody; `null` where it knows nobody, or has no map. */
export async function knownIn(gatewayFolder: string, identity: string): Promise<LearnerId | null> {
  if (!existsSync(join(gatewayFolder, IDENTITY_FILE))) return null;
  const map = openIdentityMap(gatewayFolder);
  try {
    return map.find(identity);
  } finally {
    await map.close();
  }
}

async function bring(room: Room, learner: LearnerId): Promise<MoveState> {
  const { journal, homes } = room;
  assertNothingLeft(room, learner);
  await assertBegunHere(homes, journal, learner);
  const before = journal.read();
  let state: ClaimedState = begun(room, learner);
  const step = async <T>(name: (typeof BRINGING_STEPS)[number], work: () => Promise<T>): Promise<T> => {
    room.reached?.(name, 'begun');
    const result = await work();
    room.reached?.(name, 'worked');
    return result;
  };
  await step('home', () => settleAtHome(room, learner));
  // Not before: until the register says it, an event may make the new region home, of which a journal would look as if the switch were behind it.
  journal.keep(state);
  // Nothing has been brought yet: who erases the learner before this is told leaves nothing behind.
  await registered(room, state, before);
  const heir = await step('pseudonym', () => heirOf(room));
  // Records that were brought under another pseudonym are nobody's: these are brought from the beginning.
  state = { ...state, heir, ...(state.heir === null || state.heir === heir ? {} : { id: randomUUID() }) };
  journal.keep(state);
  const passage = passageOf(room, { ...state, heir });
  const { carried, left } = await step('carry', () => carryRecords(passage));
  const repeats = await step('repeats', () => noteRepeats(room, passage));
  state = { ...state, brought: { carried, left, repeats, switchedAtMs: room.nowMs } };
  await step('switch', () => switchHome(room, state, heir));
  return state;
}

/** A move that another one, or an erasure, came before has brought nothing: its journal, which knows the pseudonym, goes where it is new. @throws SFS_MOVE_UNDER_WAY, SFS_HOMES_UNAVAILABLE */
async function registered({ homes, journal }: Room, state: ClaimedState, before: MoveState | null): Promise<void> {
  try {
    await keepInRegister(homes, state, before);
  } catch (error) {
    if (before === null && errorCodeOf(error) === 'SFS_MOVE_UNDER_WAY') journal.drop();
    throw error;
  }
}

/**
 * What a move from the new region has left in it would be there twice, or under a pseudonym that the journal there alone knows.
 * @throws SFS_MOVE_UNDER_WAY, SFS_MOVE_JOURNAL
 */
function assertNothingLeft({ to, newMap, identity }: Room, learner: LearnerId): void {
  const given = newMap.find(identity);
  const left = movesIn(erasuresFolder(to)).find(({ state }) => state.brought !== null && (state.learner === given || state.heir === learner));
  if (left !== undefined) throw underWay(left);
}

/** The move that is under way, or a new one. What was brought is brought to its end. @throws SFS_MOVE_UNDER_WAY where the journal is to tell of an earlier pseudonym */
function begun({ journal, from, to, transferBasis, nowMs }: Room, learner: LearnerId): ClaimedState {
  const before = journal.read();
  const claim = before?.claim ?? randomUUID();
  if (before?.learner === learner) return { ...before, claim, transferBasis: transferBasis ?? before.transferBasis, brought: null };
  if (before !== null && before.brought !== null) throw underWay({ path: journal.path, state: before });
  const fresh = { id: randomUUID(), claim, from: from.region, to: to.region, learner, heir: null, transferBasis: transferBasis ?? null };
  return { format: 1, ...fresh, startedAtMs: nowMs, brought: null };
}

/** From now on both gateways say that the learner is at home in the old region, whatever they said before. @throws SFS_MOVE_HOME */
async function settleAtHome({ register, identity, from }: Room, learner: LearnerId): Promise<void> {
  const [home] = await register.settle([{ identity, learner }], from.region);
  if (home !== from.region) throw notAtHome(home!, from.region);
}

/** Somebody who is at home elsewhere. */
export function notAtHome(home: string, region: string): SkillForgeError {
  return new SkillForgeError('SFS_MOVE_HOME', `the learner is at home in ${home}, and not in ${region}`, { context: { home, region } });
}

/** A pseudonym that the new folder has erased takes no records. */
async function heirOf({ newMap, identity, target }: Room): Promise<LearnerId> {
  const [given] = await newMap.pseudonymsOf([identity]);
  return (await target.erasedSince(given!)) === null ? given! : newMap.renew(identity);
}

/** What is brought, from where to where. */
export function passageOf(
  { source, target, from, to }: Pick<Room, 'source' | 'target' | 'from' | 'to'>,
  { id, learner, heir }: MoveState & { readonly heir: LearnerId },
): Passage {
  return {
    writer: `move/${id}`,
    from: { tools: source.tools, region: from.region, learner },
    to: { tools: target.tools, region: to.region, learner: heir },
  };
}

/** An event whose answer was lost is sent again, to the new region now: it is there already. */
async function noteRepeats({ received, nowMs }: Room, passage: Passage): Promise<number> {
  const keys: Buffer[] = [];
  for (const topic of TAKEN_BY_GATEWAYS)
    for await (const { appendTimeMs, eventId } of eventsOf(passage.from, topic)) if (appendTimeMs >= nowMs - KEPT_MS) keys.push(receivedKey(eventId));
  await received.noteCarried(keys, nowMs);
  return keys.length;
}

/** All that comes before it is on the disk when it is written. @throws SFS_MOVE_HOME */
async function switchHome({ target, journal, register, identity, from, to }: Room, state: MoveState, heir: LearnerId): Promise<void> {
  await target.flushed();
  journal.keep(state);
  const isMoved = await register.move({ identity, learner: heir }, { from: from.region, to: to.region });
  if (!isMoved) throw notAtHome((await register.find(identity)) ?? 'no region', from.region);
}
