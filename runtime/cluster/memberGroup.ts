import { SkillForgeError } from '../../schemas/index.js';
import type { Broker, FetchedRecords, GroupConsumer, PartitionStart, TopicPartition } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import type { PartitionName, TaskGroup, TaskHost } from '../ports.js';
import { FetchControl, type FetchBuffer } from './fetchBuffer.js';

/** The consumer group of a topology version. @param version - `name@number` */
export const consumerGroupId = (region: string, version: string): string => `skillforge.${region}.${version}`;

/** What the group gave at one time, while the tasks of it are opened. */
export interface Assignment {
  /** Where to begin. */
  readonly starts: Map<string, PartitionStart>;
  /** The group has gone on without this member while it took what it was given. */
  isOver: boolean;
}

/** This process as a member of the consumer group of one topology: its partitions, and the buffers that they are read into. */
export class MemberGroup {
  private readonly buffers = new Map<string, FetchBuffer>();
  private answered: Assignment | null = null;
  private readonly owned = new Set<string>();
  private readonly controls = new Map<string, FetchControl>();

  private constructor(
    readonly id: string,
    private readonly host: TaskHost,
    private readonly onFetched: () => void,
  ) {}

  /** The member that the group knows. */
  consumer!: GroupConsumer;

  /** Connects, and joins nothing yet. */
  static async open(broker: Broker, groupId: string, group: TaskGroup, host: TaskHost, onFetched: () => void): Promise<MemberGroup> {
    const member = new MemberGroup(group.id, host, onFetched);
    member.consumer = await broker.consumer({
      groupId,
      onRecords: (fetched) => member.take(fetched),
      onError: (error) => member.fail(error),
      listener: {
        assigned: (partitions) => member.assigned(partitions),
        revoked: (partitions) => member.revoked(partitions),
        lost: (partitions) => member.lost(partitions),
      },
    });
    return member;
  }

  /** Joins; the host hears of its partitions from then on. */
  join({ topics }: TaskGroup): Promise<void> {
    return this.consumer.subscribe(topics.map(({ name }) => name));
  }

  owns(partition: PartitionName): boolean {
    return this.owned.has(partitionName(partition));
  }

  /** The assignment that is being answered; `null` when none is. */
  get assignment(): Assignment | null {
    return this.answered;
  }

  /**
   * Reads a partition into a buffer from an offset on: with the answer to its assignment, or by a seek where it is being read.
   * @param assignment - the one that was being answered when the opening of the task began
   * @throws SFS_FENCED when that is over, or a later one is being answered
   */
  async begin(assignment: Assignment | null, partition: PartitionName, buffer: FetchBuffer, offset: number): Promise<void> {
    const name = partitionName(partition);
    const isOvertaken = this.answered !== null && this.answered !== assignment;
    if (assignment?.isOver === true || isOvertaken) throw new SkillForgeError('SFS_FENCED', `${name} was given to ${this.id} anew`);
    buffer.begin(offset);
    this.buffers.set(name, buffer);
    if (this.answered !== null) this.answered.starts.set(name, { ...partition, offset });
    else await this.controlOf(partition).moveTo(offset);
  }

  controlOf({ topic, partition }: PartitionName): FetchControl {
    const name = partitionName({ topic, partition });
    let control = this.controls.get(name);
    if (control === undefined) this.controls.set(name, (control = new FetchControl(this.consumer, topic, partition)));
    return control;
  }

  private take(fetched: FetchedRecords): void {
    this.buffers.get(partitionName(fetched))?.take(fetched);
    this.onFetched();
  }

  private fail(error: SkillForgeError): void {
    const { topic, partition } = error.context as { topic?: string; partition?: number };
    for (const [name, buffer] of this.buffers) {
      if (topic === undefined || name === `${topic}/${String(partition)}` || (partition === undefined && name.startsWith(`${topic}/`)))
        buffer.fail(error);
    }
    this.onFetched();
  }

  /** @throws SFS_FENCED when the partitions are another member's before their tasks are open */
  private async assigned(partitions: readonly TopicPartition[]): Promise<readonly PartitionStart[]> {
    for (const one of partitions) this.owned.add(partitionName(one));
    const assignment: Assignment = (this.answered = { starts: new Map(), isOver: false });
    try {
      await this.host.assigned(this.id, partitions, () => assignment.isOver);
    } finally {
      if (this.answered === assignment) this.answered = null;
    }
    if (!assignment.isOver) return [...assignment.starts.values()];
    this.disown(partitions);
    throw new SkillForgeError('SFS_FENCED', `the group of ${this.id} has gone on without this worker`);
  }

  private async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    await this.host.revoked(this.id, partitions);
    this.disown(partitions);
  }

  private lost(partitions: readonly TopicPartition[]): void {
    if (this.answered !== null) this.answered.isOver = true;
    this.host.lost(this.id, partitions);
    this.disown(partitions);
  }

  private disown(partitions: readonly TopicPartition[]): void {
    for (const name of partitions.map(partitionName)) {
      this.owned.delete(name);
      this.buffers.delete(name);
    }
  }
}
