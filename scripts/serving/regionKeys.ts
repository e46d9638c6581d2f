/** The data keys of a region for what works on Kafka without its state: gateways and readers. */
import { AwaitedRing } from '../../runtime/keys/awaitedRing.js';
import { diskKeysOf } from '../../runtime/keys/diskKeys.js';
import { KeyGate } from '../../runtime/keys/keyGate.js';
import { RedisRing, ringIn } from '../../runtime/keys/redisRing.js';
import type { RedisState } from '../../runtime/redis/index.js';
import { errorCodeOf, type DiskKeys, type SchemaIds } from '../../schemas/index.js';
import { redisOptionsOf, type ServerOptions } from '../commands/serverOptions.js';

/** An open gate, where the region has keys. */
export interface OpenedKeys {
  readonly keys: KeyGate | null;
  /** For files of this process; `null` where no Redis is named: nobody can tell whether the region has keys. */
  readonly diskKeys: DiskKeys | null;
  close(): Promise<void>;
}

/**
 * Opens the keys of a region; none where no Redis is named, or the region has none. A Redis that is away is asked again when a key is needed: until it
 * answers, nothing that is sealed is read, and nothing is written.
 * @throws SFS_REDIS_OPTION, SFS_STATE_REFUSED, SFS_KEYS_CORRUPT, SFS_KEY_FILE, SFS_KEY_SERVICE_REFUSED
 */
export async function openRegionKeys(options: Pick<ServerOptions, 'region' | 'redis' | 'redisOptions'>, ids?: SchemaIds): Promise<OpenedKeys> {
  if (options.redis === undefined) return { keys: null, diskKeys: null, close: () => Promise.resolve() };
  const { openRedis } = await import('../../runtime/redis/index.js');
  const place = redisOptionsOf(options);
  let state: RedisState | null = null;
  let opening: Promise<RedisState> | null = null;
  let isClosed = false;
  let opened: RedisRing | null = null;
  const connected = async (): Promise<RedisState> => {
    if (state !== null) return state;
    opening ??= openRedis(place).finally(() => (opening = null));
    state = await opening;
    if (isClosed) await state.close();
    return state;
  };
  const ring = new AwaitedRing(async () => {
    const { dataKeys: keys, documents, refusals } = await connected();
    return (opened = await RedisRing.open({ keys, documents, refusals }));
  });
  const diskKeys = diskKeysOf(async () => ringIn((await connected()).documents));
  const close = async (): Promise<void> => {
    isClosed = true;
    await opened?.close();
    await state?.close();
  };
  try {
    // What they write and read are topics of the catalogue: no other schema is asked for.
    return { keys: (await mayHaveKeys(ring)) ? new KeyGate({ ring, ids, schemaDocument: () => null }) : null, diskKeys, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** True, too, where nobody can tell yet. */
async function mayHaveKeys(ring: AwaitedRing): Promise<boolean> {
  try {
    return await ring.isThere();
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_KEYS_UNAVAILABLE') throw error;
    return true;
  }
}
