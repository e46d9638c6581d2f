/** Looks for a learner in every store of the inventory: in what its records, rows and files say, and in the bytes of the folder as they lie on the disk. */
import { relative } from 'node:path';
import { filesIn } from './files.js';
import type { Found } from './found.js';
import { Mention } from './mention.js';
import { assertPlaces, filePlaces, placesOf, realPath, type Installation } from './places.js';
import { foundInLogDirs, foundInRedisBytes, foundInRedisDirs } from './serverBytes.js';

/** What a store was found to hold. */
export interface VerifiedStore {
  /** Of the inventory; `raw files` for the bytes of the folder. */
  readonly store: string;
  /** Records, rows, lines that say something of the learner. */
  readonly readable: number;
  /** Entries that are the pseudonym and nothing else: without the identity map it is nobody's. */
  readonly nameAlone: number;
  /** Entries that are sealed under a key that was deleted, of this learner or another: they are there, and nobody can read them. */
  readonly unlinkable: number;
  /** Where the first of the readable ones is. */
  readonly first: string | null;
  /** Why it was not looked into; `null` where it was. */
  readonly unseen: string | null;
  /** Such an installation has no such store. */
  readonly isNone?: true;
}

const RAW = 'raw files';
const REDIS_KEYS = 'keys of Redis';
const KAFKA_FILES = 'files of Kafka';
const REDIS_FILES = 'files of Redis';

/** A store as an option names it: in one word. */
export const wordOf = (store: string): string => store.toLowerCase().replaceAll(' ', '-');

/** Those that are looked into only where an option says where they are, or where a pseudonym can be told in bytes; in one word each. */
export const MAY_BE_UNSEEN: readonly string[] = [
  'feature-store',
  'home-register',
  'snapshots',
  ...[RAW, REDIS_KEYS, KAFKA_FILES, REDIS_FILES].map(wordOf),
];

/** Stores that were not looked into, in one word each, but for those that somebody accepts. */
export const unseenIn = (verified: readonly VerifiedStore[], accepted: readonly string[]): string[] =>
  verified.filter(({ store, unseen, isNone }) => unseen !== null && !isNone && !accepted.includes(wordOf(store))).map(({ store }) => wordOf(store));

/** Files that hold the pseudonym by design, and nothing else of a learner: LMDB keeps the deny list here. */
const NAME_FILES = /(^|\/)deny\.mdb$/;
/** Files whose content is compressed: their rows are looked into instead. */
const COMPRESSED = /\.parquet$/;

/** Looks into everything. Beside a worker that runs it may find what is on its way. @throws what reading throws */
export async function verifyErased(installation: Installation, learner: string): Promise<VerifiedStore[]> {
  assertPlaces(installation);
  const mention = new Mention(learner);
  const verified: VerifiedStore[] = [];
  for (const { store, unseen, isNone, found } of await placesOf(installation, mention))
    verified.push({ ...(await verifiedStore(store, unseen, found)), ...(isNone && { isNone }) });
  return [...verified, rawFiles(installation, mention), ...(await rawOnServers(installation, mention))];
}

async function verifiedStore(store: string, unseen: string | null, found: () => AsyncIterable<Found> | Iterable<Found>): Promise<VerifiedStore> {
  let [readable, nameAlone, unlinkable, first]: [number, number, number, string | null] = [0, 0, 0, null];
  if (unseen === null) {
    for await (const { where, isNameAlone, isUnlinkable } of found()) {
      if (isUnlinkable) unlinkable++;
      else if (isNameAlone) nameAlone++;
      else {
        readable++;
        first ??= where;
      }
    }
  }
  return { store, readable, nameAlone, unlinkable, first, unseen };
}

const IN_BYTES = 'in bytes this pseudonym cannot be told from the name of an item';

/** What servers have as bytes, and the files of theirs whose folders are named. */
async function rawOnServers({ servers, region }: Installation, mention: Mention): Promise<VerifiedStore[]> {
  if (servers === undefined) return [];
  const inBytes = mention.isRandom ? null : IN_BYTES;
  const notNamed = (folders: readonly string[], option: string): string | null => (folders.length === 0 ? `not named: give ${option}` : inBytes);
  return [
    await verifiedStore(REDIS_KEYS, inBytes, () => foundInRedisBytes(servers, mention)),
    await verifiedStore(KAFKA_FILES, notNamed(servers.logDirs, '--log-dir'), () => foundInLogDirs(servers, region, mention)),
    await verifiedStore(REDIS_FILES, notNamed(servers.redisDirs, '--redis-dir'), () => foundInRedisDirs(servers, mention)),
  ];
}

/** Every byte of the folder, and of what lies outside of it: pages that a database has freed, files that nobody reads any more. */
function rawFiles(installation: Installation, mention: Mention): VerifiedStore {
  if (!mention.isRandom)
    return {
      store: RAW,
      readable: 0,
      nameAlone: 0,
      unlinkable: 0,
      first: null,
      unseen: IN_BYTES,
    };
  const { data, view, gatewayFolder, chain } = installation;
  const roots = [...[data, view, gatewayFolder, chain].map(realPath), ...filePlaces(installation).map(({ path }) => path)];
  const files = new Set(roots.flatMap(filesIn));
  let [readable, nameAlone, first]: [number, number, string | null] = [0, 0, null];
  for (const file of files) {
    if (COMPRESSED.test(file)) continue;
    const times = mention.countInFile(file);
    if (NAME_FILES.test(file)) nameAlone += times;
    else {
      readable += times;
      if (times > 0) first ??= relative(data, file);
    }
  }
  return { store: RAW, readable, nameAlone, unlinkable: 0, first, unseen: null };
}
