/** What a ring is: its id, the key service, and the branch keys that wrap its data keys. Holds nothing of any person. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { SkillForgeError, errorMessageOf, type KeyService } from '../../schemas/index.js';
import { SECRET_BYTES, type BranchKey } from './dataKeys.js';
import { serviceOf, type KeyServicePlace } from './services.js';

const FORMAT = 'skillforge-keys/1';

/** A branch key under the key-encryption key. */
export interface WrappedBranch {
  readonly version: number;
  readonly wrapped: string;
  readonly madeAtMs: number;
}

/** A ring, as a file or a document keeps it. */
export interface RingDocument {
  readonly format: typeof FORMAT;
  /** Random: digests of owners are made with it. */
  readonly id: string;
  readonly service: KeyServicePlace;
  /** All that something is wrapped under, by version. */
  readonly branches: readonly WrappedBranch[];
  /** The one that new keys are wrapped under. */
  readonly current: number;
}

/** A ring of no keys yet. @throws what the service throws */
export async function newRing(place: KeyServicePlace, nowMs: number): Promise<RingDocument> {
  const branch = await newBranch(serviceOf(place), 1, nowMs);
  return { format: FORMAT, id: randomBytes(16).toString('base64url'), service: place, branches: [branch], current: 1 };
}

/** A branch key of a version. @throws what the service throws */
export async function newBranch(service: KeyService, version: number, nowMs: number): Promise<WrappedBranch> {
  return { version, wrapped: await service.wrap(randomBytes(SECRET_BYTES)), madeAtMs: nowMs };
}

/** @throws SFS_KEYS_CORRUPT */
export function parsedRing(text: string, where: string): RingDocument {
  try {
    const parsed = JSON.parse(text) as Partial<RingDocument>;
    if (parsed.format !== FORMAT || !parsed.branches?.some(({ version }) => version === parsed.current))
      throw new Error(`it is no ring of ${FORMAT}`);
    return parsed as RingDocument;
  } catch (cause) {
    throw new SkillForgeError('SFS_KEYS_CORRUPT', `${where} cannot be used: ${errorMessageOf(cause)}`, { cause, context: { where } });
  }
}

/** The branch keys of a ring, unwrapped: a call of the service each, and none for those that are known. @throws what the service throws */
export async function openedBranches({ branches, service }: RingDocument, known: ReadonlyMap<number, BranchKey>): Promise<Map<number, BranchKey>> {
  const opened = new Map<number, BranchKey>();
  for (const { version, wrapped } of branches) {
    const before = known.get(version);
    opened.set(version, before ?? { version, secret: createSecretKey(await serviceOf(service).unwrap(wrapped)) });
  }
  return opened;
}

/** Two rotations at a time would wrap keys under branch keys that the other one drops. @param place - folder, or region */
export const rotatedElsewhere = (place: string): SkillForgeError =>
  new SkillForgeError('SFS_KEYS_BUSY', `the keys of ${place} are rotated by another process: try again when it has ended`, {
    retriable: true,
    context: { place },
  });
