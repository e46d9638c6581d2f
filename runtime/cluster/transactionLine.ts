import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { Broker, GroupConsumer, GroupOffset, Producer, TransactionOffsets } from '../kafka/broker.js';
import type { TaskCommit, TaskPosition } from '../ports.js';
import { randomId, type ClaimedTask } from '../redis/index.js';

/** A commit of a task on its way. */
interface Pending {
  readonly claimed: ClaimedTask;
  readonly consumer: GroupConsumer;
  readonly commit: TaskCommit;
  readonly positions: readonly TaskPosition[];
  readonly id: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** After these the producer can do nothing more. */
const PRODUCER_ENDED: ReadonlySet<string> = new Set(['SFS_TRANSACTION_UNKNOWN', 'SFS_PRODUCER_CLOSED', 'SFS_FENCED']);

/**
 * Commits tasks exactly once, those that wait together in one transaction: what a batch changes is staged in Redis, the transaction with the
 * outputs and the source offsets decides, and what was staged is applied while the next one is on its way. See ADR 0011.
 */
export class TransactionLine {
  private waiting: Pending[] = [];
  private running: Promise<void> | null = null;
  private producer: Producer | null = null;

  /** @param transactionalId - of this process alone: fencing is by the groups' generations */
  constructor(
    private readonly broker: Broker,
    private readonly transactionalId: string,
  ) {}

  /**
   * Resolves when the transaction is committed.
   * @throws SFS_FENCED, SFS_STATE_BEHIND, SFS_STATE_UNAVAILABLE, SFS_TRANSACTION_ABORTED, SFS_TRANSACTION_UNKNOWN and those of a producer: the
   * task must be opened anew, and finds there what was committed
   */
  commit(claimed: ClaimedTask, consumer: GroupConsumer, commit: TaskCommit, positions: readonly TaskPosition[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ claimed, consumer, commit, positions, id: randomId(), resolve, reject });
      this.running ??= this.run();
    });
  }

  async close(): Promise<void> {
    await this.running;
    await this.producer?.close();
    this.producer = null;
  }

  private async run(): Promise<void> {
    // What is committed in this turn of the event loop goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.transact(this.waiting.splice(0));
    this.running = null;
  }

  private async transact(group: readonly Pending[]): Promise<void> {
    const staged = await this.staged(group);
    if (staged.length === 0) return;
    try {
      const producer = (this.producer ??= await this.openProducer());
      await producer.transact(
        staged.flatMap(({ commit }) => commit.outputs),
        offsetsOf(staged),
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

  private async staged(group: readonly Pending[]): Promise<readonly Pending[]> {
    const staged: Pending[] = [];
    const stage = async (pending: Pending): Promise<void> => {
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

  /** At once: the new one ends what the old one left pending, which the tasks that are opened anew would have to wait for. */
  private async renewProducer(): Promise<void> {
    const ended = this.producer;
    this.producer = null;
    await ended?.close().catch(() => undefined);
    // Where that fails, too, the next commit tries again.
    this.producer = await this.openProducer().catch(() => null);
  }

  private openProducer(): Promise<Producer> {
    return this.broker.producer({ transactionalId: this.transactionalId });
  }
}

function offsetsOf(staged: readonly Pending[]): TransactionOffsets[] {
  const byConsumer = new Map<GroupConsumer, GroupOffset[]>();
  for (const { consumer, positions, id } of staged) {
    if (positions.length === 0) throw new SkillForgeError('SFS_TASK_SOURCELESS', 'a task without partitions of its own cannot commit to Kafka');
    const offsets = byConsumer.get(consumer) ?? [];
    offsets.push(...positions.map(({ topic, partition, next }) => ({ topic, partition, offset: next, metadata: id })));
    byConsumer.set(consumer, offsets);
  }
  return [...byConsumer].map(([consumer, offsets]) => ({ consumer, offsets }));
}
