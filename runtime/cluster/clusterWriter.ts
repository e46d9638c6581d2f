import { physicalTopicName } from '../../schemas/index.js';
import type { Admin, Broker } from '../kafka/broker.js';
import type { KeyGate } from '../keys/keyGate.js';
import type { NamedWriter, OutputRecord, TopicSpec } from '../ports.js';
import { randomId } from '../redis/index.js';
import { partitionRecords, spanRecords, type Span } from './partitionRecords.js';

/** What a writer is opened over. */
export interface WriterParts {
  readonly broker: Broker;
  readonly admin: Admin;
  readonly region: string;
  readonly replication: number;
  /** Seals what is written; `null`, or none, for a region without keys. */
  readonly keys?: KeyGate | null;
}

/** The topic of a region that keeps, by the name of each writer, the progress that it committed last. */
const writersTopic = (region: string): TopicSpec => ({
  name: physicalTopicName(region, 'writers'),
  partitions: 1,
  cleanup: 'compact',
  retentionMs: null,
});

/**
 * Opens a writer whose records and progress are in one transaction. Its transactional id shuts out an earlier writer of the name. What that
 * one committed may still be hidden behind transactions of others, so a mark is written into each partition and waited for.
 * @param topics - in which all that was committed under the name must be readable, besides its progress
 */
export async function openClusterWriter(parts: WriterParts, name: string, topics: readonly string[]): Promise<NamedWriter> {
  const { broker, admin, region, replication, keys } = parts;
  const kept = writersTopic(region);
  await admin.createTopics([kept], replication);
  const producer = await broker.producer({ transactionalId: `skillforge.${region}.writer.${name}` });
  try {
    await passMarks(parts, [kept.name, ...topics], (marks) => producer.transact(marks, []));
    let progress: Buffer | null = null;
    for await (const { key, value } of partitionRecords(broker, admin, kept.name, 0)) if (key?.toString() === name) progress = value;
    const noted = (value: Buffer): OutputRecord => ({ topic: kept.name, partition: 0, key: Buffer.from(name), value, header: null });
    return {
      progress,
      commit: async (records, value) => {
        const send = (sealed: readonly OutputRecord[]): Promise<void> => producer.transact([...sealed, noted(value)], []);
        return keys ? keys.write(records, send) : send(records);
      },
      close: () => producer.close(),
    };
  } catch (error) {
    await producer.close();
    throw error;
  }
}

/** A NUL first: no key of a record has one. */
const MARK = '\0skillforge-mark:';

/** Writes a mark at the end of each partition, and waits until it can be read. */
async function passMarks({ broker, admin }: WriterParts, topics: readonly string[], write: (marks: OutputRecord[]) => Promise<void>): Promise<void> {
  const key = Buffer.from(`${MARK}${randomId()}`);
  const ends: Span[] = [];
  for (const topic of topics) {
    for (const [partition, { end }] of (await admin.ranges(topic)).entries()) ends.push({ topic, partition, start: end, end: Infinity });
  }
  await write(ends.map(({ topic, partition }) => ({ topic, partition, key, value: null, header: null })));
  let missing = ends.length;
  for await (const { records } of spanRecords(broker, ends)) {
    missing -= records.filter((record) => record.key?.equals(key) === true).length;
    if (missing === 0) return;
  }
}
