import { deletedSlot, keySlot, slotIn, type Slot } from '../keys/slots.js';
import type { StoredKey } from '../keys/dataKeys.js';
import { literally } from './keyPattern.js';
import type { RedisConnection } from './connection.js';

/** The data keys of a region in Redis: each under its id, and the id under the digest of its owner. All calls may fail with SFS_STATE_UNAVAILABLE and SFS_STATE_REFUSED. */
export interface RedisKeyStore {
  /** In the order of the ids; `null` for none. */
  byIds(ids: readonly string[]): Promise<(Slot | null)[]>;
  /** The ids of owners, by their digests. */
  idsOf(owners: readonly string[]): Promise<(string | null)[]>;
  /** Keeps new keys, each unless its owner has one. @returns the ids that hold now, {@link REFUSED_ID} for an owner who gets none */
  keep(keys: readonly StoredKey[]): Promise<string[]>;
  /** Drops a key that is nobody's. */
  drop(id: string): Promise<void>;
  /** Deletes the key of an owner. @returns its id, `null` where there is none */
  delete(owner: string, nowMs: number): Promise<string | null>;
  /** Deletes the key of an owner, who gets no other one from then on. @returns its id, `null` where there was none */
  refuse(owner: string, nowMs: number): Promise<string | null>;
  /** Gives an owner keys again who was refused. */
  accept(owner: string): Promise<void>;
  /** Puts a key in the place of the same key, unless it was deleted or changed meanwhile. */
  replace(before: StoredKey, after: StoredKey): Promise<boolean>;
  /** The ids of all keys, deleted ones too. */
  ids(): Promise<string[]>;
}

/** Stands in place of the id of a key, for an owner who gets none: no id has a sign such as this one. */
export const REFUSED_ID = '!';

/** Compare and set: a key that was deleted meanwhile must not come back. KEYS: 1 the key. ARGV: 1 what it was, 2 what it becomes. Answers 1 or 0. */
const REPLACE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`;
/** KEYS: 1 the owner. ARGV: 1 the id that is to go. */
const FORGET = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`;

/** KEYS: 1 the owner. ARGV: 1 the id that they have, '' for none, 2 what stands in its place. Answers 1 or 0. */
const REFUSE = `
local id = redis.call('GET', KEYS[1]) or ''
if id ~= ARGV[1] and id ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`;

/** @param prefix - of all keys of the region, such as `skillforge:{eu-west/` */
export function keyStoreOf(connection: RedisConnection, prefix: string): RedisKeyStore {
  // A hash tag of their own each: in a cluster they lie on all servers.
  const at = (id: string): string => `${prefix}data-key/${id}}`;
  const ownerAt = (owner: string): string => `${prefix}key-owner/${owner}}`;
  const command = (name: string, ...args: (string | Buffer)[]): Promise<unknown> => connection.command(name, args);
  const byId = async (id: string): Promise<Slot | null> => {
    const bytes = (await command('GET', at(id))) as Buffer | null;
    return bytes === null ? null : slotIn(bytes, 0, 'Redis');
  };
  const idOf = async (owner: string): Promise<string | null> => ((await command('GET', ownerAt(owner))) as Buffer | null)?.toString() ?? null;
  const forget = (owner: string, id: string): Promise<unknown> => command('EVAL', FORGET, '1', ownerAt(owner), id);
  const keepOne = async (key: StoredKey): Promise<string> => {
    // First the key, then the name for it: who finds the name finds the key.
    await command('SET', at(key.id), keySlot(key));
    if ((await command('SET', ownerAt(key.owner), key.id, 'NX')) !== null) return key.id;
    const id = await idOf(key.owner);
    if (id === REFUSED_ID) {
      await command('DEL', at(key.id));
      return id;
    }
    const holds = id === null ? null : await byId(id);
    if (id !== null && holds?.kind === 'key') {
      if (id !== key.id) await command('DEL', at(key.id));
      return id;
    }
    // Its deletion was cut off before the name went.
    if (id !== null) await forget(key.owner, id);
    return keepOne(key);
  };
  const store: RedisKeyStore = {
    byIds: (ids) => Promise.all(ids.map(byId)),
    idsOf: (owners) => Promise.all(owners.map(idOf)),
    keep: (keys) => Promise.all(keys.map(keepOne)),
    drop: async (id) => {
      await command('DEL', at(id));
    },
    delete: async (owner, nowMs) => {
      const id = await idOf(owner);
      if (id === null || id === REFUSED_ID) return null;
      await command('SET', at(id), deletedSlot(id, nowMs));
      await forget(owner, id);
      return id;
    },
    refuse: async (owner, nowMs) => {
      const id = await idOf(owner);
      const hasOne = id !== null && id !== REFUSED_ID;
      if (hasOne) await command('SET', at(id), deletedSlot(id, nowMs));
      // One that was made in between is deleted as well.
      if ((await command('EVAL', REFUSE, '1', ownerAt(owner), hasOne ? id : '', REFUSED_ID)) !== 1) return store.refuse(owner, nowMs);
      return hasOne ? id : null;
    },
    accept: async (owner) => {
      await forget(owner, REFUSED_ID);
    },
    replace: async (before, after) => (await command('EVAL', REPLACE, '1', at(before.id), keySlot(before), keySlot(after))) === 1,
    ids: async () => {
      const begin = `${prefix}data-key/`;
      return (await connection.keys(`${literally(begin)}*`)).map((key) => key.slice(begin.length, -1));
    },
  };
  return store;
}
