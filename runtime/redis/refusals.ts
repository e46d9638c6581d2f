import type { RedisConnection } from './connection.js';
import { randomId } from './claimedTask.js';
import { literally } from './keyPattern.js';

/** An owner of whom nothing is kept any more. */
export interface RefusedOwner {
  /** ms since epoch. */
  readonly sinceMs: number;
  /** Id of the data key that they had; `null` for none. */
  readonly keyId: string | null;
}

/** The refused owners of a region as they are at one time. */
export interface RefusedList {
  /** Another one after each change, compared for equality: Redis may go back in a failover. `''` where nobody was ever refused. */
  readonly version: string;
  /** By the digest of the owner. */
  readonly refused: ReadonlyMap<string, RefusedOwner>;
}

/**
 * Owners whose records a region takes no more, in Redis: digests, and no name. Who writes tells which version of the list it goes by, for as long as it lives. All calls may fail with
 * SFS_STATE_UNAVAILABLE and SFS_STATE_REFUSED.
 */
export interface RedisRefusals {
  /** The version alone: asked for each second. */
  version(): Promise<string>;
  list(): Promise<RefusedList>;
  /** `null` for an owner who is not refused. */
  get(digest: string): Promise<RefusedOwner | null>;
  /** Puts an owner on the list; whoever is on it keeps their time. */
  add(digest: string, owner: RefusedOwner): Promise<void>;
  remove(digest: string): Promise<void>;
  /** Tells that a writer goes by a version, for so long. */
  tell(writer: string, version: string, lastsMs: number): Promise<void>;
  /** A writer that writes no more. */
  leave(writer: string): Promise<void>;
  /** Writers, with the versions that they go by. */
  writers(): Promise<ReadonlyMap<string, string>>;
}

/** Field of the version: no digest is called so. */
const VERSION = 'version';
const PAGE = 500;

/** KEYS: 1 the list. ARGV: 1 the next version, 2 the digest, 3 since, 4 id of the key. */
const ADD = `
local since = (redis.call('HGET', KEYS[1], ARGV[2]) or ''):match('^%d+') or ARGV[3]
redis.call('HSET', KEYS[1], ARGV[2], since .. ' ' .. ARGV[4], '${VERSION}', ARGV[1])
return 1
`;
/** KEYS: 1 the list. ARGV: 1 the next version, 2 the digest. */
const REMOVE = `
if redis.call('HDEL', KEYS[1], ARGV[2]) == 1 then redis.call('HSET', KEYS[1], '${VERSION}', ARGV[1]) end
return 1
`;

/** @param key - of the list @param writersAt - what the keys of its writers begin with */
export function refusalsOf(connection: RedisConnection, key: string, writersAt: string): RedisRefusals {
  const command = (name: string, ...args: (string | number)[]): Promise<unknown> => connection.command(name, args);
  const version = async (): Promise<string> => ((await command('HGET', key, VERSION)) as Buffer | null)?.toString() ?? '';
  return {
    version,
    list: async () => {
      for (;;) {
        const before = await version();
        const refused = before === '' ? new Map<string, RefusedOwner>() : await entriesOf((cursor) => command('HSCAN', key, cursor, 'COUNT', PAGE));
        // Pages of a list that changed in between are of no version.
        if ((await version()) === before) return { version: before, refused };
      }
    },
    get: async (digest) => {
      const kept = (await command('HGET', key, digest)) as Buffer | null;
      return kept === null ? null : parsed(kept.toString());
    },
    add: async (digest, { sinceMs, keyId }) => {
      await command('EVAL', ADD, 1, key, randomId(), digest, sinceMs, keyId ?? '');
    },
    remove: async (digest) => {
      await command('EVAL', REMOVE, 1, key, randomId(), digest);
    },
    tell: async (writer, by, lastsMs) => {
      await command('SET', writersAt + writer, by, 'PX', lastsMs);
    },
    leave: async (writer) => {
      await command('DEL', writersAt + writer);
    },
    writers: async () => {
      const found = new Map<string, string>();
      for (const at of await connection.keys(`${literally(writersAt)}*`)) {
        const by = (await command('GET', at)) as Buffer | null;
        // One that has ended since is gone.
        if (by !== null) found.set(at.slice(writersAt.length), by.toString());
      }
      return found;
    },
  };
}

async function entriesOf(page: (cursor: string) => Promise<unknown>): Promise<Map<string, RefusedOwner>> {
  const refused = new Map<string, RefusedOwner>();
  let cursor = '0';
  do {
    const [next, pairs] = (await page(cursor)) as [Buffer, Buffer[]];
    for (let at = 0; at < pairs.length; at += 2) if (String(pairs[at]) !== VERSION) refused.set(String(pairs[at]), parsed(String(pairs[at + 1])));
    cursor = String(next);
  } while (cursor !== '0');
  return refused;
}

function parsed(text: string): RefusedOwner {
  const [sinceMs, keyId = ''] = text.split(' ');
  return { sinceMs: Number(sinceMs), keyId: keyId === '' ? null : keyId };
}
