/** What servers have of a learner as bytes: under the keys of Redis, and in the files of brokers and of Redis. */
import { SkillForgeError, errorMessageOf, parsePhysicalTopicName } from '../../../schemas/index.js';
import { filesIn } from './files.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';
import { realPath } from './places.js';
import { segmentPlace, segmentRecords } from './segmentFiles.js';
import { ServerContents } from './serverContents.js';
import type { RegionServers } from './servers.js';

/** Names, fields and values under all keys of the region. */
export async function* foundInRedisBytes({ state }: RegionServers, mention: Mention): AsyncGenerator<Found> {
  for await (const { key, bytes } of state.bytes()) if (mention.countIn(bytes) > 0) yield { store: 'redis-state', where: key, value: bytes };
}

/** Records in the segments of the region's topics, and bytes of any other file beside them. @throws SFS_FILE_UNREADABLE where no folder has a topic of the region: they are those of other brokers */
export async function* foundInLogDirs(servers: RegionServers, region: string, mention: Mention): AsyncGenerator<Found> {
  const contents = new ServerContents(servers, mention);
  const files = servers.logDirs.flatMap((folder) => filesOf(folder).map((path) => ({ path, place: regionPlace(path, region) })));
  if (files.every(({ place }) => place === null)) throw noTopics(servers.logDirs, region);
  for (const { path, place } of files) {
    if (place !== null) yield* unlessGone(path, () => foundInSegment(contents, path, place));
    else yield* unlessGone(path, () => timesIn(path, 'kafka-log', mention));
  }
}

/** Bytes of append-only files and snapshots. */
export async function* foundInRedisDirs({ redisDirs }: RegionServers, mention: Mention): AsyncGenerator<Found> {
  for (const path of redisDirs.flatMap(filesOf)) yield* unlessGone(path, () => timesIn(path, 'redis-state', mention));
}

function* timesIn(path: string, store: 'kafka-log' | 'redis-state', mention: Mention): Generator<Found> {
  const times = mention.countInFile(path);
  for (let nth = 0; nth < times; nth++) yield { store, where: path, value: null };
}

/** How often a folder is listed whose files go meanwhile. */
const TRIES = 5;

/** The files below a folder, the link to it followed. @throws SFS_FILE_UNREADABLE */
function filesOf(folder: string): string[] {
  for (let left = TRIES; ; left--) {
    try {
      return filesIn(realPath(folder));
    } catch (cause) {
      if (!isGone(cause) || left === 1) throw unreadable(folder, cause);
    }
  }
}

/** Servers that run delete files, and write them anew under other names. @throws SFS_FILE_UNREADABLE */
async function* unlessGone(path: string, found: () => AsyncIterable<Found> | Iterable<Found>): AsyncGenerator<Found> {
  try {
    yield* found();
  } catch (cause) {
    if (!isGone(cause)) throw unreadable(path, cause);
  }
}

const isGone = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === 'ENOENT';

/** The files are those of another user. */
function unreadable(path: string, cause: unknown): unknown {
  if ((cause as NodeJS.ErrnoException).syscall === undefined) return cause;
  return new SkillForgeError('SFS_FILE_UNREADABLE', `${path} cannot be read: ${errorMessageOf(cause)}`, { cause, context: { path } });
}

function noTopics(folders: readonly string[], region: string): SkillForgeError {
  const message = `${folders.join(', ')} ${folders.length === 1 ? 'has' : 'have'} no topic of the region ${region}: give the folders that "log.dirs" of its brokers names`;
  return new SkillForgeError('SFS_FILE_UNREADABLE', message, { context: { folders } });
}

async function* foundInSegment(
  contents: ServerContents,
  path: string,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): AsyncGenerator<Found> {
  for (const records of segmentRecords(path)) {
    if (records === null) {
      yield { store: 'kafka-log', where: `${path}: compressed in a way that cannot be looked into`, value: null };
      continue;
    }
    for (const record of await contents.opened(topic, records)) {
      const found = contents.foundIn(topic, partition, record);
      if (found !== null) yield { ...found, where: `${path} ${record.offset}` };
    }
  }
}

function regionPlace(path: string, region: string): ReturnType<typeof segmentPlace> {
  const place = segmentPlace(path);
  try {
    return place !== null && parsePhysicalTopicName(place.topic).region === region ? place : null;
  } catch {
    return null;
  }
}
