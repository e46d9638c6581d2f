/** Where a reader writes the events of its clients: the log of a folder, or topics of Kafka. */
import type { EventLog as WrittenLog, LoggedEvent } from '../../gateway/index.js';
import type { EventLog, EventWriter, NumberedLog, ReaderEvent } from '../../reader/index.js';
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type SchemaIds } from '../../schemas/index.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { Admin, Broker } from '../../runtime/kafka/broker.js';
import type { KeyGate } from '../../runtime/keys/keyGate.js';
import type { LocalLog, SchemaRegistry, TopicSpec } from '../../runtime/ports.js';
import { registerTopic } from '../../runtime/registeredCodec.js';
import { openWriterLog } from '../gateway/writerLog.js';

const TARGETS = [topics.exposures, topics.feedback] as const;

const specOf = (region: string, { name, partitions, cleanup, retentionMs }: Omit<TopicSpec, 'mostRecordBytes'>): TopicSpec => ({
  name: physicalTopicName(region, name),
  partitions,
  cleanup,
  retentionMs,
});

/** Makes records of events, keyed by learner. */
class EventRecords {
  private readonly codecs;

  constructor(
    private readonly region: string,
    ids: SchemaIds = LocalSchemaIds.withAccepted(),
  ) {
    this.codecs = { exposures: topicCodec(topics.exposures, ids), feedback: topicCodec(topics.feedback, ids) };
  }

  of(event: ReaderEvent): LoggedEvent {
    const key = event.value.learner;
    const value = event.topic === 'exposures' ? this.codecs.exposures.encode(key, event.value) : this.codecs.feedback.encode(key, event.value);
    return { topic: physicalTopicName(this.region, topics[event.topic].name), key, value };
  }
}

/** Writes into the log of a folder that is this process's own: where that is away, the process is, too. */
export function folderEvents(log: LocalLog, region: string): EventWriter {
  const records = new EventRecords(region);
  for (const topic of TARGETS) log.ensureTopic(specOf(region, topic));
  return {
    write: async (events) => {
      const made = events.map((event) => {
        const { topic, key, value } = records.of(event);
        const bytes = Buffer.from(key);
        return { topic, partition: partitionOf(bytes, topics[event.topic].partitions), key: bytes, value, header: null };
      });
      await log.append(made);
      return 'log';
    },
  };
}

/** How events are written to Kafka. */
export interface KafkaEventOptions {
  /** Replicas of topics that are created. */
  readonly replication: number;
  /** What seals them; `null`, or none, for a region without keys. */
  readonly keys?: KeyGate | null;
  /** Where ids of schemas come from (those of this package). */
  readonly schemas?: SchemaRegistry | undefined;
}

/**
 * Topics of Kafka, which are created where they are not there, through a writer of a name as the gateway's: events and their number are one transaction.
 * Nothing is asked of a broker, or of a registry, before the first event.
 */
export function kafkaEventLog(broker: Broker, region: string, options: KafkaEventOptions): EventLog {
  const { replication, keys } = options;
  let records: EventRecords | null = null;
  let areTopicsThere = false;
  return {
    open: (name) =>
      withAdmin(broker, async (admin) => {
        records ??= await registeredRecords(region, options);
        if (!areTopicsThere) await admin.createTopics(TARGETS.map((topic) => specOf(region, topic)), replication); // prettier-ignore
        areTopicsThere = true;
        // Its packages are those of Kafka, which are not there on every machine.
        const { openClusterWriter } = await import('../../runtime/cluster/clusterWriter.js');
        const parts = { broker, admin, region, replication, ...(keys && { keys }) };
        return numbered(await openWriterLog(region, { open: () => openClusterWriter(parts, `reader/${name}`, []) }), records);
      }),
  };
}

async function registeredRecords(region: string, { schemas }: KafkaEventOptions): Promise<EventRecords> {
  for (const topic of TARGETS) await registerTopic(schemas, region, topic);
  return new EventRecords(region, schemas);
}

const numbered = (log: WrittenLog, records: EventRecords): NumberedLog => ({
  last: log.last,
  append: (number, events) =>
    log.append(
      number,
      events.map((event) => records.of(event)),
    ),
  close: () => log.close(),
});

async function withAdmin<T>(broker: Broker, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = await broker.admin();
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
