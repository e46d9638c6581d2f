import type { Broker } from '../kafka/broker.js';
import { CommitLine, offsetsOf, type PendingCommit } from './commitLine.js';

/**
 * Commits tasks with `guarantee: 'idempotent'`: outputs are written and acknowledged, then Redis takes state and progress at once, which
 * decides. What ends in between repeats the outputs of the batch, and nothing else. See `docs/explanation/commit-protocol.md`.
 */
export class IdempotentLine extends CommitLine {
  constructor(broker: Broker) {
    super(broker, null);
  }

  protected async write(group: readonly PendingCommit[]): Promise<void> {
    try {
      const producer = await this.openProducer();
      await producer.send(group.flatMap(({ commit }) => commit.outputs));
    } catch (error) {
      await this.renewProducer();
      for (const { reject } of group) reject(error);
      return;
    }
    const kept = await Promise.all(group.map(keptInRedis));
    // For whoever looks at the group, and to notice that Redis has lost something: a task goes on from the progress in Redis.
    const groups = offsetsOf(group.filter((_, index) => kept[index]));
    await Promise.allSettled(groups.map(({ consumer, offsets }) => consumer.commit(offsets)));
  }
}

/** Whether Redis took it. */
async function keptInRedis({ claimed, id, commit, resolve, reject }: PendingCommit): Promise<boolean> {
  try {
    await claimed.commit({ id, state: commit.state, queue: commit.queue, progress: commit.progress });
    resolve();
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}
