/**
 * Where orders are given and read: a folder, whether or not another process has it open, or the topics of a region on Kafka. Redis is needed for the data
 * keys of the region alone, where it has any.
 */
import { SkillForgeError, errorCodeOf, errorMessageOf, type SchemaIds } from '../../schemas/index.js';
import { localTools } from '../../runtime/localTools.js';
import type { Admin, Broker } from '../../runtime/kafka/broker.js';
import type { KeyGate } from '../../runtime/keys/keyGate.js';
import { asTombstone } from '../../runtime/keys/openedRecord.js';
import { inPieces } from '../../runtime/pieces.js';
import type { LogRecord, OutputRecord, SchemaRegistry, Storage, TopicSpec } from '../../runtime/ports.js';
import { registerTopic } from '../../runtime/registeredCodec.js';
import { holdsStorage, readingFolder, withFolder } from '../commands/folder.js';
import { kafkaOptionsOf, registryOptionsOf, type ServerOptions } from '../commands/serverOptions.js';
import { openRegionKeys } from '../serving/regionKeys.js';
import { appendOrder, leaveOrder, placeOf, wasTaken } from './orderBox.js';
import { recordOfOrder, regionOf, targetOfOrder, topicOfOrder, type Order } from './orders.js';

/** Records whose keys are fetched together. */
const PIECE = 500;
const PATIENCE_MS = 10_000;
/** Readers are to follow within ten seconds: a registry has so long to answer, where its options do not say otherwise. */
const REGISTRY_MS = 2_000;

/** How a place is named; of Redis it needs the data keys of the region, where it has any. */
export type OversightPlace = Pick<
  ServerOptions,
  'region' | 'kafka' | 'kafkaOptions' | 'redis' | 'redisOptions' | 'driver' | 'registry' | 'registryOptions'
> & {
  readonly data: string;
};

/** How a place that is written to is named. */
export type WrittenPlace = OversightPlace & Pick<ServerOptions, 'allowUnsafeProducer' | 'replication'>;

/** What is read of a place. */
export interface OversightTopics {
  topics(): TopicSpec[] | Promise<TopicSpec[]>;
  records(topic: string, partition: number, from: number): Iterable<LogRecord> | AsyncIterable<LogRecord>;
  /** What decodes them, where it is not the package's own. */
  readonly schemas?: SchemaIds | undefined;
}

/**
 * Gives an order; it is in the log when this resolves. Of a folder that another process has open, that process appends it within a second.
 *
 * @throws SFS_FOLDER_MISSING; SFS_FOLDER_LOCKED where that process takes no orders; SFS_LEARNER_ERASED; what opening and writing Kafka throws;
 * SFS_KEYS_UNAVAILABLE and what opening the keys of the region throws: then nothing was written
 */
export async function giveOrder(place: WrittenPlace, order: Order): Promise<void> {
  if (place.kafka !== undefined) return toKafka(place, order);
  if (!holdsStorage(place.data))
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${place.data} holds no storage`, { context: { folder: place.data } });
  try {
    await withFolder(place.data, (storage) => appendOrder(placeOf(storage), order));
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_FOLDER_LOCKED' || !(await wasTaken(leaveOrder(place.data, order)))) throw error;
  }
}

/** Reads the topics of a place, opened with the keys of the region where Redis is named. @throws SFS_FOLDER_MISSING, what opening Kafka and keys throws, and what `work` throws */
export async function readingOversight<T>(place: OversightPlace, work: (topics: OversightTopics) => Promise<T>): Promise<T> {
  if (place.kafka === undefined) return readingFolder(place.data, (storage) => work(localTools(storage)));
  const [{ partitionRecords }, { SchemaGate }] = await Promise.all([
    import('../../runtime/cluster/partitionRecords.js'),
    import('../../runtime/cluster/schemaGate.js'),
  ]);
  const schemas = await schemasOf(place);
  const gate = new SchemaGate(schemas, () => undefined);
  return withKeys(place, schemas, (keys) =>
    onBroker(place, async (broker, admin) => {
      const records: OversightTopics['records'] = (topic, partition, from) =>
        openedRecords(topic, gate.opened(topic, partitionRecords(broker, admin, topic, partition, from)), keys);
      return work({ schemas, topics: () => admin.topics(), records });
    }),
  );
}

/** Of a learner whose key was deleted nothing is read any more. @throws SFS_KEYS_UNAVAILABLE: somebody waits for this, so that it is not asked for ever */
async function* openedRecords(topic: string, records: AsyncIterable<LogRecord>, keys: KeyGate | null): AsyncGenerator<LogRecord> {
  if (keys === null) {
    yield* records;
    return;
  }
  for await (const piece of inPieces(records, PIECE)) {
    const deadline = performance.now() + PATIENCE_MS;
    if (piece.some((record) => keys.ready(topic, record) === null)) await keys.fetch(piece, () => performance.now() > deadline);
    for (const record of piece) {
      const opened = keys.ready(topic, record);
      if (opened === null) throw new SkillForgeError('SFS_KEYS_UNAVAILABLE', `what is sealed in ${topic} cannot be opened now`, { retriable: true });
      yield asTombstone(opened);
    }
  }
}

async function toKafka(place: WrittenPlace, order: Order): Promise<void> {
  const schemas = await schemasOf(place);
  const ids = await idsFor(order, schemas);
  // A measure names no learner: it is given while Redis is away, too.
  if (order.kind === 'measure') return send(place, order, { ids, keys: null });
  return withKeys(place, schemas, (keys) => send(place, order, { ids, keys }));
}

/** What said it is asked again at the next call: a command has nowhere to remember it. */
const NO_DOCUMENTS: Storage['documents'] = { get: () => null, put: () => Promise.resolve(), names: () => [] };

async function schemasOf(place: OversightPlace): Promise<SchemaRegistry | undefined> {
  const registry = registryOptionsOf(place);
  if (registry === undefined) return undefined;
  return (await import('../../runtime/registry/index.js')).openRegistry({ timeoutMs: REGISTRY_MS, ...registry }, NO_DOCUMENTS);
}

/** A registry, whatever ails it, keeps nobody from stopping the recommender: whoever follows the log knows the ids of this package, too. */
async function idsFor(order: Order, schemas: SchemaRegistry | undefined): Promise<SchemaIds | undefined> {
  try {
    await registerTopic(schemas, regionOf(order), targetOfOrder(order));
    return schemas;
  } catch (error) {
    process.emitWarning(`${errorMessageOf(error)}; the decision is written with the schema id of this package`);
    return undefined;
  }
}

interface Written {
  readonly ids: SchemaIds | undefined;
  readonly keys: KeyGate | null;
}

function send(place: WrittenPlace, order: Order, { ids, keys }: Written): Promise<void> {
  return onBroker(place, async (broker, admin) => {
    const records = [recordOfOrder(order, ids)];
    const sent = async (sealed: readonly OutputRecord[]): Promise<void> => {
      if (sealed.length < records.length) throw new SkillForgeError('SFS_LEARNER_ERASED', 'the learner was erased: there is nothing to decide of');
      await admin.createTopics([topicOfOrder(order)], place.replication);
      const producer = await broker.producer({ transactionalId: null });
      await producer.send(sealed);
    };
    await (keys === null ? sent(records) : keys.write(records, sent));
  });
}

async function withKeys<T>(place: OversightPlace, schemas: SchemaIds | undefined, work: (keys: KeyGate | null) => Promise<T>): Promise<T> {
  const opened = await openRegionKeys(place, schemas);
  try {
    return await work(opened.keys);
  } finally {
    await opened.close();
  }
}

async function onBroker<T>(place: OversightPlace, work: (broker: Broker, admin: Admin) => Promise<T>): Promise<T> {
  // Its package takes a while to load, and is not there on every machine.
  const { openBroker } = await import('../../runtime/kafka/index.js');
  const broker = await openBroker(place.driver, kafkaOptionsOf(place));
  try {
    return await work(broker, await broker.admin());
  } finally {
    await broker.close();
  }
}
