import { SkillForgeError, errorCodeOf, physicalTopicName, topics, type DiskKeys } from '../../schemas/index.js';
import type { KeyGate } from '../keys/keyGate.js';
import { asTombstone } from '../keys/openedRecord.js';
import type { Admin, Broker, FetchedRecords, ManualReader } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import type { LogRecord, PartitionRange, SchemaRegistry, TopicSpec } from '../ports.js';
import { FollowedPartition } from './followedPartition.js';
import { SchemaGate } from './schemaGate.js';
import { TopicEnds } from './topicEnds.js';

/** What is followed, and through what. */
export interface FollowedTopicsOptions {
  /** Stays the caller's. */
  readonly broker: Broker;
  readonly region: string;
  /** Which topics of the region, by their logical names. */
  readonly isFollowed: (name: string) => boolean;
  /** Which partitions of them, by the logical name of the topic (all): nothing is known of the others, and nobody may ask for them. */
  readonly isPartitionFollowed?: (name: string, partition: number) => boolean;
  /** Where ids of schemas come from: a record is handed out when its schema is known, or known to be unknown. */
  readonly schemas?: SchemaRegistry | undefined;
  /** What opens sealed records; without it they stay sealed. */
  readonly keys?: KeyGate | null;
  /** What wraps keys of files that are made of them; none where nobody can tell whether the region has any. */
  readonly diskKeys?: DiskKeys | null;
}

/** Between two looks at the topics and their ends, ms: records come without one. */
const LOOK_MS = 5_000;
const LOOK_AGAIN_MS = 1_000;
/** From something that calls for a look to the look, ms: each is some requests, and control records come in bursts. */
const LOOK_SOON_MS = 500;

/** What the last look found. */
interface Known {
  readonly identity: string;
  readonly topics: readonly TopicSpec[];
  /** Topics whose ends could not be found: nothing is said of them, so that nothing is taken for whole that is not. */
  readonly troubled: ReadonlyMap<string, SkillForgeError>;
}

/**
 * Begins to follow the topics of a region: committed records alone, as they come, as no member of a group. Resolves after the first look at the
 * brokers; where none answers, reading says so until one does.
 * @throws what the brokers refuse: SFS_BROKER_REFUSED, SFS_BROKER_FAILED
 */
export async function followTopics(options: FollowedTopicsOptions): Promise<FollowedTopics> {
  const followed = new FollowedTopics(options);
  await followed.begin();
  return followed;
}

/**
 * Topics of Kafka as a log that is at hand: what they hold is known from the last look, and grows as records come. What came before that is
 * fetched when somebody reads it; memory stays bounded. Every call throws `SFS_BROKER_UNAVAILABLE` while no broker answers, and those about one topic
 * while the ends of that cannot be found.
 */
export class FollowedTopics {
  private readonly listeners = new Set<() => void>();
  private readonly partitions = new Map<string, FollowedPartition>();
  private readonly gate: SchemaGate;
  /** Its records, such as pointers to other topics, show when the ends of all topics are known anew. */
  private readonly controlTopic: string;
  private readonly ends = new TopicEnds();
  private admin: Admin | null = null;
  private reader: ManualReader | null = null;
  private known: Known | null = null;
  private trouble: SkillForgeError = lost('no broker has answered yet');
  private looking: Promise<void> | null = null;
  private isLookDue = false;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  /** Whether the reader reads the partitions, and no others. */
  private isAssigned = false;
  private isClosed = false;

  /** Made by {@link followTopics}. */
  constructor(private readonly options: FollowedTopicsOptions) {
    this.controlTopic = physicalTopicName(options.region, topics.control.name);
    this.gate = new SchemaGate(options.schemas, () => undefined, options.keys);
  }

  /** For {@link followTopics}. */
  async begin(): Promise<void> {
    await this.look();
    if (this.known !== null || this.trouble.retriable) return;
    await this.close();
    throw this.trouble;
  }

  /** See {@link FollowedTopicsOptions.diskKeys}. */
  diskKeys(): DiskKeys | null {
    return this.options.diskKeys ?? null;
  }

  /** The topics that are followed. */
  topics(): readonly TopicSpec[] {
    return this.current().topics;
  }

  /** What a partition is known to hold. The end of `control` is not ahead of the others: what was there before a record of it is in their ranges. */
  range(topic: string, partition: number): PartitionRange {
    return this.partitionOf(topic, partition).range;
  }

  /**
   * Records from an offset on, at most `most`; none only where none is left up to the end that {@link range} gives. Waits for those that are on
   * their way. What nobody can read any more, because its key was deleted, comes as a tombstone. @throws SFS_OFFSET_OUT_OF_RANGE, and what reading throws
   */
  async read(topic: string, partition: number, from: number, most: number): Promise<LogRecord[]> {
    const records = await this.partitionOf(topic, partition).read(from, most);
    return (await this.gate.openAll(topic, records)).map(asTombstone);
  }

  /** The cluster's id. */
  identity(): string {
    return this.current().identity;
  }

  /** Calls when records have come; returns the unsubscriber. */
  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends following; the broker stays the caller's. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.timer);
    this.dropPartitions(lost('it is not followed any more'));
    await this.looking;
    await this.turn;
    await this.reader?.close();
    await this.admin?.close();
  }

  private current(): Known {
    if (this.known === null) throw this.trouble;
    return this.known;
  }

  private partitionOf(topic: string, partition: number): FollowedPartition {
    const trouble = this.current().troubled.get(topic);
    if (trouble !== undefined) throw trouble;
    const one = this.partitions.get(partitionName({ topic, partition }));
    if (one === undefined) throw new SkillForgeError('SFS_PARTITION_UNKNOWN', `${topic}/${partition} is not followed`);
    return one;
  }

  /** When a look is under way, another one follows: it may have begun too early. */
  private lookSoon(): void {
    if (this.isLookDue) return;
    this.isLookDue = true;
    if (this.looking === null) this.lookIn(LOOK_SOON_MS);
  }

  private lookIn(ms: number): void {
    clearTimeout(this.timer);
    if (!this.isClosed) this.timer = setTimeout(() => void this.look(), ms).unref();
  }

  private look(): Promise<void> {
    this.isLookDue = false;
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = null;
      const pauseMs = this.known === null || this.known.troubled.size > 0 ? LOOK_AGAIN_MS : LOOK_MS;
      this.lookIn(this.isLookDue ? LOOK_SOON_MS : pauseMs);
    });
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    try {
      const admin = (this.admin ??= await this.options.broker.admin());
      const identity = await admin.clusterId();
      // First: whatever is in the log before a record of control is seen below.
      const control = await admin.ranges(this.controlTopic).catch(unlessUnknown);
      const specs = (await admin.topics()).filter(({ name }) => this.isFollowed(name) && (control !== null || name !== this.controlTopic));
      const ranges = new Map<string, readonly PartitionRange[]>();
      const troubled = new Map<string, SkillForgeError>();
      await Promise.all(
        specs.map(async ({ name }) => {
          const found = name === this.controlTopic ? control! : await this.ends.find(admin, name);
          if (found instanceof SkillForgeError) troubled.set(name, found);
          else ranges.set(name, found);
        }),
      );
      await this.follow(ranges, troubled);
      this.known = { identity, troubled, topics: specs.map((spec) => ({ ...spec, partitions: ranges.get(spec.name)?.length ?? spec.partitions })) };
      this.tell();
    } catch (error) {
      this.fail(error);
    }
  }

  private isFollowed(name: string): boolean {
    const { region, isFollowed } = this.options;
    return name.startsWith(`${region}.`) && isFollowed(name.slice(region.length + 1));
  }

  private isPartitionFollowed(topic: string, partition: number): boolean {
    const { region, isPartitionFollowed } = this.options;
    return isPartitionFollowed?.(topic.slice(region.length + 1), partition) ?? true;
  }

  private async follow(ranges: ReadonlyMap<string, readonly PartitionRange[]>, troubled: Known['troubled']): Promise<void> {
    this.dropAllBut((topic) => ranges.has(topic) || troubled.has(topic));
    for (const one of this.partitions.values()) {
      const trouble = troubled.get(one.options.topic);
      if (trouble !== undefined) one.interrupt(trouble);
    }
    const reader = (this.reader ??= await this.openReader());
    for (const [topic, found] of ranges) {
      for (const [partition, range] of found.entries()) {
        if (!this.isPartitionFollowed(topic, partition)) continue;
        const name = partitionName({ topic, partition });
        const known = this.partitions.get(name);
        known?.found(range);
        if (known !== undefined) continue;
        this.isAssigned = false;
        const isHeldBack = topic === this.controlTopic;
        this.partitions.set(name, new FollowedPartition({ topic, partition, range, isHeldBack, inTurn: (work) => this.inTurn(work) }, reader));
      }
    }
    if (!this.isAssigned) await this.inTurn(() => this.assign(reader));
  }

  private dropAllBut(isThere: (topic: string) => boolean): void {
    for (const one of [...this.partitions.values()]) {
      if (isThere(one.options.topic)) continue;
      one.end(lost(`${one.options.topic} is not there any more`));
      this.partitions.delete(partitionName(one.options));
      this.isAssigned = false;
    }
  }

  private openReader(): Promise<ManualReader> {
    let isReplaced = false;
    return this.options.broker.reader({
      onRecords: (fetched) => this.take(fetched),
      onError: (error) => {
        if (isReplaced) return;
        isReplaced = true;
        this.trouble = lost('the topics are about to be followed anew', error);
        this.dropReader(error);
        this.lookSoon();
      },
    });
  }

  private async assign(reader: ManualReader): Promise<void> {
    const all = [...this.partitions.values()];
    await reader.assign(all.map(({ options: { topic, partition }, next }) => ({ topic, partition, offset: next })));
    for (const one of all) one.assigned();
    this.isAssigned = true;
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private take(fetched: FetchedRecords): void {
    const one = this.partitions.get(partitionName(fetched));
    if (one === undefined) return;
    one.take(fetched);
    if (fetched.topic === this.controlTopic && fetched.nextOffset > one.range.end) this.lookSoon();
    if (fetched.records.length > 0) this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private fail(error: unknown): void {
    this.known = null;
    this.trouble = error instanceof SkillForgeError ? error : lost('following the topics failed', error);
    if (this.trouble.retriable) for (const one of this.partitions.values()) one.interrupt(this.trouble);
    else this.dropReader(this.trouble);
  }

  /** A reader that failed is of no more use: the next look opens another. */
  private dropReader(error: SkillForgeError): void {
    this.known = null;
    this.dropPartitions(error);
    const { reader } = this;
    this.reader = null;
    // What it does at the time needs its connections.
    void this.turn.then(() => reader?.close()).catch(() => undefined);
  }

  private dropPartitions(error: SkillForgeError): void {
    for (const one of this.partitions.values()) one.end(error);
    this.partitions.clear();
    this.isAssigned = false;
  }
}

const lost = (what: string, cause?: unknown): SkillForgeError => new SkillForgeError('SFS_BROKER_UNAVAILABLE', what, { cause, retriable: true });

function unlessUnknown(error: unknown): null {
  if (errorCodeOf(error) === 'SFS_TOPIC_UNKNOWN') return null;
  throw error;
}
