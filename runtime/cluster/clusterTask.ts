import { SkillForgeError } from '../../schemas/index.js';
import type { Broker, CommittedOffset } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import type { LogRecord, PartitionName, PartitionRange, QueueEntry, TaskAccess, TaskCommit, TaskPlace, TaskPosition, TaskStore } from '../ports.js';
import type { ClaimedTask, RedisState, WantedRow } from '../redis/index.js';
import { GlobalReader } from './globalReader.js';
import { FetchBuffer } from './fetchBuffer.js';
import type { MemberGroup } from './memberGroup.js';
import type { TransactionLine } from './transactionLine.js';

/** What a task is opened with. */
export interface ClusterTaskParts {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly line: TransactionLine;
  readonly group: MemberGroup;
  /** First offset of a partition that is still there. */
  readonly startOf: (partition: PartitionName) => Promise<number>;
  readonly onFetched: () => void;
}

/** A task of this process: claimed in Redis, its partitions read from Kafka, its commits on the process's line. */
export class ClusterTask implements TaskAccess {
  readonly log = {
    range: (topic: string, partition: number): PartitionRange => this.bufferOf({ topic, partition }).range(),
    read: (topic: string, partition: number, offset: number, most: number): LogRecord[] => this.bufferOf({ topic, partition }).read(offset, most),
  };
  readonly tasks: TaskStore;

  private constructor(
    private readonly parts: ClusterTaskParts,
    private readonly claimed: ClaimedTask,
    progress: Buffer | null,
    private readonly own: ReadonlyMap<string, FetchBuffer>,
    private readonly global: GlobalReader | null,
  ) {
    this.tasks = claimedRows(claimed, progress);
  }

  /**
   * Claims the task, then asks Kafka what was committed and has it confirmed, then finishes or discards what an earlier claim left: in this
   * order.
   * @throws SFS_FENCED when its partitions are not this process's any more
   */
  static async open(place: TaskPlace, parts: ClusterTaskParts): Promise<ClusterTask> {
    const { state, group, broker, startOf, onFetched } = parts;
    if (!place.own.every((partition) => group.owns(partition)))
      throw new SkillForgeError('SFS_FENCED', `task ${place.name} is not this worker's any more`);
    const own = new Map<string, FetchBuffer>();
    const firsts = new Map<string, number>();
    for (const one of place.own) {
      const start = await startOf(one);
      firsts.set(partitionName(one), start);
      own.set(partitionName(one), new FetchBuffer(start, group.controlOf(one)));
    }
    const claimed = await state.claim(place.name);
    const committed = await group.consumer.committed(place.own);
    await confirm(group, committed, firsts);
    const { progress } = await claimed.recover(batchOf(committed));
    const starts: TaskPosition[] = [];
    for (const one of place.global) starts.push({ ...one, next: await startOf(one) });
    const global = starts.length === 0 ? null : await GlobalReader.open(broker, starts, onFetched);
    return new ClusterTask(parts, claimed, progress, own, global);
  }

  async begin(positions: readonly TaskPosition[]): Promise<void> {
    const isOwn = (position: TaskPosition): boolean => this.own.has(partitionName(position));
    for (const position of positions.filter(isOwn)) {
      const { topic, partition, next } = position;
      await this.parts.group.begin({ topic, partition }, this.bufferOf(position), next);
    }
    await this.global?.begin(positions.filter((position) => !isOwn(position)));
  }

  commit(commit: TaskCommit, positions: readonly TaskPosition[]): Promise<void> {
    return this.parts.line.commit(this.claimed, this.parts.group.consumer, commit, positions);
  }

  async close(): Promise<void> {
    await this.global?.close();
    await this.claimed.release();
  }

  private bufferOf(partition: PartitionName): FetchBuffer {
    const name = partitionName(partition);
    return this.own.get(name) ?? this.global!.buffers.get(name)!;
  }
}

/** The id of the batch that Kafka committed last: it is in the metadata of every partition of the task. */
const batchOf = (committed: readonly CommittedOffset[]): string | null => committed.find(({ metadata }) => metadata !== '')?.metadata ?? null;

/**
 * Commits what is committed once more, which Kafka refuses to who is no member of the group's generation any more. Without it a worker that
 * was asleep while another one took over could discard what that one has staged; see `docs/explanation/commit-protocol.md`.
 * @throws SFS_FENCED
 */
async function confirm({ consumer }: MemberGroup, committed: readonly CommittedOffset[], firsts: ReadonlyMap<string, number>): Promise<void> {
  await consumer.commit(committed.map(({ offset, ...rest }) => ({ ...rest, offset: offset ?? firsts.get(partitionName(rest))! })));
}

/** Rows that are asked for in one turn of the event loop travel together. */
function claimedRows(claimed: ClaimedTask, progress: Buffer | null): TaskStore {
  let wanted: WantedRow[] = [];
  let answer: Promise<(Buffer | null)[]> | null = null;
  const send = async (): Promise<(Buffer | null)[]> => {
    await Promise.resolve();
    const rows = wanted;
    wanted = [];
    answer = null;
    return claimed.fetch(rows);
  };
  return {
    progress: () => progress,
    get: async (_task, store, key) => {
      const at = wanted.push({ store, key }) - 1;
      answer ??= send();
      return (await answer)[at]!;
    },
    queueHead: (_task, limit, after?: QueueEntry) => claimed.queueHead(limit, after),
  };
}
