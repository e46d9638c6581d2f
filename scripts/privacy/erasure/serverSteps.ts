/** The steps of an erasure on Kafka and Redis, while workers run. Each may be called again after it was cut off. */
import { setTimeout as sleep } from 'node:timers/promises';
import { noteErased } from '../../decisions/erasedDecisions.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { REFUSED_ID } from '../../../runtime/redis/keyStore.js';
import type { RedisRefusals, RedisState } from '../../../runtime/redis/index.js';
import { SkillForgeError, errorCodeOf } from '../../../schemas/index.js';
import type { Did } from './journal.js';
import { ServerContents } from './serverContents.js';
import type { RegionServers } from './servers.js';
import { featureStep, filesStep, identityStep, outboxStep, viewStep, type Step, type StepRoom } from './steps.js';

type ServerRoom = StepRoom & { readonly servers: RegionServers };

const onServers =
  (work: (room: ServerRoom) => Promise<Did>): Step['work'] =>
  (room) =>
    work({ ...room, servers: room.installation.servers! });

/**
 * In their order: first nothing of the learner is written any more, by anybody; then who it was is forgotten, and the chain notes what goes; then nobody can read what lies anywhere; then what can be taken
 * out goes, the state before what is made of it. Files of Redis are written anew when all is out of it.
 */
export const SERVER_STEPS: readonly Step[] = [
  { name: 'refuse', holdsUp: true, work: onServers(refuseStep) },
  { name: 'identity-map', work: identityStep },
  { name: 'decision-seals', work: onServers(sealsStep) },
  { name: 'data-key', holdsUp: true, work: onServers(keyStep) },
  { name: 'redis-state', work: onServers(stateStep) },
  { name: 'tombstones', work: onServers(tombstonesStep) },
  { name: 'files', work: filesStep },
  { name: 'feature-store', work: featureStep },
  { name: 'reader-outbox', work: outboxStep },
  { name: 'reader-view', work: viewStep },
  { name: 'redis-files', work: onServers(redisFilesStep) },
];

/** Those that work on what options name: with other options there is more to do. */
export const SERVER_PLACED: readonly string[] = [
  'identity-map',
  'decision-seals',
  'files',
  'feature-store',
  'reader-outbox',
  'reader-view',
  'redis-files',
];

/** Between two looks at who goes by the list, ms. */
const LOOK_MS = 200;
/** A writer that is gone is forgotten before that. */
const PATIENCE_MS = 120_000;
/** How often tombstones are written where another erasure comes between, and the least pause before the next time, ms. */
const TRIES = 10;
const PAUSE_MS = 500;

/** From the time on when all writers have seen it nothing of the learner gets into topics and state. */
async function refuseStep({ servers: { ring, state }, mention: { learner }, nowMs }: ServerRoom): Promise<Did> {
  const digest = ring.digestOf(learner);
  const keyId = await keyIdOf(state, digest);
  const before = await state.refusals.get(digest);
  // A step that is done again finds the key gone, and those who write have to hear of it all the same.
  await state.refusals.add(digest, { sinceMs: nowMs, keyId: keyId ?? before?.keyId ?? null });
  return { refusedFromMs: before?.sinceMs ?? nowMs, writers: await seenByAll(state.refusals) };
}

/** Waits until everybody who writes goes by the list as it is now. @returns how many there are @throws SFS_ERASURE_WAITS */
export async function seenByAll(refusals: RedisRefusals): Promise<number> {
  for (const untilMs = performance.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
    const [version, writers] = [await refusals.version(), await refusals.writers()];
    const behind = [...writers.values()].filter((seen) => seen !== version).length;
    if (behind === 0) return writers.size;
    if (performance.now() < untilMs) continue;
    const message = `${behind} of ${writers.size} processes that write do not go by the list of erased learners yet: call this again when they do`;
    throw new SkillForgeError('SFS_ERASURE_WAITS', message, { retriable: true, context: { behind } });
  }
}

async function sealsStep({ servers: { tools }, installation: { chain }, mention: { learner }, nowMs }: ServerRoom): Promise<Did> {
  return { sealedDecisions: await noteErased(tools, chain, learner, nowMs) };
}

/** Whatever lies in segments, files and backups is of no use to anybody any more; and no key is made anew, also by who has not seen the list. */
async function keyStep({ servers: { ring, state }, mention: { learner }, isAgain }: ServerRoom): Promise<Did> {
  const digest = ring.digestOf(learner);
  const id = await keyIdOf(state, digest);
  const deleted = await ring.refuse(learner);
  const listed = await state.refusals.get(digest);
  if (listed !== null && id !== null && deleted && listed.keyId !== id) {
    // One that was made since: who has it in memory has to forget it.
    await state.refusals.add(digest, { ...listed, keyId: id });
    await seenByAll(state.refusals);
  }
  // The list keeps the id of a key that went in an earlier call, or before this step was cut off.
  const hadKey = deleted || (listed?.keyId ?? null) !== null;
  return { sealed: true, deleted: deleted || (isAgain && hadKey), hadKey };
}

/** The id of the key of an owner; `null` for none, and for an owner who gets none. */
async function keyIdOf({ dataKeys }: RedisState, digest: string): Promise<string | null> {
  const [id = null] = await dataKeys.idsOf([digest]);
  return id === REFUSED_ID ? null : id;
}

async function stateStep({ servers, mention }: ServerRoom): Promise<Did> {
  const contents = new ServerContents(servers, mention);
  const did = { tasks: 0, rows: 0, timers: 0, staged: 0 };
  for (const task of await servers.state.tasks()) {
    const { rows, timers, staged } = await servers.state.sweep(task, contents.sweep(task));
    did.tasks++;
    did.rows += rows;
    did.timers += timers;
    did.staged += staged;
  }
  return did;
}

/** Readers that follow compacted topics drop their copies at once; the broker removes what lies before a tombstone. */
async function tombstonesStep(room: ServerRoom): Promise<Did> {
  for (let left = TRIES; ; left--) {
    try {
      return await writeTombstones(room);
    } catch (error) {
      // Another erasure of the region, which writes under the same name: it has shut this one out, and what was not committed is looked for again.
      if (errorCodeOf(error) !== 'SFS_FENCED' || left === 1) throw error;
      await sleep(PAUSE_MS * (1 + Math.random()));
    }
  }
}

async function writeTombstones({ servers, installation: { region }, mention }: ServerRoom): Promise<Did> {
  const contents = new ServerContents(servers, mention);
  const tombstones: OutputRecord[] = [];
  for (const { name } of await contents.compacted()) tombstones.push(...(await contents.standing(name)).tombstones());
  if (tombstones.length > 0) {
    const written = [...new Set(tombstones.map(({ topic }) => topic))];
    const writer = await servers.tools.writer(`erasure/${region}`, written);
    try {
      await writer.commit(tombstones, Buffer.from('{}'));
    } finally {
      await writer.close();
    }
  }
  return { tombstones: countsOf(tombstones) };
}

function countsOf(records: readonly OutputRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { topic } of records) counts[topic] = (counts[topic] ?? 0) + 1;
  return counts;
}

/** What Redis has written of rows, and of the wrapped key, before they went. */
async function redisFilesStep({ servers: { state } }: ServerRoom): Promise<Did> {
  return { rewritten: await state.rewriteFiles() };
}
