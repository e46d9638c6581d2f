/** A cluster as the fault suite and its workers open it, and the names in it. */
import { openCluster, type Cluster } from '../../../runtime/cluster/index.js';
import { Deployment } from '../../../runtime/engine/deployment.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import type { Admin, Broker } from '../../../runtime/kafka/broker.js';
import { openRedis, type RedisState } from '../../../runtime/redis/index.js';
import { LocalSchemaIds, topicCodec } from '../../../schemas/index.js';
import type { Codecs } from './poison.js';
import { presses, totals, TOPOLOGIES, type Press, type Telling } from './topologies.js';

export interface Address {
  readonly kafka: string;
  readonly redis: string;
  readonly region: string;
  readonly replication: number;
}

export interface Parts {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly cluster: Cluster;
  close(): Promise<void>;
}

/** How long a member may be silent, ms: the least that brokers allow. */
export const SESSION_MS = 6_000;
const REDIS_TIMEOUT_MS = 3_000;

/** @param changed - lets a worker process of these tests change the parts before the cluster is made of them */
export async function openParts(
  { kafka, redis, region, replication }: Address,
  changed: (broker: Broker, state: RedisState) => void = () => undefined,
): Promise<Parts> {
  const broker = await openBroker('confluent', {
    brokers: kafka.split(','),
    markerIdOf: (header) => markerIdOf(header) ?? 'none',
    sessionTimeoutMs: SESSION_MS,
    onWarning: () => undefined,
  });
  const state = await openRedis({ url: redis, region, timeoutMs: REDIS_TIMEOUT_MS });
  changed(broker, state);
  const cluster = await openCluster({ broker, state, region, replication });
  const close = async (): Promise<void> => {
    await cluster.close();
    await broker.close();
    await state.close();
  };
  return { broker, state, cluster, close };
}

const ids = LocalSchemaIds.withAccepted();
/** Of the topics that are sent and read here. */
export const CODECS: Codecs = { press: topicCodec<string, Press>(presses, ids), telling: topicCodec<string, Telling>(totals, ids) };

/** Creates every topic. */
export async function createTopics({ cluster }: Parts, region: string): Promise<void> {
  for (const topology of TOPOLOGIES) for (const spec of new Deployment(topology, region, cluster).topicSpecs()) await cluster.log.ensureTopic(spec);
}

/** Records of the input that the group has not committed yet. */
export async function lagOf(admin: Admin, region: string): Promise<number> {
  const topic = `${region}.${presses.name}`;
  const ranges = await admin.ranges(topic);
  const committed = await admin.committed(
    `skillforge.${region}.counting@1`,
    ranges.map((_, partition) => ({ topic, partition })),
  );
  return ranges.reduce(
    (lag, { start, end }, partition) => lag + end - Math.max(start, committed.find((one) => one.partition === partition)?.offset ?? 0),
    0,
  );
}
