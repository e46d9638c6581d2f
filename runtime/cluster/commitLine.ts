import type { Broker, GroupConsumer, GroupOffset, Producer, TransactionOffsets } from '../kafka/broker.js';
import type { TaskCommit, TaskPosition } from '../ports.js';
import { randomId, type ClaimedTask } from '../redis/index.js';
import { withoutSuperseded } from './superseded.js';

/** A commit of a task on its way. */
export interface PendingCommit {
  readonly claimed: ClaimedTask;
  readonly consumer: GroupConsumer;
  readonly commit: TaskCommit;
  readonly positions: readonly TaskPosition[];
  readonly id: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Commits the tasks of a process: what waits together is written together. */
export abstract class CommitLine {
  private waiting: PendingCommit[] = [];
  private running: Promise<void> | null = null;
  private producer: Producer | null = null;

  /** @param transactionalId - of this process alone; `null` for a producer without transactions */
  constructor(
    private readonly broker: Broker,
    private readonly transactionalId: string | null,
  ) {}

  /**
   * Resolves when the commit is decided.
   * @throws SFS_FENCED, SFS_STATE_BEHIND, SFS_STATE_UNAVAILABLE, SFS_TRANSACTION_ABORTED, SFS_TRANSACTION_UNKNOWN and those of a producer: the
   * task must be opened anew, and finds there what was committed
   */
  commit(claimed: ClaimedTask, consumer: GroupConsumer, commit: TaskCommit, positions: readonly TaskPosition[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = { ...commit, outputs: withoutSuperseded(commit.outputs) };
      this.waiting.push({ claimed, consumer, commit: sent, positions, id: randomId(), resolve, reject });
      this.running ??= this.run();
    });
  }

  async close(): Promise<void> {
    await this.running;
    await this.producer?.close();
    this.producer = null;
  }

  /** Writes commits and settles each of them; never rejects. */
  protected abstract write(group: readonly PendingCommit[]): Promise<void>;

  protected async openProducer(): Promise<Producer> {
    return (this.producer ??= await this.broker.producer({ transactionalId: this.transactionalId }));
  }

  /** At once: the new one ends what the old one left pending, which the tasks that are opened anew would have to wait for. */
  protected async renewProducer(): Promise<void> {
    const ended = this.producer;
    this.producer = null;
    await ended?.close().catch(() => undefined);
    // Where that fails, too, the next commit tries again.
    await this.openProducer().catch(() => undefined);
  }

  private async run(): Promise<void> {
    // What is committed in this turn of the event loop goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.write(this.waiting.splice(0));
    this.running = null;
  }
}

/** The source offsets of commits, with the ids of their batches, by consumer. */
export function offsetsOf(commits: readonly PendingCommit[]): TransactionOffsets[] {
  const byConsumer = new Map<GroupConsumer, GroupOffset[]>();
  for (const commit of commits) {
    const offsets = byConsumer.get(commit.consumer) ?? [];
    offsets.push(...commit.positions.map(({ topic, partition, next }) => ({ topic, partition, offset: next, metadata: commit.id })));
    byConsumer.set(commit.consumer, offsets);
  }
  return [...byConsumer].map(([consumer, offsets]) => ({ consumer, offsets }));
}
