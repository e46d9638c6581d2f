import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { Broker, CommittedOffset } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import type {
  LogRecord,
  PartitionName,
  PartitionRange,
  QueueEntry,
  StateSize,
  TaskAccess,
  TaskCommit,
  TaskPlace,
  TaskPosition,
  TaskStore,
  TopicSpec,
} from '../ports.js';
import type { ClaimedTask, Recovery, RedisState, WantedRow } from '../redis/index.js';
import type { KeyGate } from '../keys/keyGate.js';
import { GlobalReader } from './globalReader.js';
import { FetchBuffer } from './fetchBuffer.js';
import type { Assignment, MemberGroup } from './memberGroup.js';
import type { CommitLine } from './commitLine.js';
import type { SchemaGate } from './schemaGate.js';
import { StateWatch } from './stateWatch.js';

/** What a task is opened with. */
export interface ClusterTaskParts {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly line: CommitLine;
  readonly gate: SchemaGate;
  /** Seals what it commits, and opens its rows; `null` for a region without keys. */
  readonly keys: KeyGate | null;
  readonly group: MemberGroup;
  /** The offsets of a partition that are there. */
  readonly rangeOf: (partition: PartitionName) => Promise<PartitionRange>;
  readonly topics: () => Promise<readonly TopicSpec[]>;
  readonly onFetched: () => void;
}

/** What an opening found. */
interface Found {
  readonly committed: readonly CommittedOffset[];
  readonly ranges: ReadonlyMap<string, PartitionRange>;
  readonly assignment: Assignment | null;
}

/** A task of this process: claimed in Redis, its partitions read from Kafka, its commits on the process's line. */
export class ClusterTask implements TaskAccess {
  readonly log = {
    range: (topic: string, partition: number): PartitionRange => this.bufferOf({ topic, partition }).range(),
    read: (topic: string, partition: number, offset: number, most: number): LogRecord[] => this.bufferOf({ topic, partition }).read(offset, most),
  };
  readonly tasks: TaskStore;
  readonly isBehind: boolean;
  readonly reached: readonly TaskPosition[];
  readonly ends: ReadonlyMap<string, number>;
  private readonly assignment: Assignment | null;
  private readonly watch: StateWatch;

  private constructor(
    private readonly parts: ClusterTaskParts,
    private readonly claimed: ClaimedTask,
    { progress, standing }: Recovery,
    private readonly own: ReadonlyMap<string, FetchBuffer>,
    private readonly global: GlobalReader | null,
    { committed, ranges, assignment }: Found,
  ) {
    this.assignment = assignment;
    this.ends = new Map([...ranges].map(([name, { end }]) => [name, end]));
    this.reached = committed.flatMap(({ topic, partition, offset }) => (offset === null ? [] : [{ topic, partition, next: offset }]));
    this.tasks = claimedRows(claimed, progress, parts.keys);
    this.isBehind = standing === 'behind';
    this.watch = new StateWatch(claimed, parts.onFetched);
  }

  /**
   * Claims the task, then asks Kafka what its partitions hold and what was committed and has it confirmed, then finishes or discards what an earlier claim left: in this
   * order.
   * @throws SFS_FENCED when its partitions are not this process's any more; SFS_STATE_LOST when Redis has no state of a task that has committed,
   * and the log no longer has all that it was made of
   */
  static async open(place: TaskPlace, parts: ClusterTaskParts): Promise<ClusterTask> {
    const { state, group } = parts;
    // Of now: a later one must not be given up for what this opening meets.
    const { assignment } = group;
    if (!place.own.every((partition) => group.owns(partition)))
      throw new SkillForgeError('SFS_FENCED', `task ${place.name} is not this worker's any more`);
    const claimed = await state.claim(place.name);
    try {
      return await ClusterTask.recovered(place, parts, claimed, assignment);
    } catch (error) {
      await claimed.release().catch(() => undefined);
      throw error;
    }
  }

  private static async recovered(
    place: TaskPlace,
    parts: ClusterTaskParts,
    claimed: ClaimedTask,
    assignment: Assignment | null,
  ): Promise<ClusterTask> {
    const { group, broker, gate, rangeOf, onFetched } = parts;
    // Not before the claim: what an earlier life had read when it decided something lies in them.
    const ranges = new Map<string, PartitionRange>();
    for (const one of [...place.own, ...place.global]) ranges.set(partitionName(one), await rangeOf(one));
    const startOf = (partition: PartitionName): number => ranges.get(partitionName(partition))!.start;
    const committed = await group.consumer.committed(place.own);
    await confirm(group, assignment, committed, startOf);
    const recovery = await claimed.recover(batchOf(committed));
    const firsts = [...place.own, ...place.global].map((one): TaskPosition => ({ ...one, next: startOf(one) }));
    if (recovery.progress === null) await assertRebuildable(place.name, committed, firsts, parts);
    const own = new Map(place.own.map((one) => [partitionName(one), new FetchBuffer(startOf(one), group.controlOf(one), gate)]));
    const starts = firsts.slice(place.own.length);
    const global = starts.length === 0 ? null : await GlobalReader.open(broker, starts, gate, onFetched);
    return new ClusterTask(parts, claimed, recovery, own, global, { committed, ranges, assignment });
  }

  async begin(positions: readonly TaskPosition[]): Promise<void> {
    const isOwn = (position: TaskPosition): boolean => this.own.has(partitionName(position));
    for (const position of positions.filter(isOwn)) {
      const { topic, partition, next } = position;
      await this.parts.group.begin(this.assignment, { topic, partition }, this.bufferOf(position), next);
    }
    await this.global?.begin(positions.filter((position) => !isOwn(position)));
  }

  async commit(commit: TaskCommit, positions: readonly TaskPosition[]): Promise<void> {
    this.watch.postpone();
    const { keys, line, group } = this.parts;
    const send = (sealed: TaskCommit): Promise<void> => line.commit(this.claimed, group.consumer, sealed, positions);
    return keys === null ? send(commit) : keys.commit(commit, send);
  }

  idle(): void {
    this.watch.look();
  }

  size(): Promise<StateSize> {
    return this.parts.state.size(this.claimed.task);
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
async function confirm(
  group: MemberGroup,
  assignment: Assignment | null,
  committed: readonly CommittedOffset[],
  startOf: (partition: PartitionName) => number,
): Promise<void> {
  try {
    await group.consumer.commit(committed.map(({ offset, ...rest }) => ({ ...rest, offset: offset ?? startOf(rest) })));
  } catch (error) {
    // The member hears of it only when it has answered the assignment, so whoever takes it must not wait for better times.
    if (errorCodeOf(error) === 'SFS_FENCED' && assignment !== null) assignment.isOver = true;
    throw error;
  }
}

/** Rows that are asked for in one turn of the event loop travel together. */
function claimedRows(claimed: ClaimedTask, progress: Buffer | null, keys: KeyGate | null): TaskStore {
  let wanted: WantedRow[] = [];
  let answer: Promise<(Buffer | null)[]> | null = null;
  const send = async (): Promise<(Buffer | null)[]> => {
    await Promise.resolve();
    const rows = wanted;
    wanted = [];
    answer = null;
    const found = await claimed.fetch(rows);
    return keys === null ? found : keys.openedRows(rows.map((row, at) => ({ ...row, value: found[at]! })));
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

/**
 * A task that has committed and has no state begins with nothing, at the first offsets. That gives the same state and, to its readers, the same
 * outputs only where all that it ever read is there still: other outputs would bear numbers that readers have seen.
 * @param firsts - the first offset of each partition that it reads
 */
async function assertRebuildable(
  task: string,
  committed: readonly CommittedOffset[],
  firsts: readonly TaskPosition[],
  { topics }: Pick<ClusterTaskParts, 'topics'>,
): Promise<void> {
  const hasCommitted = committed.some(
    ({ topic, partition, offset, metadata }) =>
      metadata !== '' || (offset ?? 0) > firsts.find((one) => one.topic === topic && one.partition === partition)!.next,
  );
  if (!hasCommitted) return;
  const compacted = new Set((await topics()).filter(({ cleanup }) => cleanup === 'compact').map(({ name }) => name));
  const gone = firsts.filter(({ topic, next }) => next > 0 || compacted.has(topic));
  if (gone.length === 0) return;
  const [{ topic, partition, next }] = gone as [TaskPosition, ...TaskPosition[]];
  const reason = compacted.has(topic) ? 'is compacted' : `begins at offset ${next}`;
  throw new SkillForgeError(
    'SFS_STATE_LOST',
    `Redis has no state of task ${task}, which has committed before; it cannot be built again, since ${topic}/${partition} ${reason}`,
    { context: { task, partitions: gone } },
  );
}
