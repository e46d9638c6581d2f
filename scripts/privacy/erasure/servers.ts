/** The servers of a region as an erasure works on them. */
import type { Cluster } from '../../../runtime/cluster/index.js';
import type { Admin, Broker } from '../../../runtime/kafka/index.js';
import { KeyGate } from '../../../runtime/keys/keyGate.js';
import { RedisRing } from '../../../runtime/keys/redisRing.js';
import type { ToolAccess } from '../../../runtime/ports.js';
import type { RedisState } from '../../../runtime/redis/index.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { topicSchemaDocument } from '../../../schemas/learnerKeys.js';

/** Kafka and Redis of a region, with its data keys. */
export interface RegionServers {
  /** Addresses: with others there is more to do. */
  readonly name: string;
  readonly broker: Broker;
  readonly admin: Admin;
  readonly state: RedisState;
  readonly tools: ToolAccess;
  readonly ring: RedisRing;
  /** Opens what lies there. It passes over nobody: what is refused lies there all the same. */
  readonly keys: KeyGate;
  /** Folders of the files that brokers, and servers of Redis, keep; none where none were named. */
  readonly logDirs: readonly string[];
  readonly redisDirs: readonly string[];
  close(): Promise<void>;
}

/** What {@link regionServers} is made of; it stays the caller's. */
export interface RegionParts {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly cluster: Cluster;
}

/**
 * @throws SFS_ERASURE_SERVERS in a region without data keys: what lies in segments and backups could be read for as long as it is kept; where Kafka has nothing of the region; and what opening the keys throws
 */
export async function regionServers(
  { broker, state, cluster }: RegionParts,
  places: Pick<RegionServers, 'name' | 'logDirs' | 'redisDirs'>,
): Promise<RegionServers> {
  const ring = await RedisRing.open({ keys: state.dataKeys, documents: state.documents, refusals: state.refusals });
  if (ring === null) {
    const message =
      'the region has no data keys: what its topics keep would be readable until retention removes it; "skillforge privacy keys init" makes them';
    throw new SkillForgeError('SFS_ERASURE_SERVERS', message, { context: { servers: places.name } });
  }
  const tools = cluster.tools();
  if ((await tools.topics()).length === 0) {
    const message = `${places.name}: this Kafka has no topic of the region, whose keys are in this Redis: are they servers of one region?`;
    throw new SkillForgeError('SFS_ERASURE_SERVERS', message, { context: { servers: places.name } });
  }
  const keys = new KeyGate({ ring, ids: tools.schemas, schemaDocument: (topic) => tools.documents.get(topicSchemaDocument(topic)) });
  const admin = await broker.admin();
  return { ...places, broker, admin, state, tools, ring, keys, close: () => admin.close() };
}
