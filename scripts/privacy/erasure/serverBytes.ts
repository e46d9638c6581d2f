/** What servers have of a learner as bytes: under the keys of Redis, and in the files of brokers and of Redis. */
import { parsePhysicalTopicName } from '../../../schemas/index.js';
import { filesIn } from './files.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';
import { segmentPlace, segmentRecords } from './segmentFiles.js';
import { ServerContents } from './serverContents.js';
import type { RegionServers } from './servers.js';

/** Names, fields and values under all keys of the region. */
export async function* foundInRedisBytes({ state }: RegionServers, mention: Mention): AsyncGenerator<Found> {
  for await (const { key, bytes } of state.bytes()) if (mention.countIn(bytes) > 0) yield { store: 'redis-state', where: key, value: bytes };
}

/** Records in the segments of the region's topics, and bytes of any other file beside them. */
export async function* foundInLogDir(servers: RegionServers, region: string, mention: Mention): AsyncGenerator<Found> {
  const contents = new ServerContents(servers, mention);
  for (const path of filesIn(servers.logDir!)) {
    const place = segmentPlace(path);
    if (place !== null && isOfRegion(place.topic, region)) yield* foundInSegment(contents, path, place);
    else if (mention.countInFile(path) > 0) yield { store: 'kafka-log', where: path, value: null };
  }
}

/** Bytes of append-only files and snapshots. */
export function* foundInRedisDir({ redisDir }: RegionServers, mention: Mention): Generator<Found> {
  for (const path of filesIn(redisDir!)) {
    const times = mention.countInFile(path);
    for (let nth = 0; nth < times; nth++) yield { store: 'redis-state', where: path, value: null };
  }
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

function isOfRegion(topic: string, region: string): boolean {
  try {
    return parsePhysicalTopicName(topic).region === region;
  } catch {
    return false;
  }
}
