/** A cluster as the fault suite and its workers open it, and the names in it. */
import { openCluster, type Cluster } from '../../../runtime/cluster/index.js';
import { Deployment } from '../../../runtime/engine/deployment.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import type { Broker } from '../../../runtime/kafka/broker.js';
import { openRedis, type RedisState } from '../../../runtime/redis/index.js';
import { errorCodeOf, LocalSchemaIds, schemaOf, topicCodec, type SchemaIds } from '../../../schemas/index.js';
import type { Codecs } from './poison.js';
import { presses, totals, TOPOLOGIES, type Press, type Telling } from './topologies.js';

export interface Address {
  /** Of a schema registry; ids are computed without. */
  readonly registry?: string;
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
/** A worker that starts while a registry is silent asks it for each of its topics, one after the other. */
const REGISTRY_TIMEOUT_MS = 3_000;
const MOST_TRIES = 20;

/**
 * @param onWarning - takes what is said of the registry
 * @param changed - lets a worker process of these tests change the parts before the cluster is made of them
 */
export async function openParts(
  { kafka, redis, region, replication, registry: url }: Address,
  onWarning: (warning: string) => void = () => undefined,
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
  const registry = url === undefined ? {} : { registry: { url, timeoutMs: REGISTRY_TIMEOUT_MS, onWarning } };
  const cluster = await openCluster({ broker, state, region, replication, ...registry });
  const close = async (): Promise<void> => {
    await cluster.close();
    await broker.close();
    await state.close();
  };
  return { broker, state, cluster, close };
}

/** Ids of the registry, or computed ones. */
export const idsOf = ({ cluster }: Parts): SchemaIds => cluster.schemas ?? LocalSchemaIds.withAccepted();

/** Of the topics that are sent and read here; with a registry, after {@link prepare}. */
export function codecsOf(parts: Parts): Codecs {
  const ids = idsOf(parts);
  return { press: topicCodec<string, Press>(presses, ids), telling: topicCodec<string, Telling>(totals, ids) };
}

/** Creates every topic, and makes the schemas known: workers may start while nobody answers for them. */
export async function prepare({ cluster }: Parts, region: string): Promise<void> {
  await persistently(async () => cluster.schemas?.register(`${region}.${presses.name}`, presses.schemaName, schemaOf(presses)));
  for (const topology of TOPOLOGIES) {
    const deployment = new Deployment(topology, region, cluster);
    for (const spec of deployment.topicSpecs()) await cluster.log.ensureTopic(spec);
    await persistently(() => deployment.registerSchemas());
  }
}

/** A registry that has just started is slow, on a machine that has much to do slower than workers wait for it. */
async function persistently(register: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await register();
    } catch (error) {
      if (errorCodeOf(error) !== 'SFS_REGISTRY_UNAVAILABLE' || tries === MOST_TRIES) throw error;
    }
  }
}
