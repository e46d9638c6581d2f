/** First and last offsets of partitions, asked over a client's connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicPartition } from '../broker.js';
import type { PartitionRange } from '../../ports.js';
import { asError, nativeCall, type NativeAdmin, type NativePartition } from './native.js';

/** Numbers of Kafka's ListOffsets request. */
const EARLIEST = { timestamp: -2 };
const LATEST = { timestamp: -1 };
const READ_UNCOMMITTED = 0;
const LOOK_MS = 100;
/** A partition is between two leaders, or its new one has not heard of it: it passes. */
const LEADERLESS: ReadonlySet<number> = new Set([5, 6, 74, 75]);

/**
 * The range of each partition, uncommitted records included: where reading may begin. Waits for partitions that have no leader at the time, or
 * another one than the client knows: it is told to look at the metadata again. By itself it does so for some of these errors only, and else every five
 * minutes; a leader that was elected anew has another epoch, and refuses the one that the client knows.
 * Fails with the error of the first partition that has one.
 */
export async function rangesOf(admin: NativeAdmin, partitions: readonly TopicPartition[], timeout: number): Promise<PartitionRange[]> {
  for (const deadline = performance.now() + timeout; ; await sleep(LOOK_MS)) {
    try {
      return await rangesNow(admin, partitions, timeout);
    } catch (error) {
      if (!LEADERLESS.has(asError(error).code) || performance.now() > deadline) throw error;
      await lookAgain(admin, timeout);
    }
  }
}

/** Of all topics: what the client has of them is replaced. Where no broker answers, the next question fails by itself. */
const lookAgain = (admin: NativeAdmin, timeout: number): Promise<unknown> =>
  nativeCall<string[]>((done) => admin.listTopics({ timeout }, done)).catch(() => undefined);

async function rangesNow(admin: NativeAdmin, partitions: readonly TopicPartition[], timeout: number): Promise<PartitionRange[]> {
  const ask = (offset: typeof EARLIEST): Promise<NativePartition[]> =>
    nativeCall((done) =>
      admin.listOffsets(
        partitions.map(({ topic, partition }) => ({ topic, partition, offset })),
        { timeout, isolationLevel: READ_UNCOMMITTED },
        done,
      ),
    );
  const [starts, ends] = [await ask(EARLIEST), await ask(LATEST)];
  return partitions.map((one) => ({ start: offsetIn(starts, one), end: offsetIn(ends, one) }));
}

function offsetIn(answers: readonly NativePartition[], { topic, partition }: TopicPartition): number {
  const answer = answers.find((one) => one.topic === topic && one.partition === partition);
  if (answer?.error !== undefined && answer.error.code !== 0) throw asError(answer.error);
  return answer?.offset ?? 0;
}
