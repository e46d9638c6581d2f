/** Where a reader writes the events of its clients: the log of a folder, or topics of Kafka. */
import type { EventWriter, ReaderEvent } from '../../reader/index.js';
import { LocalSchemaIds, SkillForgeError, errorMessageOf, physicalTopicName, topicCodec, topics } from '../../schemas/index.js';
import { partitionOf } from '../../runtime/engine/partitioner.js';
import type { Broker, Producer } from '../../runtime/kafka/broker.js';
import type { LocalLog, OutputRecord, TopicSpec } from '../../runtime/ports.js';

const TARGETS = [topics.exposures, topics.feedback] as const;

const specOf = (region: string, { name, partitions, cleanup, retentionMs }: Omit<TopicSpec, 'mostRecordBytes'>): TopicSpec => ({
  name: physicalTopicName(region, name),
  partitions,
  cleanup,
  retentionMs,
});

/** Makes records of events, keyed by learner. */
class EventRecords {
  private readonly ids = LocalSchemaIds.withAccepted();
  private readonly codecs = { exposures: topicCodec(topics.exposures, this.ids), feedback: topicCodec(topics.feedback, this.ids) };

  constructor(private readonly region: string) {}

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

/**
 * Writes into topics of Kafka, which are created where they are not there. Nothing is asked of a broker before the first event.
 *
 * @param replication - replicas of topics that are created
 */
export function kafkaEvents(broker: Broker, region: string, replication: number): EventWriter {
  const records = new EventRecords(region);
  let opening: Promise<Producer> | null = null;
  const opened = (): Promise<Producer> => {
    opening ??= producerOn(broker, region, replication).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return {
    write: async (events) => {
      const encoded = events.map((event) => records.of(event));
      try {
        await (await opened()).send(encoded);
      } catch (cause) {
        throw new SkillForgeError('SFS_EVENTS_UNAVAILABLE', `events cannot be written: ${errorMessageOf(cause)}`, { retriable: true, cause });
      }
    },
  };
}

async function producerOn(broker: Broker, region: string, replication: number): Promise<Producer> {
  const admin = await broker.admin();
  try {
    await admin.createTopics(
      TARGETS.map((topic) => specOf(region, topic)),
      replication,
    );
  } finally {
    await admin.close();
  }
  return broker.producer({ transactionalId: null });
}
