/** Wraps keys of files that lie beside the log, such as the view of a reader. See ADR 0038. */
import { SkillForgeError, errorMessageOf, type DiskKeys } from '../../schemas/index.js';
import type { RingDocument } from './ringDocument.js';
import { serviceOf, type KeyServicePlace } from './services.js';
import { keysUnavailable } from './unavailable.js';

/** The key of a file as the file keeps it: it says itself where it can be unwrapped, since the ring of the region may be away. Holds no secret. */
interface WrappedKey {
  readonly service: KeyServicePlace;
  readonly wrapped: string;
}

/** Those of a ring. @param ringNow - what the ring is; `null` where there is none */
export function diskKeysOf(ringNow: () => Promise<RingDocument | null>): DiskKeys {
  const ring = async (): Promise<RingDocument | null> => {
    try {
      return await ringNow();
    } catch (error) {
      throw keysUnavailable(error);
    }
  };
  return {
    areThere: async () => (await ring()) !== null,
    wrap: async (secret) => {
      const found = await ring();
      if (found === null) throw new SkillForgeError('SFS_KEYS_MISSING', 'the region has no keys: nothing wraps the key of a file');
      const { service } = found;
      return JSON.stringify({ service, wrapped: await serviceOf(service).wrap(secret) } satisfies WrappedKey);
    },
    unwrap: unwrapDiskKey,
  };
}

/** The key of a file; see {@link DiskKeys.unwrap}. */
export async function unwrapDiskKey(text: string): Promise<Buffer> {
  const { service, wrapped } = parsed(text);
  return serviceOf(service).unwrap(wrapped);
}

/** For who looks into a file without its region: makes nothing, and opens what names a key service that answers. */
export const lookingDiskKeys: DiskKeys = {
  areThere: () => Promise.reject(notAsked()),
  wrap: () => Promise.reject(notAsked()),
  unwrap: unwrapDiskKey,
};

const notAsked = (): SkillForgeError => new SkillForgeError('SFS_KEYS_MISSING', 'a file that is only looked into gets no key');

/** @throws SFS_KEYS_CORRUPT */
function parsed(text: string): WrappedKey {
  try {
    const { service, wrapped } = JSON.parse(text) as Partial<WrappedKey>;
    if (typeof wrapped !== 'string' || typeof service !== 'object') throw new Error('it names no key service');
    return { service, wrapped };
  } catch (cause) {
    throw new SkillForgeError('SFS_KEYS_CORRUPT', `the wrapped key of a file cannot be used: ${errorMessageOf(cause)}`, { cause });
  }
}
