/** Where the keys of learners are: in a folder, or in the Redis of a region. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { FolderRing, KEYS_FOLDER, holdsRing, makeRing, ringOf } from '../../runtime/keys/folderRing.js';
import { RedisRing } from '../../runtime/keys/redisRing.js';
import { countRegionKeys, makeRegionRing, regionRing, rotateRegion } from '../../runtime/keys/regionKeys.js';
import type { RingDocument } from '../../runtime/keys/ringDocument.js';
import { rotateRing } from '../../runtime/keys/rotation.js';
import type { KeyServicePlace } from '../../runtime/keys/services.js';
import type { RedisOptions } from '../../runtime/redis/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { holdsStorage } from '../commands/folder.js';

/** A ring with its counts. */
export interface KeysStatus {
  readonly ring: RingDocument;
  readonly keys: number;
  readonly deleted: number;
  /** Keys by the version of the branch key that wraps them. */
  readonly byBranch: ReadonlyMap<number, number>;
}

/** What a rotation did; see `rotateRing`. */
export interface RotatedKeys {
  readonly branch: number;
  readonly rewrapped: number;
  readonly dropped: readonly number[];
  readonly dailyKeysDeleted?: number;
}

/** Keys that commands work on. */
export interface KeysPlace {
  readonly name: string;
  /** Makes the ring, and seals what can be sealed of what is there. @throws SFS_KEYS_EXIST, and what the service throws */
  make(service: KeyServicePlace, nowMs: number): Promise<{ readonly records: number; readonly rows: number }>;
  /** @throws SFS_KEYS_MISSING, and what the service throws */
  rotate(): Promise<RotatedKeys>;
  /** @throws SFS_KEYS_MISSING, and what the service throws */
  status(): Promise<KeysStatus>;
  /** Whether the learner had one. @throws SFS_KEYS_MISSING */
  delete(learner: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Those of a folder. */
export function folderKeys(data: string): KeysPlace {
  const onRing = async <T>(work: (ring: FolderRing) => T, readOnly = false): Promise<T> => {
    assertRing(data);
    const ring = await FolderRing.open(data, { readOnly });
    try {
      return work(ring);
    } finally {
      ring.close();
    }
  };
  return {
    name: data,
    make: (service, nowMs) => madeIn(data, service, nowMs),
    rotate: async () => {
      assertRing(data);
      return rotateRing(data);
    },
    status: () => onRing((ring) => ({ ring: ringOf(data), ...ring.counts() }), true),
    delete: (learner) => onRing((ring) => ring.delete(learner)),
    close: () => Promise.resolve(),
  };
}

/** Those of a region. @throws SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED */
export async function redisKeys(options: RedisOptions): Promise<KeysPlace> {
  const { openRedis } = await import('../../runtime/redis/index.js');
  const state = await openRedis(options);
  const place = { keys: state.dataKeys, documents: state.documents };
  return {
    name: `region ${options.region}`,
    make: async (service, nowMs) => {
      await makeRegionRing(place, service, nowMs);
      return { records: 0, rows: 0 };
    },
    rotate: () => rotateRegion(place),
    status: () => countRegionKeys(place),
    delete: async (learner) => {
      await regionRing(place);
      return (await RedisRing.open(place))!.delete(learner);
    },
    close: () => state.close(),
  };
}

/** Beside the ring while what was there before it is not sealed yet: a command that was cut off goes on where it was. */
const unsealed = (data: string): string => join(data, KEYS_FOLDER, 'unsealed');

async function madeIn(data: string, service: KeyServicePlace, nowMs: number): Promise<{ readonly records: number; readonly rows: number }> {
  if (!holdsRing(data) && holdsStorage(data)) {
    // Whoever has the folder would go on in clear.
    await (await openEmbedded(data, { markerIdOf })).close();
    mkdirSync(join(data, KEYS_FOLDER), { recursive: true, mode: 0o700 });
    writeFileSync(unsealed(data), 'What was written before the keys is in clear: "skillforge privacy keys init" seals it.\n');
  }
  const goesOn = holdsRing(data) && existsSync(unsealed(data));
  if (!goesOn) await makeRing(data, service, nowMs);
  if (!existsSync(unsealed(data))) return { records: 0, rows: 0 };
  const sealed = await sealedAnew(data);
  rmSync(unsealed(data));
  return sealed;
}

/** What was there before the keys. */
async function sealedAnew(data: string): Promise<{ readonly records: number; readonly rows: number }> {
  const storage = await openEmbedded(data, { markerIdOf });
  try {
    const { records, rows } = await storage.sealContents();
    // Pages that the database has freed still hold it in clear.
    await storage.renew();
    return { records: Object.values(records).reduce((sum, count) => sum + count, 0), rows };
  } finally {
    await storage.close();
  }
}

/** @throws SFS_KEYS_MISSING */
function assertRing(data: string): void {
  if (holdsRing(data)) return;
  throw new SkillForgeError('SFS_KEYS_MISSING', `${data} has no keys: "skillforge privacy keys init" makes them`, { context: { folder: data } });
}
