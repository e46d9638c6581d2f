/** The ring of a region on servers: made, counted, rotated while workers seal and open with it. */
import { SkillForgeError } from '../../schemas/index.js';
import type { RedisDocuments, RedisKeyStore } from '../redis/index.js';
import { ownerDigest, rewrapped, type BranchKey } from './dataKeys.js';
import { RING_DOCUMENT } from './redisRing.js';
import { newBranch, newRing, openedBranches, parsedRing, rotatedElsewhere, type RingDocument } from './ringDocument.js';
import { daysThatWent, type Rotation } from './rotation.js';
import { makeService, serviceOf, type KeyServicePlace } from './services.js';

/** Where the keys of a region are. */
export interface RegionKeysPlace {
  readonly keys: RedisKeyStore;
  readonly documents: RedisDocuments;
}

/** Keys of a region by the branch keys that wrap them. */
export interface RegionCounts {
  readonly ring: RingDocument;
  readonly keys: number;
  readonly deleted: number;
  readonly byBranch: ReadonlyMap<number, number>;
}

/** Keys that are looked at together. */
const PIECE = 500;

/** @throws SFS_KEYS_EXIST where there is a ring, and what the service throws */
export async function makeRegionRing({ documents }: RegionKeysPlace, place: KeyServicePlace, nowMs: number): Promise<RingDocument> {
  const existing = new SkillForgeError('SFS_KEYS_EXIST', 'the region has keys already: what they seal needs them');
  if ((await documents.get(RING_DOCUMENT)) !== null) throw existing;
  makeService(place);
  const ring = await newRing(place, nowMs);
  if (!(await documents.replace(RING_DOCUMENT, null, bytesOf(ring)))) throw existing;
  return ring;
}

const bytesOf = (ring: RingDocument): Buffer => Buffer.from(JSON.stringify(ring));

/** @throws SFS_KEYS_MISSING, SFS_KEYS_CORRUPT */
export async function regionRing({ documents }: RegionKeysPlace): Promise<RingDocument> {
  const document = await documents.get(RING_DOCUMENT);
  if (document === null) throw new SkillForgeError('SFS_KEYS_MISSING', 'the region has no keys: "skillforge privacy keys init" makes them');
  return parsedRing(document.toString(), `the document ${RING_DOCUMENT}`);
}

/** Goes through all keys. */
export async function countRegionKeys(place: RegionKeysPlace): Promise<RegionCounts> {
  const byBranch = new Map<number, number>();
  let deleted = 0;
  for await (const slot of slotsOf(place)) {
    if (slot.kind === 'deleted') deleted++;
    else byBranch.set(slot.key.branch, (byBranch.get(slot.key.branch) ?? 0) + 1);
  }
  return { ring: await regionRing(place), keys: [...byBranch.values()].reduce((sum, count) => sum + count, 0), deleted, byBranch };
}

/**
 * Rotates the ring of a region; see `rotateRing`. Whoever makes a key looks afterwards which branch key is the current one, so that none is left behind.
 * @throws SFS_KEYS_MISSING, SFS_KEYS_UNAVAILABLE, SFS_KEY_SERVICE_REFUSED, and what Redis throws
 */
export async function rotateRegion(place: RegionKeysPlace, nowMs = Date.now()): Promise<Rotation> {
  let ring = await regionRing(place);
  const keep = async (after: RingDocument): Promise<void> => {
    if (!(await place.documents.replace(RING_DOCUMENT, bytesOf(ring), bytesOf(after)))) throw rotatedElsewhere('the region');
    ring = after;
  };
  if (ring.branches.length === 1) {
    const service = serviceOf(ring.service);
    await service.rotate();
    const branch = await newBranch(service, ring.current + 1, nowMs);
    // Who meets a key of a branch that is new to them asks for it: it may become the current one at once.
    await keep({ ...ring, branches: [...ring.branches, branch], current: branch.version });
  }
  const branches = await openedBranches(ring, new Map());
  const to = branches.get(ring.current)!;
  let count = await rewrapAll(place, branches, to);
  const dropped = ring.branches.map(({ version }) => version).filter((version) => version !== to.version);
  await keep({ ...ring, branches: ring.branches.filter(({ version }) => version === to.version) });
  // Who makes a key looks afterwards what the ring is by now: those that were made and not looked after yet are wrapped anew here.
  count += await rewrapAll(place, branches, to);
  await deleteOrphans(place, to, nowMs);
  let dailyKeysDeleted = 0;
  for (const owner of daysThatWent(nowMs)) if ((await place.keys.delete(ownerDigest(ring.id, owner), nowMs)) !== null) dailyKeysDeleted++;
  return { branch: to.version, rewrapped: count, dropped, dailyKeysDeleted };
}

async function rewrapAll(place: RegionKeysPlace, branches: ReadonlyMap<number, BranchKey>, to: BranchKey): Promise<number> {
  let count = 0;
  for await (const slot of slotsOf(place)) {
    const from = slot.kind === 'key' ? branches.get(slot.key.branch) : undefined;
    // One that was deleted, or that its maker has wrapped anew, is passed over.
    if (slot.kind !== 'key' || from === undefined || from.version === to.version) continue;
    if (await place.keys.replace(slot.key, rewrapped(slot.key, from, to))) count++;
  }
  return count;
}

/** Whoever made one ended before it was wrapped anew: nothing is sealed under it, and its owner is to get another one. */
async function deleteOrphans(place: RegionKeysPlace, { version }: BranchKey, nowMs: number): Promise<void> {
  for await (const slot of slotsOf(place)) {
    // One of a newer branch is of a rotation that has begun since.
    if (slot.kind !== 'key' || slot.key.branch >= version) continue;
    const [current] = await place.keys.idsOf([slot.key.owner]);
    // Its owner may have got another one.
    await (current === slot.key.id ? place.keys.delete(slot.key.owner, nowMs) : place.keys.drop(slot.key.id));
  }
}

async function* slotsOf({ keys }: RegionKeysPlace): AsyncGenerator<NonNullable<Awaited<ReturnType<RedisKeyStore['byIds']>>[number]>> {
  const ids = await keys.ids();
  for (let at = 0; at < ids.length; at += PIECE) for (const slot of await keys.byIds(ids.slice(at, at + PIECE))) if (slot !== null) yield slot;
}
