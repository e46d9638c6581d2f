/**
 * A member of a consumer group. Rebalances are eager: all members give everything back, then everything is dealt out. librdkafka waits for
 * `assign` and `unassign` as long as it takes, within `drainTimeoutMs`, while the loop keeps pulling; so both may wait for the engine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf } from '../../../schemas/index.js';
import type { CommittedOffset, GroupConsumer, GroupConsumerOptions, GroupOffset, PartitionStart, TopicPartition } from '../broker.js';
import { CODES, failureOf } from './codes.js';
import { committedOf } from './committedOffsets.js';
import { ConfluentConsumer, type ConsumerParts } from './consumer.js';
import { asError, nativeCall, type NativeError, type NativePartition } from './native.js';

const CHECK_AGAIN_MS = 500;

/** A member of a group on librdkafka. */
export class ConfluentGroupConsumer extends ConfluentConsumer implements GroupConsumer {
  readonly groupId: string;
  private readonly assignment: GroupConsumerOptions['listener'];
  private readonly onRebalance: RebalanceSlot;
  /** Rebalances, one after the other. */
  private rebalances: Promise<void> = Promise.resolve();
  /** Calls that depend on this member's generation; it does not leave the generation before they have ended. */
  private readonly underGeneration = new Set<Promise<unknown>>();
  private subscribed = false;
  private released = false;

  constructor(parts: Omit<ConsumerParts, 'extra' | 'groupId'>, options: GroupConsumerOptions) {
    const slot: RebalanceSlot = {};
    const rebalance_cb = (error: NativeError | undefined, partitions: readonly NativePartition[]): void => slot.take?.(error, partitions);
    super({ ...parts, groupId: options.groupId, extra: { rebalance_cb } });
    this.groupId = options.groupId;
    this.assignment = options.listener;
    this.onRebalance = slot;
    this.onRebalance.take = (error, partitions) => this.rebalance(error, partitions);
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    await this.checkTopics(topics);
    try {
      this.client.subscribe(topics);
    } catch (error) {
      throw failureOf(error, `joining the group ${this.groupId}`, this.failures, topics);
    }
    this.subscribed = true;
  }

  async committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    try {
      // Waits for stable offsets, since the isolation level is read_committed.
      const answers = await nativeCall<(NativePartition | Error)[]>((done) => this.client.committed(partitions.map(named), this.timeoutMs, done));
      return committedOf(answers, partitions);
    } catch (error) {
      throw failureOf(error, `asking for offsets of the group ${this.groupId}`, this.failures);
    }
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    const doing = `committing offsets of the group ${this.groupId}`;
    if (offsets.length === 0) return;
    try {
      await this.inGeneration(doing, offsets, () => nativeCall((done) => this.client.commitCb(offsets, done)));
    } catch (error) {
      throw failureOf(error, doing, this.failures);
    }
  }

  /**
   * Makes a call that the broker checks against this member's generation. The client would send a later generation, had the member left and
   * joined again, or none at all; so the partitions must be its own before and after, and it stays in the generation meanwhile.
   * @throws SFS_FENCED
   */
  async inGeneration(doing: string, partitions: readonly TopicPartition[], call: () => Promise<unknown>): Promise<void> {
    this.checkOwned(doing, partitions);
    const running = call();
    this.underGeneration.add(running);
    try {
      await running;
    } finally {
      this.underGeneration.delete(running);
    }
    this.checkOwned(doing, partitions);
  }

  protected override async beforeClosing(): Promise<void> {
    await this.rebalances;
    await this.release();
    this.released = true;
  }

  private checkOwned(doing: string, partitions: readonly TopicPartition[]): void {
    const missing = partitions.find(({ topic, partition }) => this.table.get(topic, partition) === undefined);
    if (missing !== undefined) throw this.failures.fenced(doing, `${missing.topic}/${missing.partition} is not this member's`);
    if (this.subscribed && !this.released && this.client.assignmentLost()) throw this.failures.fenced(doing, 'the member was put out of the group');
  }

  private rebalance(error: NativeError | undefined, partitions: readonly NativePartition[]): void {
    // Asked at once: the answer holds during the rebalance only.
    const lost = error?.code === CODES.REVOKE_PARTITIONS && this.client.assignmentLost();
    if (lost) this.loseAll();
    this.rebalances = this.rebalances.then(() => (error?.code === CODES.ASSIGN_PARTITIONS ? this.take(partitions) : this.giveBack()));
  }

  private async take(partitions: readonly NativePartition[]): Promise<void> {
    const taken = partitions.map(({ topic, partition }) => ({ topic, partition }));
    let starts: readonly PartitionStart[] = [];
    try {
      // Entries only now: a pull of before brings nothing of these partitions.
      for (const { topic, partition } of taken) this.table.add(topic, partition).staleUntil = this.loop.pullNumber;
      starts = await this.startsOf(taken);
      for (const { topic, partition, offset } of starts) this.table.add(topic, partition).position = offset;
    } catch (error) {
      this.table.clear();
      starts = [];
      this.report(failureOf(error, 'taking partitions', this.failures));
    }
    this.natively(() => {
      this.client.assign(starts);
      this.resumeAnew(starts);
    });
  }

  private async startsOf(taken: readonly TopicPartition[]): Promise<readonly PartitionStart[]> {
    if (taken.length === 0) return [];
    const starts = await this.assignment.assigned(taken);
    const missing = taken.find((one) => !starts.some(({ topic, partition }) => topic === one.topic && partition === one.partition));
    if (missing !== undefined) throw new Error(`no offset to begin with was given for ${missing.topic}/${missing.partition}`);
    await this.checkPersistently(starts);
    return starts;
  }

  /** Who gives up here has the partitions and does not read them, and no rebalance comes to help: brokers that are away are waited for. */
  private async checkPersistently(starts: readonly PartitionStart[]): Promise<void> {
    for (; ; await sleep(CHECK_AGAIN_MS)) {
      try {
        return await this.checkStarts(starts);
      } catch (error) {
        const areOurs = starts.every(({ topic, partition }) => this.table.get(topic, partition) !== undefined);
        if (errorCodeOf(error) !== 'SFS_BROKER_UNAVAILABLE' || !areOurs || this.closed) throw error;
      }
    }
  }

  private async giveBack(): Promise<void> {
    await this.release();
    await Promise.allSettled(this.underGeneration);
    this.natively(() => this.client.unassign());
  }

  /** Lets the engine finish. Pulling goes on for the sake of the group, and hands out nothing. */
  private async release(): Promise<void> {
    const entries = this.table.all();
    if (entries.length === 0) return;
    for (const { topic, partition } of entries) this.pause(topic, partition);
    try {
      await this.assignment.revoked(entries.map(named));
    } catch (error) {
      this.report(failureOf(error, 'giving partitions back', this.failures));
    }
    this.table.clear();
  }

  private loseAll(): void {
    const entries = this.table.all().map(named);
    this.table.clear();
    if (entries.length > 0) this.assignment.lost(entries);
  }

  private natively(act: () => unknown): void {
    try {
      act();
    } catch (error) {
      if (asError(error).code !== CODES.STATE) this.report(failureOf(error, 'a rebalance', this.failures));
    }
  }
}

/** The native callback exists before the object that it calls. */
interface RebalanceSlot {
  take?: (error: NativeError | undefined, partitions: readonly NativePartition[]) => void;
}

const named = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });
