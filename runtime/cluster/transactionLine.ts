import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { TransactionOffsets } from '../kafka/broker.js';
import { CommitLine, offsetsOf, type PendingCommit } from './commitLine.js';

/** After these the producer can do nothing more. */
const PRODUCER_ENDED: ReadonlySet<string> = new Set(['SFS_TRANSACTION_UNKNOWN', 'SFS_PRODUCER_CLOSED', 'SFS_FENCED']);

/**
 * Commits tasks exactly once, those that wait together in one transaction: what a batch changes is staged in Redis, the transaction with the
 * outputs and the source offsets decides, and what was staged is applied while the next one is on its way. See ADR 0011.
 */
export class TransactionLine extends CommitLine {
  protected async write(group: readonly PendingCommit[]): Promise<void> {
    const staged = await this.staged(group);
    if (staged.length === 0) return;
    try {
      const producer = await this.openProducer();
      await producer.transact(
        staged.flatMap(({ commit }) => commit.outputs),
        sourceOffsetsOf(staged),
      );
    } catch (error) {
      if (PRODUCER_ENDED.has(errorCodeOf(error))) await this.renewProducer();
      for (const { reject } of staged) reject(error);
      return;
    }
    for (const { claimed, id, resolve } of staged) {
      // Not awaited: what the task asks of Redis next comes after it, and fails as it does.
      claimed.apply(id).catch(() => undefined);
      resolve();
    }
  }

  private async staged(group: readonly PendingCommit[]): Promise<readonly PendingCommit[]> {
    const staged: PendingCommit[] = [];
    const stage = async (pending: PendingCommit): Promise<void> => {
      const { claimed, id, commit, reject } = pending;
      try {
        await claimed.stage({ id, state: commit.state, queue: commit.queue, progress: commit.progress });
        staged.push(pending);
      } catch (error) {
        reject(error);
      }
    };
    await Promise.all(group.map(stage));
    return staged;
  }
}

function sourceOffsetsOf(staged: readonly PendingCommit[]): TransactionOffsets[] {
  if (staged.some(({ positions }) => positions.length === 0))
    throw new SkillForgeError('SFS_TASK_SOURCELESS', 'a task without partitions of its own cannot commit to Kafka');
  return offsetsOf(staged);
}
