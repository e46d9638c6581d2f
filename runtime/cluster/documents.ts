import type { Storage } from '../ports.js';
import type { RedisDocuments } from '../redis/index.js';

/** The documents of a region as they are now: another process may put others later, which this one does not see. */
export async function cachedDocuments(stored: RedisDocuments): Promise<Storage['documents']> {
  const cached = new Map<string, Buffer>();
  for (const name of await stored.names('')) cached.set(name, (await stored.get(name))!);
  return {
    get: (name) => cached.get(name) ?? null,
    put: async (name, value) => {
      await stored.put(name, value);
      cached.set(name, value);
    },
    names: (prefix) => [...cached.keys()].filter((name) => name.startsWith(prefix)).sort(),
  };
}
