/** The log as the gateway writes it, over a writer of a name: records and the number of the batch are one commit. */
import { WRITTEN_TOPICS, writtenTopic, type EventLog, type LoggedEvent, type WrittenTopic } from '../../gateway/index.js';
import { physicalTopicName } from '../../schemas/index.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { NamedWriter, OutputRecord, TopicSpec } from '../../runtime/ports.js';

/** What a log of events is opened over. */
export interface WriterSource {
  /** Opens the writer; an earlier one of the same name is shut out. */
  readonly open: () => Promise<NamedWriter>;
  /** Waits until what was committed survives a loss of power. */
  readonly flushed?: () => Promise<void>;
}

/** The name under which the log keeps how far a gateway is. @param id - of the gateway's folder */
export const gatewayWriter = (id: string): string => `gateway/${id}`;

/** The topics that a gateway writes. @throws SFS_REGION_INVALID */
export function gatewayTopics(region: string): TopicSpec[] {
  return (Object.keys(WRITTEN_TOPICS) as WrittenTopic[]).map((topic) => {
    const { name, partitions, cleanup, retentionMs } = writtenTopic(topic);
    return { name: physicalTopicName(region, name), partitions, cleanup, retentionMs };
  });
}

/** Opens the log. @throws what opening the writer throws */
export async function openWriterLog(region: string, source: WriterSource): Promise<EventLog> {
  const partitions = new Map(gatewayTopics(region).map((spec) => [spec.name, spec.partitions]));
  return new WriterLog(partitions, source, await source.open());
}

class WriterLog implements EventLog {
  last: number;

  constructor(
    private readonly partitions: ReadonlyMap<string, number>,
    private readonly source: WriterSource,
    private writer: NamedWriter,
  ) {
    this.last = lastOf(writer);
  }

  async append(batch: number, events: readonly LoggedEvent[]): Promise<void> {
    await this.writer.commit(
      events.map((event) => this.recordOf(event)),
      Buffer.from(JSON.stringify({ batch } satisfies Progress)),
    );
    await this.source.flushed?.();
    this.last = batch;
  }

  async recover(): Promise<void> {
    // It may have failed already; what it left open is settled by its successor.
    await this.writer.close().catch(() => undefined);
    this.writer = await this.source.open();
    this.last = lastOf(this.writer);
  }

  close(): Promise<void> {
    return this.writer.close();
  }

  private recordOf({ topic, key: text, value }: LoggedEvent): OutputRecord {
    const key = Buffer.from(text);
    return { topic, partition: partitionOf(key, this.partitions.get(topic)!), key, value, header: null };
  }
}

interface Progress {
  readonly batch: number;
}

const lastOf = ({ progress }: NamedWriter): number => (progress === null ? 0 : (JSON.parse(progress.toString()) as Progress).batch);
