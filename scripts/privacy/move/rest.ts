/** What came to the old region on servers after it had been read and before the switch was seen: it is brought, too, each event once. See ADR 0037. */
import { setTimeout as sleep } from 'node:timers/promises';
import { receivedKey, type ReceivedEvents } from '../../../gateway/index.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { onSharedHomes } from '../../gateway/homesPlace.js';
import type { SharedHomeRegister, SharedHomesPlace } from '../../gateway/sharedHomes.js';
import { passageOf, type BringOptions } from './bringing.js';
import { TAKEN_BY_GATEWAYS, carryRecords, eventsOf, type Passage } from './carry.js';
import type { MoveJournal, MoveState } from './moveJournal.js';
import { onGateway, onLogs, type RegionLog } from './regionLogs.js';

/** Between two looks at what gateways have under way, ms. */
const LOOK_MS = 50;
/** A gateway that is gone is known to be before that. */
const PATIENCE_MS = 120_000;

/** A move between servers. */
export interface ServerMove extends BringOptions {
  readonly homes: SharedHomesPlace;
}

interface Ending {
  readonly register: Pick<SharedHomeRegister, 'underWay' | 'endOf'>;
  readonly identity: string;
}

/**
 * After the switch: waits until no batch that began before it has anything of the learner, and brings what is in the old log by now. The new gateway may have taken some of it, which was sent again
 * before its first answer came: that is there already. May be called again. @returns the move with what was brought, as the journal has it
 * @throws SFS_MOVE_WAITS, SFS_HOMES_UNAVAILABLE, SFS_GATEWAY_STORE, and what reading and appending throw
 */
export async function bringRest(move: ServerMove, journal: MoveJournal, state: MoveState): Promise<MoveState> {
  const { from, to, homes, identity, clock = Date.now } = move;
  return onLogs(from, to, (source, target) =>
    onGateway(to, (_, received) =>
      onSharedHomes(homes, async (register) => {
        await ended({ register, identity }, source, from.region);
        const passage = passageOf({ from, to, source, target }, { ...state, heir: state.heir! });
        const door = { register, identity, received, target, region: to.region, arrivals: new Arrivals(passage.to), nowMs: clock() };
        let repeats = 0;
        const taken = async (eventIds: readonly string[]): Promise<ReadonlySet<string>> => {
          const there = await takenThere(door, eventIds);
          repeats += eventIds.length - there.size;
          return there;
        };
        const { carried, left } = await carryRecords({ ...passage, taken });
        const whole = { ...state, brought: { ...state.brought!, carried, left, repeats: state.brought!.repeats + repeats } };
        journal.keep(whole);
        return whole;
      }),
    ),
  );
}

/** The new gateway, which takes events of the learner meanwhile. */
export interface Door extends Ending {
  readonly received: ReceivedEvents;
  readonly target: Pick<RegionLog, 'shutOut'>;
  readonly region: string;
  readonly arrivals: Arrivals;
  readonly nowMs: number;
}

/** The learner's events in the new log, as far as it was read: a log only grows, so each look goes on where the one before it ended. */
export class Arrivals {
  private readonly ids = new Set<string>();
  private readonly next = new Map<string, number>();
  private first: Promise<void> | null = null;

  constructor(private readonly place: Passage['to']) {}

  /** Those that were there at the first look, or have been found or brought since. */
  async known(): Promise<ReadonlySet<string>> {
    await (this.first ??= this.read());
    return this.ids;
  }

  /** Those that are there now. */
  async now(): Promise<ReadonlySet<string>> {
    await this.read();
    return this.ids;
  }

  /** That are about to be brought: the rest may have them twice, many days apart. */
  add(eventIds: readonly string[]): void {
    for (const id of eventIds) this.ids.add(id);
  }

  private async read(): Promise<void> {
    for (const topic of TAKEN_BY_GATEWAYS) {
      const passed = (offset: number): void => void this.next.set(topic.name, offset + 1);
      for await (const { eventId } of eventsOf(this.place, topic, { start: this.next.get(topic.name) ?? 0, passed })) this.ids.add(eventId);
    }
  }
}

/**
 * Has the new gateway take events for repeats that it has not taken by now, and tells those that it has. What it has noted may still fail to get into the log: so its batch is waited for, and the log
 * looked at. An identity that it knows of somebody else, or from before the learner went away, is no event of theirs in the log, and the batch is the same one the next time.
 * The log is looked at before, too: where the move is finished days after the switch, the gateway has forgotten by now what it took first. Once is enough: what it takes from then on it has noted.
 * @throws SFS_MOVE_WAITS, SFS_HOMES_UNAVAILABLE, SFS_GATEWAY_STORE, and what reading throws
 */
export async function takenThere(door: Door, eventIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { received, target, region, arrivals, nowMs } = door;
  const before = await arrivals.known();
  const there = new Set(eventIds.filter((id) => before.has(id)));
  const known = new Map<string, string>();
  for (let open = eventIds.filter((id) => !there.has(id)); ;) {
    const keys = open.map(receivedKey);
    const batches = await received.claim(keys, nowMs, known);
    open = open.filter((_, at) => batches[at] !== null);
    if (open.length === 0) break;
    await ended(door, target, region);
    const found = await arrivals.now();
    for (const id of open) if (found.has(id)) there.add(id);
    for (const [at, batch] of batches.entries()) if (batch !== null) known.set(keys[at]!.toString('latin1'), batch);
    open = open.filter((id) => !there.has(id));
  }
  arrivals.add(eventIds.filter((id) => !there.has(id)));
  return there;
}

/**
 * Resolves when all batches of a region have ended that have something of the learner now. A gateway that is gone is shut out of the log: so it is known what of its batch is there, and a process that was only
 * held up writes nothing more. @throws SFS_MOVE_WAITS
 */
async function ended({ register, identity }: Ending, log: Door['target'], region: string): Promise<void> {
  const waited = new Set((await register.underWay(identity, region)).map(({ batch }) => batch));
  for (const untilMs = performance.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
    const left = (await register.underWay(identity, region)).filter(({ batch }) => waited.has(batch));
    for (const batch of left.filter(({ isOverdue }) => isOverdue)) {
      await log.shutOut(batch.gateway);
      await register.endOf(batch);
    }
    const behind = left.filter(({ isOverdue }) => !isOverdue).length;
    if (behind === 0) return;
    if (performance.now() < untilMs) continue;
    const message = `${behind} gateways of ${region} have something of the learner under way still: call this again when their log answers`;
    throw new SkillForgeError('SFS_MOVE_WAITS', message, { retriable: true, context: { behind, region } });
  }
}
