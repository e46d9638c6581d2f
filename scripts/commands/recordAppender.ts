/** Writes records into the log so that a write which was cut off can be repeated without doubling anything. */
import {
  LocalSchemaIds,
  SkillForgeError,
  deadLetterKey,
  keyOf,
  physicalTopicName,
  topicCodec,
  topics,
  type SchemaIds,
  type Topic,
  type TopicCodec,
} from '../../schemas/index.js';
import { clockMarkers } from '../../runtime/engine/clock.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { LocalStorage, NamedWriter, OutputRecord, ToolAccess, TopicSpec } from '../../runtime/ports.js';
import { registerTopic } from '../../runtime/registeredCodec.js';

/** Batches on their way to the disk while the next one is made. */
const MOST_UNDER_WAY = 4;

/** What an appender needs of a storage. */
export interface AppendStorage {
  readonly log: Pick<LocalStorage['log'], 'ensureTopic'>;
  readonly tasks: Pick<LocalStorage['tasks'], 'progress'>;
  readonly commit: LocalStorage['commit'];
  /** Where ids of schemas come from (those of this package); what is written must be registered by then. */
  readonly schemas?: SchemaIds | undefined;
}

/** What an appender of this one name needs, where its topics are there: see {@link prepareTopics}. */
export const appendingTo = (writer: NamedWriter, schemas?: SchemaIds): AppendStorage => ({
  schemas,
  log: { ensureTopic: () => undefined },
  tasks: { progress: () => writer.progress },
  commit: ({ outputs, progress }) => writer.commit(outputs, progress),
});

/** A line of a file that became no record. */
export interface RejectedLine {
  readonly line: number;
  readonly raw: Buffer;
  readonly code: string;
  readonly reason: string;
}

interface Place {
  readonly key: Buffer;
  readonly partition: number;
}

/** Keys whose partition is remembered. */
const MOST_PLACES = 100_000;

/**
 * Commits batches of records of one topic together with the writer's progress, in one transaction each, as a task does: after
 * a crash the progress says exactly what the log holds.
 */
export class RecordAppender<V> {
  private readonly target: TopicWriter<V>;
  private readonly letters: TopicWriter<unknown>;
  private readonly places = new Map<string, Place>();
  private outputs: OutputRecord[] = [];
  private readonly underWay: Promise<void>[] = [];

  /**
   * @param writer - name under which the progress is kept, such as `import/oulad/eu-west`
   * @throws SFS_TOPIC_MISMATCH, SFS_REGION_INVALID
   */
  constructor(
    private readonly storage: AppendStorage,
    private readonly topic: Topic<string, V>,
    private readonly region: string,
    private readonly writer: string,
  ) {
    const ids = storage.schemas ?? LocalSchemaIds.withAccepted();
    this.target = topicWriter(storage, region, topic, ids);
    this.letters = topicWriter(storage, region, topics.deadLetters as Topic<string, unknown>, ids);
  }

  /** What the last commit of this writer left; `null` before the first. */
  progress<T>(): T | null {
    const bytes = this.storage.tasks.progress(this.writer);
    return bytes === null ? null : (JSON.parse(bytes.toString()) as T);
  }

  /** @throws SFS_KEY_INVALID, SFS_ENCODE_FAILED */
  add(value: V): void {
    const { topic, codec } = this.target;
    const keyText = keyOf(this.topic, value);
    const { key, partition } = this.placeOf(keyText);
    this.outputs.push({ topic, partition, key, value: codec.encode(keyText, value), header: null });
  }

  /**
   * Promises, in every partition, that no record of an event time before `timeMs` is added from here on: what reads the topic need not wait
   * for partitions that have none. Goes out with the next commit. A record that breaks the promise is late.
   * @throws SFS_EVENT_TIME_INVALID
   */
  clock(timeMs: number): void {
    if (!Number.isSafeInteger(timeMs)) {
      throw new SkillForgeError('SFS_EVENT_TIME_INVALID', `a clock marker of ${this.topic.name} needs whole milliseconds since epoch, not ${timeMs}`);
    }
    this.outputs.push(...clockMarkers(this.target.topic, this.target.partitions, timeMs));
  }

  private placeOf(keyText: string): Place {
    let place = this.places.get(keyText);
    if (place === undefined) {
      if (this.places.size >= MOST_PLACES) this.places.clear();
      const key = Buffer.from(keyText);
      this.places.set(keyText, (place = { key, partition: partitionOf(key, this.target.partitions) }));
    }
    return place;
  }

  /** Sends a line that became no record to the dead letters. @param source - such as `import/oulad/studentVle.csv` */
  reject(source: string, { line, raw, code, reason }: RejectedLine): void {
    const { topic, codec, partitions } = this.letters;
    const id = deadLetterKey(source, 0, line);
    const value = {
      id,
      code,
      reason,
      stage: null,
      topology: null,
      topologyVersion: null,
      sourceTopic: source,
      sourcePartition: 0,
      sourceOffset: line,
      region: this.region,
      failedAtEventTimeMs: null,
      personal: { key: null, value: raw, header: null },
    };
    const key = Buffer.from(id);
    this.outputs.push({ topic, partition: partitionOf(key, partitions), key, value: codec.encode(id, value), header: null });
  }

  /** Commits what was added, with the progress after it; waits while too much is under way. @throws what a commit throws */
  async commit(progress: object): Promise<void> {
    const { outputs } = this;
    this.outputs = [];
    const done = this.storage.commit({ task: this.writer, outputs, state: [], queue: [], progress: Buffer.from(JSON.stringify(progress)) });
    // Looked at below or in `finish`: until then a failure must not end the process.
    done.catch(() => undefined);
    this.underWay.push(done);
    if (this.underWay.length >= MOST_UNDER_WAY) await this.underWay.shift();
  }

  /** Resolves when every commit is durable. @throws what a commit threw */
  async finish(): Promise<void> {
    await Promise.all(this.underWay.splice(0));
  }
}

interface TopicWriter<V> {
  readonly topic: string;
  readonly partitions: number;
  readonly codec: TopicCodec<V>;
}

function topicWriter<V>(storage: AppendStorage, region: string, topic: Topic<string, V>, ids: SchemaIds): TopicWriter<V> {
  const spec = specOf(region, topic);
  storage.log.ensureTopic(spec);
  return { topic: spec.name, partitions: spec.partitions, codec: topicCodec(topic, ids) };
}

function specOf(region: string, { name, partitions, cleanup, retentionMs }: Topic<string, unknown>): TopicSpec {
  return { name: physicalTopicName(region, name), partitions, cleanup, retentionMs };
}

/**
 * Makes the topics that an appender for this one writes, that for refused lines among them, and their schemas known where there is a registry.
 * @throws SFS_REGION_INVALID, SFS_TOPIC_MISMATCH, and what registering throws: then no topic was made
 */
export async function prepareTopics(
  tools: Pick<ToolAccess, 'ensureTopic' | 'schemas'>,
  region: string,
  topic: Topic<string, unknown>,
): Promise<void> {
  const written = [topic, topics.deadLetters as Topic<string, unknown>];
  for (const one of written) await registerTopic(tools.schemas, region, one);
  for (const one of written) await tools.ensureTopic(specOf(region, one));
}
