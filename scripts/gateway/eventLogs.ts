/** Where a gateway writes: a folder, or topics of Kafka. */
import { join } from 'node:path';
import { WRITTEN_TOPICS, writtenTopic, type EventLog, type RightsOutcomes, type WrittenTopic } from '../../gateway/index.js';
import { schemaOf } from '../../schemas/index.js';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { localTools } from '../../runtime/localTools.js';
import type { Admin, Broker } from '../../runtime/kafka/index.js';
import type { SchemaRegistry } from '../../runtime/ports.js';
import { kafkaOptionsOf, registryOptionsOf, type ServerOptions } from '../commands/serverOptions.js';
import { OrderBox, placeOf } from '../oversight/orderBox.js';
import { KnownOutcomes, type OutcomeLog } from '../privacy/rights/outcomes.js';
import { documentsIn } from '../serving/documentsFile.js';
import { openRegionKeys } from '../serving/regionKeys.js';
import { gatewayTopics, gatewayWriter, openWriterLog } from './writerLog.js';

/** An open log, with where ids of schemas come from. */
export interface OpenedLog {
  readonly log: EventLog;
  /** Tells how far requests of learners are. */
  readonly outcomes: RightsOutcomes;
  readonly schemas?: SchemaRegistry;
  close(): Promise<void>;
}

/** The log of a folder, which is this process's own meanwhile. @throws SFS_FOLDER_LOCKED, SFS_TOPIC_MISMATCH and what opening a storage throws */
export async function folderLog(data: string, region: string, id: string): Promise<OpenedLog> {
  const storage = await openEmbedded(data, { markerIdOf });
  try {
    for (const spec of gatewayTopics(region)) storage.log.ensureTopic(spec);
    const open = () => localTools(storage).writer(gatewayWriter(id), []);
    const log = await openWriterLog(region, { open, flushed: () => storage.flushed() });
    const box = new OrderBox(data, placeOf(storage));
    return { log, outcomes: outcomesIn(region, localTools(storage)), close: () => box.close().then(() => storage.close()) };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** What a gateway on Kafka is told; of Redis it needs the data keys of the region, where it has any. */
export type KafkaLogOptions = Pick<
  ServerOptions,
  'region' | 'kafka' | 'kafkaOptions' | 'redis' | 'redisOptions' | 'driver' | 'allowUnsafeProducer' | 'registry' | 'registryOptions' | 'replication'
>;

/** File beside the gateway's own that keeps what a schema registry has said. */
const SCHEMAS_FILE = 'schemas.json';

/**
 * Topics of Kafka, made where they are missing: each batch is a transaction. @param folder - of the gateway
 * @throws SFS_KAFKA_OPTIONS, SFS_DRIVER_UNAVAILABLE, SFS_PRODUCER_UNSAFE, SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED, SFS_TOPIC_MISMATCH, SFS_REGISTRY_OPTION,
 * SFS_SCHEMA_REFUSED
 */
export async function kafkaLog(options: KafkaLogOptions, folder: string, id: string): Promise<OpenedLog> {
  const { region, driver, replication } = options;
  // Their packages take a while to load, and are not there on every machine.
  const [{ openBroker }, { openClusterWriter }] = await Promise.all([
    import('../../runtime/kafka/index.js'),
    import('../../runtime/cluster/clusterWriter.js'),
  ]);
  const schemas = await registeredSchemas(options, folder);
  const broker = await openBroker(driver, kafkaOptionsOf(options));
  try {
    const admin = await broker.admin();
    await admin.createTopics(gatewayTopics(region), replication);
    const sealing = await openRegionKeys(options, schemas);
    const open = () => openClusterWriter({ broker, admin, region, replication, keys: sealing.keys }, gatewayWriter(id), []);
    const log = await openWriterLog(region, { open }).catch(async (error: unknown) => {
      await sealing.close();
      throw error;
    });
    const outcomes = outcomesIn(region, await outcomeLog(broker, admin, schemas));
    return { log, outcomes, ...(schemas && { schemas }), close: () => broker.close().finally(() => sealing.close()) };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/** Tells how far requests are by the log that they are in. */
export function outcomesIn(region: string, log: OutcomeLog): RightsOutcomes {
  const known = new KnownOutcomes(region);
  return {
    find: async (request) => {
      await known.follow(log);
      return known.of(request);
    },
  };
}

/** Of a topic whose records are of nobody: no key is needed. */
async function outcomeLog(broker: Broker, admin: Admin, schemas: SchemaRegistry | undefined): Promise<OutcomeLog> {
  const [{ partitionRecords }, { SchemaGate }] = await Promise.all([
    import('../../runtime/cluster/partitionRecords.js'),
    import('../../runtime/cluster/schemaGate.js'),
  ]);
  const gate = new SchemaGate(schemas, () => undefined);
  return {
    schemas,
    topics: () => admin.topics(),
    records: (topic, partition, from) => gate.opened(topic, partitionRecords(broker, admin, topic, partition, from)),
  };
}

/** The ids of a registry, with the schemas of all that is written registered there; `undefined` where none is named. */
async function registeredSchemas(options: KafkaLogOptions, folder: string): Promise<SchemaRegistry | undefined> {
  const registry = registryOptionsOf(options);
  if (registry === undefined) return undefined;
  const schemas = (await import('../../runtime/registry/index.js')).openRegistry(registry, documentsIn(join(folder, SCHEMAS_FILE)));
  for (const [at, name] of (Object.keys(WRITTEN_TOPICS) as WrittenTopic[]).entries()) {
    const topic = writtenTopic(name);
    await schemas.register(gatewayTopics(options.region)[at]!.name, topic.schemaName, schemaOf(topic));
  }
  return schemas;
}
