/** Offsets of a group that its members commit, asked from outside of it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError } from '../../../schemas/index.js';
import type { CommittedOffset, TopicPartition } from '../broker.js';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import { CODES, failureOf } from './codes.js';
import { committedOf } from './committedOffsets.js';
import { consumerConfig } from './config.js';
import { connect } from './connection.js';
import { asError, nativeCall, NativeFailure, type Native, type NativeError, type NativeConsumer, type NativePartition } from './native.js';

const LOOK_MS = 50;
/** Offsets of a transaction that is about to end; a coordinator that loads or is elected. */
const PENDING: ReadonlySet<number> = new Set([CODES.UNSTABLE_OFFSET_COMMIT, 14, 15]);

/** librdkafka asks the coordinator that it found once, and goes on asking it when another broker is that, or when it is gone. */
const HAS_MOVED: ReadonlySet<number> = new Set([16, CODES.TIMED_OUT, CODES.TIMED_OUT_QUEUE, CODES.TRANSPORT, CODES.WAIT_COORDINATOR]);
/** Questions in the time of a call: one to a broker that is gone must not take all of it. */
const QUESTIONS = 3;

const isOneOf = (codes: ReadonlySet<number>, error: unknown): boolean => error instanceof NativeFailure && codes.has(error.code);

/** A client, and what is asked of it: it is closed when that is answered. */
interface Asked {
  readonly client: Promise<NativeConsumer>;
  readonly questions: Set<Promise<unknown>>;
}

/** Asks over a connection of its own, which is made with the first question. */
export class GroupOffsets {
  /**
   * It reads nothing: the package's administrative client borrows the connections of another. Not those of a producer, which has no group of
   * its own: librdkafka reads past a null pointer when a coordinator that has moved answers it (the package's issue 374).
   */
  private asked: Asked | null = null;
  private readonly leaving = new Set<Promise<void>>();
  private isClosed = false;

  constructor(
    private readonly native: Native,
    private readonly options: FullKafkaOptions,
    private readonly failures: Failures,
  ) {}

  /** Offsets that no running transaction can change; waits for those that are about to. */
  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return [];
    const deadline = performance.now() + this.options.requestTimeoutMs;
    for (;;) {
      if (this.isClosed) throw this.failures.failed(`asking for offsets of the group ${groupId}`, new Error('it is closed'));
      const asked = (this.asked ??= { client: this.connected(), questions: new Set() });
      const question = this.ask(asked.client, groupId, partitions);
      asked.questions.add(question);
      try {
        return await question;
      } catch (error) {
        // Of the project's own errors there are those of a client that could not connect.
        if (error instanceof SkillForgeError || isOneOf(HAS_MOVED, error)) this.leave(asked);
        const isPending = isOneOf(HAS_MOVED, error) || isOneOf(PENDING, error);
        if (!isPending || performance.now() > deadline) throw failureOf(error, `asking for offsets of the group ${groupId}`, this.failures);
      } finally {
        asked.questions.delete(question);
      }
      await sleep(LOOK_MS);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.asked !== null) this.leave(this.asked);
    await Promise.all(this.leaving);
  }

  /** The next question is asked over another client. */
  private leave(asked: Asked): void {
    if (this.asked !== asked) return;
    this.asked = null;
    const left = disconnected(asked).finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  private async ask(connected: Promise<NativeConsumer>, groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const admin = this.native.AdminClient.createFrom(await connected);
    const groups = [{ groupId, partitions: partitions.map(({ topic, partition }) => ({ topic, partition })) }];
    const options = { timeout: Math.ceil(this.options.requestTimeoutMs / QUESTIONS), requireStableOffsets: true };
    const [group] = await nativeCall<readonly { error?: NativeError; partitions: readonly NativePartition[] }[]>((done) =>
      admin.listConsumerGroupOffsets(groups, options, done),
    );
    if (group?.error !== undefined && group.error.code !== 0) throw asError(group.error);
    return committedOf(group?.partitions ?? [], partitions);
  }

  private async connected(): Promise<NativeConsumer> {
    const client = new this.native.KafkaConsumer(consumerConfig(this.options, `skillforge-admin-${randomUUID()}`), {});
    client.setDefaultConsumeTimeout(0);
    await connect(client, this.options, this.failures);
    return client;
  }
}

/** Closes a client that could be opened, after its last answer. */
async function disconnected({ client, questions }: Asked): Promise<void> {
  await Promise.allSettled(questions);
  const opened = await client.catch(() => null);
  if (opened !== null) await nativeCall((done) => opened.disconnect(done)).catch(() => undefined);
}
