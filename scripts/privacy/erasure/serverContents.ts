/** What topics of Kafka and the state in Redis hold of a learner, and how it is taken out of the state. */
import { isUnlinkable } from '../../../runtime/keys/openedRecord.js';
import { spanRecords } from '../../../runtime/cluster/partitionRecords.js';
import { inPieces } from '../../../runtime/pieces.js';
import type { LogRecord, OutputRecord, TopicSpec } from '../../../runtime/ports.js';
import type { SweepRules, SweptRow } from '../../../runtime/redis/index.js';
import { isWhole } from '../../../schemas/index.js';
import { LearnerContents } from './contents.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';
import type { RegionServers } from './servers.js';

/** Records, or rows, whose keys are fetched together. */
const PIECE = 500;

/** Records, rows and timers of one learner. */
export class ServerContents {
  readonly contents: LearnerContents;

  constructor(
    private readonly servers: RegionServers,
    private readonly mention: Mention,
  ) {
    this.contents = new LearnerContents(servers.tools, mention);
  }

  /** What records of all topics say, topic by topic. @throws what reading throws */
  async *foundInTopics(): AsyncGenerator<Found> {
    for (const { name, cleanup } of await this.servers.tools.topics()) {
      const standing = new Standing(this.contents, name);
      for await (const { partition, record } of this.records(name)) {
        const found = this.foundIn(name, partition, record);
        if (found !== null) yield found;
        if (cleanup === 'compact') standing.add(partition, record);
      }
      yield* standing.unlinkable();
    }
  }

  /** Of a compacted topic the last record of each key of the learner, where it is none that deletes. */
  async standing(topic: string): Promise<Standing> {
    const standing = new Standing(this.contents, topic);
    for await (const { partition, record } of this.records(topic)) standing.add(partition, record);
    return standing;
  }

  /** Rows and timers of all tasks. @throws what reading throws */
  async *foundInState(): AsyncGenerator<Found> {
    for (const task of await this.servers.state.tasks()) {
      for (const store of await this.servers.state.rows(task).stores()) yield* this.foundInStore(task, store);
      for await (const timer of this.servers.state.rows(task).timers()) {
        const { queue, timeMs, tiebreak } = timer;
        if (this.contents.isTimerOf(timer)) yield { store: 'redis-state', where: `${task} timer of ${queue}`, value: { key: tiebreak, timeMs } };
      }
    }
  }

  /**
   * What takes rows and timers out of a task: those of the learner go, and in those of others the learner is taken out of lists, and called nobody elsewhere.
   */
  sweep(task: string): SweepRules {
    return {
      rows: (rows) => this.swept(task, rows),
      keepsTimer: (timer) => !this.contents.isTimerOf(timer),
    };
  }

  /** The records of a topic as they lie, and opened where a key opens them; those of each partition in their order. */
  async *records(topic: string): AsyncGenerator<{ readonly partition: number; readonly record: LogRecord }> {
    const { broker, admin } = this.servers;
    const spans = (await admin.ranges(topic)).map((range, partition) => ({ topic, partition, ...range }));
    for await (const { partition, records } of spanRecords(broker, spans))
      for (let at = 0; at < records.length; at += PIECE)
        for (const record of await this.opened(topic, records.slice(at, at + PIECE))) yield { partition, record };
  }

  /** Records with values as they lay somewhere. */
  async opened(topic: string, records: readonly LogRecord[]): Promise<readonly LogRecord[]> {
    return this.servers.tools.opened === undefined ? records : this.servers.tools.opened(topic, records);
  }

  /** What a record says of the learner; `null` for nothing. */
  foundIn(topic: string, partition: number, record: LogRecord): Found | null {
    const { offset, appendTimeMs, key, value, header } = record;
    const place = { store: 'kafka-log', where: `${topic}/${partition}/${offset}` } as const;
    const isInHeader = header !== null && this.mention.isRandom && this.mention.countIn(header) > 0;
    if (isUnlinkable(record) && !isInHeader) return { ...place, value: null, isUnlinkable: true };
    if (!isInHeader && !this.contents.isRecordOf(topic, record)) return null;
    // A tombstone tells that something was under this key.
    if (value === null && !isInHeader) return { ...place, value: null, isNameAlone: true };
    return { ...place, value: { key: key?.toString() ?? null, appendTimeMs, value: this.contents.recordFor(topic, record) } };
  }

  /** Compacted topics of the region. */
  async compacted(): Promise<TopicSpec[]> {
    return (await this.servers.tools.topics()).filter(({ cleanup }) => cleanup === 'compact');
  }

  private async *foundInStore(task: string, store: string): AsyncGenerator<Found> {
    const where = `${task} ${store}`;
    for await (const piece of inPieces(this.servers.state.rows(task).scan(store), PIECE)) {
      const opened = await this.servers.keys.openedRows(piece.map((row) => ({ store, ...row })));
      for (const [at, { key }] of piece.entries()) {
        const value = opened[at] ?? null;
        const row = { task, store, key, value: value ?? Buffer.alloc(0) };
        if (value === null) yield { store: 'redis-state', where, value: null, isUnlinkable: true };
        else if (this.contents.isRowOf(row)) yield { store: 'redis-state', where, value: { key, row: this.contents.rowFor(row) } };
      }
    }
  }

  private async swept(task: string, rows: readonly SweptRow[]): Promise<(Buffer | null)[]> {
    const opened = await this.servers.keys.openedRows(rows);
    const kept: (Buffer | null)[] = [];
    for (const [at, { store, key, value }] of rows.entries()) {
      // What nobody can read may be of somebody else: its key tells.
      const row = { task, store, key, value: opened[at] ?? Buffer.alloc(0) };
      if (!this.contents.isRowOf(row)) kept.push(value);
      else kept.push(await this.sealed({ store, key, value: opened[at] === null ? null : this.contents.rowWithoutLearner(row) }, isWhole(value)));
    }
    return kept;
  }

  private async sealed(
    row: { readonly store: string; readonly key: string; readonly value: Buffer | null },
    wasSealed: boolean,
  ): Promise<Buffer | null> {
    if (row.value === null || !wasSealed) return row.value;
    return (await this.servers.keys.rows([{ ...row, isOfSeveral: true }]))[0]!.value;
  }
}

/** The last record of each key of a learner in a compacted topic: readers have a copy of it, and the broker keeps it, until a tombstone takes its place. */
export class Standing {
  private readonly last = new Map<string, { readonly partition: number; readonly key: string; readonly record: LogRecord }>();

  constructor(
    private readonly contents: LearnerContents,
    private readonly topic: string,
  ) {}

  /** Takes the next record of a partition. */
  add(partition: number, record: LogRecord): void {
    const key = record.key?.toString();
    if (key === undefined || !this.contents.isKeyOf(this.topic, key)) return;
    const place = `${partition} ${key}`;
    if (record.value === null) this.last.delete(place);
    else this.last.set(place, { partition, key, record });
  }

  /** What takes their place. */
  tombstones(): OutputRecord[] {
    return [...this.last.values()].map(({ partition, key }) => ({ topic: this.topic, partition, key: Buffer.from(key), value: null, header: null }));
  }

  /** Those that nobody can read, and that stand all the same: what can be read is found as it is. */
  *unlinkable(): Generator<Found> {
    for (const { partition, key, record } of this.last.values()) {
      if (isUnlinkable(record))
        yield { store: 'kafka-log', where: `${this.topic}/${partition}/${record.offset}: without a tombstone`, value: { key, value: null } };
    }
  }
}
