/** A new key-encryption key and a new branch key for a ring, while others seal and open with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dailyOwner } from '../../schemas/index.js';
import { FolderRing, LOOK_MS, changeRing, ringOf } from './folderRing.js';
import { newBranch, openedBranches, type RingDocument } from './ringDocument.js';
import { serviceOf } from './services.js';

/** Keys that are wrapped anew under one lock. */
const PIECE = 500;
const DAY_MS = 86_400_000;
/** Days after which the key of a day goes: dead letters are kept for 30. */
const DAILY_KEY_DAYS = 32;
/** Further back nobody looks. */
const MOST_DAYS = 400;

/** What a rotation did. */
export interface Rotation {
  readonly branch: number;
  /** Data keys that were wrapped anew. */
  readonly rewrapped: number;
  /** Branch keys that nothing is wrapped under any more, and that went. */
  readonly dropped: readonly number[];
  /** Keys of days that went, with what was sealed under them. */
  readonly dailyKeysDeleted: number;
}

/** How a rotation is done; tests end it at a step. */
export interface RotationOptions {
  readonly nowMs?: number;
  /** ms for other processes to see a new branch key before anything is wrapped under it: they look each second. */
  readonly settleMs?: number;
  readonly reached?: (step: 'rotated' | 'published' | 'current' | 'rewrapped' | 'dropped') => void;
}

/**
 * Rotates the ring of a folder. First the key service makes a new version, and a new branch key is wrapped with it and published; when every process knows it, it becomes the
 * one that keys are wrapped under; then all data keys are, piece by piece; then the older branch keys go. Data keys stay, so nothing that is sealed is touched. Called again after
 * it was cut off it goes on where it was.
 * @throws SFS_KEYS_UNAVAILABLE, SFS_KEY_SERVICE_REFUSED, SFS_KEYS_BUSY, SFS_KEYS_UNWRITABLE
 */
export async function rotateRing(
  folder: string,
  { nowMs = Date.now(), settleMs = 3 * LOOK_MS, reached = () => undefined }: RotationOptions = {},
): Promise<Rotation> {
  if (!isUnderWay(ringOf(folder))) {
    const ring = ringOf(folder);
    const service = serviceOf(ring.service);
    await service.rotate();
    reached('rotated');
    const branch = await newBranch(service, Math.max(...ring.branches.map(({ version }) => version)) + 1, nowMs);
    changeRing(folder, ring, { ...ring, branches: [...ring.branches, branch] });
    reached('published');
  }
  const published = ringOf(folder);
  const newest = Math.max(...published.branches.map(({ version }) => version));
  if (published.current !== newest) {
    await sleep(settleMs);
    // As long as it cannot be unwrapped, others cannot either: they go on under the older one.
    await openedBranches(published, new Map());
    changeRing(folder, published, { ...published, current: newest });
    reached('current');
  }
  return finish(folder, nowMs, reached);
}

/** A rotation that was begun and has not come to its end. */
export const isUnderWay = ({ branches }: Pick<RingDocument, 'branches'>): boolean => branches.length > 1;

async function finish(folder: string, nowMs: number, reached: NonNullable<RotationOptions['reached']>): Promise<Rotation> {
  const ring = await FolderRing.open(folder);
  try {
    let rewrapped = 0;
    for (let count = ring.rewrap(PIECE); count > 0; count = ring.rewrap(PIECE)) {
      rewrapped += count;
      await sleep(0);
    }
    reached('rewrapped');
    const dropped = ring.dropBranches();
    reached('dropped');
    return { branch: ringOf(folder).current, rewrapped, dropped, dailyKeysDeleted: deleteDailyKeys(ring, nowMs) };
  } finally {
    ring.close();
  }
}

/** The owners of keys of days that are over: dead letters of nobody that is known are under them, and went before. */
export function* daysThatWent(nowMs: number): Generator<string> {
  for (let age = DAILY_KEY_DAYS; age < MOST_DAYS; age++) yield dailyOwner(nowMs - age * DAY_MS);
}

function deleteDailyKeys(ring: FolderRing, nowMs: number): number {
  let deleted = 0;
  for (const owner of daysThatWent(nowMs)) if (ring.known(owner) !== null && ring.delete(owner)) deleted++;
  return deleted;
}
