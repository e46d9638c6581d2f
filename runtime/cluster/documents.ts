import type { Storage } from '../ports.js';
import type { RedisDocuments } from '../redis/index.js';

/** The documents of a region, as they were when they were read. */
export type CachedDocuments = Storage['documents'] & {
  /** Reads them anew: another process may have put others, or Redis may have lost some. */
  refresh(): Promise<void>;
};

/** Reads the documents of a region. */
export async function cachedDocuments(stored: RedisDocuments): Promise<CachedDocuments> {
  let cached = await documentsOf(stored);
  return {
    refresh: async () => {
      cached = await documentsOf(stored);
    },
    get: (name) => cached.get(name) ?? null,
    put: async (name, value) => {
      await stored.put(name, value);
      cached.set(name, value);
    },
    names: (prefix) => [...cached.keys()].filter((name) => name.startsWith(prefix)).sort(),
  };
}

async function documentsOf(stored: RedisDocuments): Promise<Map<string, Buffer>> {
  const names = await stored.names('');
  const values = await Promise.all(names.map((name) => stored.get(name)));
  return new Map(names.flatMap((name, at) => (values[at] === null ? [] : [[name, values[at]!] as const])));
}
