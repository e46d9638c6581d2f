/** The simulation's input on a real cluster, and what its topologies should make of it: as a storage in memory does. */
import { randomBytes } from 'node:crypto';
import { openCluster, type Cluster, type Guarantee } from '../../../runtime/cluster/index.js';
import { isMarker, markerIdOf } from '../../../runtime/engine/header.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import type { Broker } from '../../../runtime/kafka/broker.js';
import type { LogRecord, TopicSpec } from '../../../runtime/ports.js';
import { openRedis, type RedisState } from '../../../runtime/redis/index.js';
import { redisOptionsOf } from '../../../scripts/commands/serverOptions.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { settle } from '../../runtime/engine/running.js';
import { TOPOLOGIES, appendInput, type InputOptions } from '../../simulation/replayed.js';

/** Addresses of the servers. */
export interface Servers {
  readonly kafka: string;
  /** As `--redis` has it: `redis://…`, or addresses of a Redis Cluster. */
  readonly redis: string;
}

/** A cluster with what it was opened over. */
export interface OpenCluster {
  readonly cluster: Cluster;
  readonly broker: Broker;
  readonly state: RedisState;
  close(): Promise<void>;
}

/** A name that no other test uses: topics, groups and keys begin with it. */
export const newRegion = (): string => `t${randomBytes(5).toString('hex')}`;

export async function openOn({ kafka, redis }: Servers, region: string, guarantee: Guarantee = 'exactly-once'): Promise<OpenCluster> {
  const broker = await openBroker('confluent', {
    brokers: [kafka],
    markerIdOf: (header) => markerIdOf(header) ?? 'none',
    sessionTimeoutMs: 6_000,
    onWarning: () => undefined,
  });
  const state = await openRedis(redisOptionsOf({ redis, region }));
  const cluster = await openCluster({ broker, state, region, replication: 1, guarantee });
  const close = async (): Promise<void> => {
    await cluster.close();
    await broker.close();
    await state.close();
  };
  return { cluster, broker, state, close };
}

/** The input in memory, with what the topologies have made of it when they have come to rest. */
export async function expectedOf(input: InputOptions & { readonly region: string }): Promise<MemoryStorage> {
  const storage = memoryStorage();
  await appendInput(storage, input);
  const worker = new Worker(TOPOLOGIES, storage, { region: input.region, mode: 'follow' });
  await worker.start();
  await settle(worker, 0);
  return storage;
}

/** Sends the input to the cluster, record by record where it lay in memory. */
export async function sendInput(storage: MemoryStorage, { cluster }: OpenCluster): Promise<void> {
  const spec = storage.log.topics().find(({ name }) => name.endsWith('.clicks'))!;
  const { name: topic } = spec;
  for (const one of storage.log.topics()) await cluster.log.ensureTopic(one);
  for (let partition = 0; partition < spec.partitions; partition++) {
    const records = storage.log.read(topic, partition, 0, Infinity);
    await cluster.log.append(records.map(({ key, value, header }) => ({ topic, partition, key, value, header })));
  }
}

/** Values by topic and key, in their order: what the topologies wrote for others to read. */
export type Results = ReadonlyMap<string, readonly string[]>;

const RESULTS = ['learner-features', 'item-trends', 'dead-letters'];

type RecordsOf = (topic: string, partition: number) => Iterable<LogRecord> | AsyncIterable<LogRecord>;

/** What lies in the topics of results in memory. */
export const resultsInMemory = ({ log }: MemoryStorage): Promise<Results> =>
  resultsOf(log.topics(), (topic, partition) => log.read(topic, partition, 0, Infinity));

/** What lies in the same topics of a cluster. */
export const resultsInCluster = ({ cluster }: OpenCluster, { log }: MemoryStorage): Promise<Results> =>
  resultsOf(log.topics(), (topic, partition) => cluster.records(topic, partition));

async function resultsOf(specs: readonly TopicSpec[], recordsOf: RecordsOf): Promise<Results> {
  const results = new Map<string, string[]>();
  for (const { name, partitions } of specs) {
    if (!RESULTS.some((one) => name.endsWith(`.${one}`))) continue;
    for (let partition = 0; partition < partitions; partition++) for await (const record of recordsOf(name, partition)) add(results, name, record);
  }
  return results;
}

function add(results: Map<string, string[]>, topic: string, { key, value, header }: LogRecord): void {
  if (header !== null && isMarker(header)) return;
  const name = `${topic} ${String(key)}`;
  const values = results.get(name) ?? [];
  values.push(value?.toString('hex') ?? 'tombstone');
  results.set(name, values);
}

/** Keys whose values are not as expected. */
export function differencesOf(expected: Results, found: Results): string[] {
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].filter((name) => expected.get(name)?.join() !== found.get(name)?.join());
}
