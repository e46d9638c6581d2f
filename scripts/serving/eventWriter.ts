/** Where a reader writes the events of its clients: the log of a folder, or topics of Kafka. */
import type { EventWriter, ReaderEvent } from '../../reader/index.js';
import { LocalSchemaIds, SkillForgeError, errorMessageOf, physicalTopicName, topicCodec, topics, type SchemaIds } from '../../schemas/index.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { Broker, Producer } from '../../runtime/kafka/broker.js';
import type { KeyGate } from '../../runtime/keys/keyGate.js';
import type { LocalLog, OutputRecord, SchemaRegistry, TopicSpec } from '../../runtime/ports.js';
import { registerTopic } from '../../runtime/registeredCodec.js';

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

  of(event: ReaderEvent): OutputRecord {
    const key = event.value.learner;
    const bytes = Buffer.from(key);
    const value = event.topic === 'exposures' ? this.codecs.exposures.encode(key, event.value) : this.codecs.feedback.encode(key, event.value);
    const { name, partitions } = topics[event.topic];
    return { topic: physicalTopicName(this.region, name), partition: partitionOf(bytes, partitions), key: bytes, value, header: null };
  }
}

/** Writes into the log of a folder that is this process's own. */
export function folderEvents(log: LocalLog, region: string): EventWriter {
  const records = new EventRecords(region);
  for (const topic of TARGETS) log.ensureTopic(specOf(region, topic));
  return { write: (events) => log.append(events.map((event) => records.of(event))) };
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

/** What is there once the first event came. */
interface Opened {
  readonly producer: Producer;
  readonly records: EventRecords;
}

/** Writes into topics of Kafka, which are created where they are not there. Nothing is asked of a broker, or of a registry, before the first event. */
export function kafkaEvents(broker: Broker, region: string, options: KafkaEventOptions): EventWriter {
  const { keys = null } = options;
  let opening: Promise<Opened> | null = null;
  const opened = (): Promise<Opened> => {
    opening ??= openedOn(broker, region, options).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return {
    write: async (events) => {
      const { producer, records } = await opened().catch(unavailable);
      const encoded = events.map((event) => records.of(event));
      await (keys === null ? producer.send(encoded) : keys.write(encoded, (sealed) => producer.send(sealed))).catch(unavailable);
    },
  };
}

function unavailable(cause: unknown): never {
  throw new SkillForgeError('SFS_EVENTS_UNAVAILABLE', `events cannot be written: ${errorMessageOf(cause)}`, { retriable: true, cause });
}

async function openedOn(broker: Broker, region: string, { replication, schemas }: KafkaEventOptions): Promise<Opened> {
  for (const topic of TARGETS) await registerTopic(schemas, region, topic);
  const admin = await broker.admin();
  try {
    await admin.createTopics(
      TARGETS.map((topic) => specOf(region, topic)),
      replication,
    );
  } finally {
    await admin.close();
  }
  return { producer: await broker.producer({ transactionalId: null }), records: new EventRecords(region, schemas) };
}
