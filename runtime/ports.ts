/**
 * What the engine needs from a broker and a state store: {@link Storage} on one folder (`embedded/`) or in memory (`testing/`), and
 * {@link Placement} for what a worker runs over, on a folder or on Kafka and Redis (`cluster/`). All byte arrays are owned by the receiver
 * after the call.
 */
import type { AvroRecord, ErrorCode, SchemaIds, SkillForgeError } from '../schemas/index.js';

/** A record as it lies in a log. */
export interface LogRecord {
  readonly offset: number;
  /** When the log took the record, ms since epoch. */
  readonly appendTimeMs: number;
  readonly key: Buffer | null;
  /** The key as text, where the log has a shorter way to it than through `key`. */
  readonly keyText?: string | null;
  /** Bytes of key, value and header, where the log knows without making them. */
  readonly byteSize?: number;
  /** `null` is a tombstone on a compacted topic. */
  readonly value: Buffer | null;
  /** Engine metadata (see `engine/headers.ts`) or `null` for records of foreign producers. */
  readonly header: Buffer | null;
  /**
   * Why `value` is still sealed: SFS_KEY_DELETED where nobody can read it any more, SFS_SEAL_BROKEN where it is not as it was sealed. Absent, or `null`, for all others; see
   * `keys/openedRecord.ts`.
   */
  readonly unopened?: SkillForgeError | null;
  /** The value as it lies, of one that is sealed. Absent for all others. */
  readonly sealed?: Buffer | null;
}

/** A record to be appended. */
export interface OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly header: Buffer | null;
  /**
   * Its topic promises the last record of each key and no more: it may be left out where a later record of the same commit has its key. Set for
   * compacted topics that no topology reads record by record.
   */
  readonly isLatestOnly?: boolean;
  /** Whose it is, where its key does not tell: its personal values are sealed under the key of this learner, where there are keys. */
  readonly owner?: string | undefined;
}

/** A topic as the log keeps it. */
export interface TopicSpec {
  /** Physical name, region included. */
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** Retention of a `delete` topic by append time, ms; `null` keeps for ever. */
  readonly retentionMs: number | null;
  /** Bytes of a record that the topic is to take, where that is more than a broker takes by default. */
  readonly mostRecordBytes?: number;
}

/** The offsets that a partition holds. */
export interface PartitionRange {
  /** First offset still present. */
  readonly start: number;
  /** Offset the next record will get. */
  readonly end: number;
}

/** One write to a task's state. `value: null` deletes. */
export interface StateWrite {
  /** Store name within the task. */
  readonly store: string;
  readonly key: string;
  readonly value: Buffer | null;
  /** Its store has fields for learners: where there are keys it is sealed, also under the key of something else. */
  readonly isOfSeveral?: boolean;
}

/** One write to a task's time queue. `payload: null` deletes. Entries order by (timeMs, queue, tiebreak bytes). */
export interface QueueWrite {
  readonly queue: string;
  readonly timeMs: number;
  readonly tiebreak: string;
  readonly payload: Buffer | null;
}

/** An entry of a time queue as it lies in the store. */
export interface QueueEntry {
  readonly queue: string;
  readonly timeMs: number;
  readonly tiebreak: string;
  readonly payload: Buffer;
}

/** Everything one step of a task changes: it becomes visible and durable at once, or not at all. */
export interface TaskCommit {
  /** Unique name of the task: `topology@version/subtopology/partition`. */
  readonly task: string;
  readonly outputs: readonly OutputRecord[];
  readonly state: readonly StateWrite[];
  readonly queue: readonly QueueWrite[];
  /** Source positions, channel clocks and watermark of the task, opaque to the store. */
  readonly progress: Buffer;
}

/** Something that is at hand, or that a server is asked for. */
export type Awaitable<T> = T | Promise<T>;

/**
 * What tasks committed, for reading; {@link Storage.commit} writes it. A store whose rows are elsewhere answers with promises: it may
 * gather what is asked for within one turn of the event loop into one request.
 */
export interface TaskStore {
  /** The last committed progress, `null` for a task that never committed. */
  progress(task: string): Awaitable<Buffer | null>;
  get(task: string, store: string, key: string): Awaitable<Buffer | null>;
  /** The first entries of the queue in order; `afterEntry` is exclusive. */
  queueHead(task: string, limit: number, afterEntry?: QueueEntry): Awaitable<QueueEntry[]>;
}

/** A task store whose rows are at hand, and can be gone through. */
export interface LocalTaskStore extends TaskStore {
  progress(task: string): Buffer | null;
  get(task: string, store: string, key: string): Buffer | null;
  /** Entries of a store in key order (UTF-8 bytes); `after` is exclusive. */
  scan(task: string, store: string, after?: string, limit?: number): Iterable<{ readonly key: string; readonly value: Buffer }>;
  queueHead(task: string, limit: number, afterEntry?: QueueEntry): QueueEntry[];
}

/** A durable partitioned log. */
export interface Log {
  /** Creates the topic, or checks that the existing one agrees. @throws SFS_TOPIC_MISMATCH */
  ensureTopic(spec: TopicSpec): Awaitable<void>;
  topics(): TopicSpec[];
  range(topic: string, partition: number): PartitionRange;
  /**
   * Records from `fromOffset` on, at most `maxRecords`; none only where none is left up to the end. On a compacted topic offsets have gaps.
   * @throws SFS_OFFSET_OUT_OF_RANGE when `fromOffset` was removed by retention; SFS_LOG_CORRUPT with the position
   */
  read(topic: string, partition: number, fromOffset: number, maxRecords: number): LogRecord[];
  /** Appends outside of any task (imports, tools): durable when the promise resolves, all or nothing. */
  append(records: readonly OutputRecord[]): Promise<void>;
  /** Called after each append that became durable; returns the unsubscriber. */
  onAppend(listener: () => void): () => void;
}

/** A log and the state of tasks, with commits that span both. */
export interface Storage {
  readonly log: Log;
  readonly tasks: TaskStore;
  /** Resolves when the commit is durable. Commits of one storage take effect in call order. @throws SFS_STORAGE_FULL, SFS_STORAGE_FAILED */
  commit(commit: TaskCommit): Promise<void>;
  /** Small durable documents (deployed plans, schema ids), by name. */
  readonly documents: {
    get(name: string): Buffer | null;
    put(name: string, value: Buffer): Promise<void>;
    names(prefix: string): string[];
  };
  close(): Promise<void>;
}

/** A log that makes topics at once. */
export interface LocalLog extends Log {
  ensureTopic(spec: TopicSpec): void;
  /** Whether it has keys: what is personal lies under those of its owners. */
  readonly isSealed?: boolean;
  /** See {@link ToolAccess.opened}. */
  opened?(topic: string, records: readonly LogRecord[]): readonly LogRecord[];
}

/** A storage of this machine, whose task state is at hand: what tools read. */
export interface LocalStorage extends Storage {
  readonly log: LocalLog;
  readonly tasks: LocalTaskStore;
}

/** What is to be deleted for good. */
export interface Removal {
  /** Physical names; those that do not exist are left out. */
  readonly topics: readonly string[];
  /** Tasks whose state, timers and progress go. */
  readonly tasks: readonly string[];
}

/** A storage of this machine that things can be deleted from. */
export interface RemovingStorage extends LocalStorage {
  /**
   * Deletes topics and the state of tasks, piece by piece: after a crash some of it may be left, and the same call deletes the rest. Nobody
   * may run these tasks, or write these topics, meanwhile or before that.
   */
  remove(removal: Removal): Promise<void>;
}

/** A partition by its physical topic name and its number. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

/** How far a task has come in a partition: the offset of the first record that it has not processed. */
export interface TaskPosition extends PartitionName {
  readonly next: number;
}

/** How much state a task has. */
export interface StateSize {
  /** Rows of all its stores. */
  readonly rows: number;
  /** Entries of its time queue. */
  readonly timers: number;
  /** Estimated, without replicas. */
  readonly bytes: number;
}

/** Where a task reads, what it kept, and where it commits. */
export interface TaskAccess {
  /** The partitions of the task. `range().end` may be behind the log's own end while records are on their way. */
  readonly log: Pick<Log, 'range' | 'read'>;
  readonly tasks: TaskStore;
  /** What is kept is of an earlier commit than the log is: what came since is computed again. Absent where the two cannot differ. */
  readonly isBehind?: boolean;
  /** Where the task had committed in its own partitions. Absent where nothing tells. */
  readonly reached?: readonly TaskPosition[];
  /**
   * Where its partitions ended when it was opened, by `topic/partition`: as long as `log` ends before that, more is on its way. Absent where
   * `log` shows all there is.
   */
  readonly ends?: ReadonlyMap<string, number>;
  /** Says where reading begins, once; nothing is read before. */
  begin(positions: readonly TaskPosition[]): Awaitable<void>;
  /** As {@link Storage.commit}; `positions` are those of the partitions that are the task's own. */
  commit(commit: TaskCommit, positions: readonly TaskPosition[]): Promise<void>;
  /** Called where a step has nothing to commit. @throws what {@link commit} would, once it is known that the store lost what the task stands on */
  idle?(): void;
  /** How much state it has, at a cost that does not grow with that. Absent where state is at hand. */
  size?(): Promise<StateSize>;
  /** Gives the task up after its last commit. */
  close(): Promise<void>;
}

/** A task that is to be opened. */
export interface TaskPlace {
  readonly name: string;
  readonly group: string;
  /** Partitions that are the task's own: no other task of the group reads them. */
  readonly own: readonly PartitionName[];
  /** Partitions that every task of the subtopology reads. */
  readonly global: readonly PartitionName[];
}

/** The tasks of one topology: workers share its partitions. */
export interface TaskGroup {
  readonly id: string;
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
}

/** Who runs tasks. Calls for one group come one after the other. */
export interface TaskHost {
  /**
   * These partitions are this host's from now on: it opens and begins their tasks before it returns.
   * @param isOver - whether they are another one's already: who goes on opening their tasks would keep the group waiting
   */
  assigned(group: string, partitions: readonly PartitionName[], isOver: () => boolean): Promise<void>;
  /** Others may want these: it commits and closes their tasks before it returns. */
  revoked(group: string, partitions: readonly PartitionName[]): Promise<void>;
  /** These are another one's already: what their tasks have not committed is void. */
  lost(group: string, partitions: readonly PartitionName[]): void;
}

/** Schema ids that are given elsewhere: known here once they were asked for. */
export interface SchemaRegistry extends SchemaIds {
  /**
   * Has the schema of what is written to a topic kept; from then on `idOf` gives its id. @param topic - its physical name
   * @throws SFS_SCHEMA_REFUSED with the fields that do not fit what was kept before; SFS_REGISTRY_COMPATIBILITY, SFS_REGISTRY_REFUSED,
   * SFS_REGISTRY_UNAVAILABLE, SFS_SCHEMA_ID_CLASH
   */
  register(topic: string, schemaName: string, schema: AvroRecord): Promise<void>;
  /** Whether `schemaOf` can tell what an id stands for, or that nobody knows. */
  isLearned(id: number): boolean;
  /** Asks for an id, for as long as nobody answers; then it is learned. */
  learn(id: number): Promise<void>;
}

/** What a worker runs over: a log, documents, and the tasks that are this process's to run. */
export interface Placement {
  readonly log: Pick<Log, 'ensureTopic' | 'onAppend'>;
  readonly documents: Storage['documents'];
  /** Where ids of schemas come from; they are computed without. */
  readonly schemas?: SchemaRegistry | undefined;
  /** Commits on their way, at most: what they hold is in memory, however many tasks there are. */
  readonly mostCommits: number;
  /** Whether other processes may have a part of the tasks, or take one over. */
  readonly isShared: boolean;
  /** Joins the groups; the host hears of its partitions from then on, perhaps before the promise resolves. */
  join(groups: readonly TaskGroup[], host: TaskHost): Promise<void>;
  openTask(place: TaskPlace): Promise<TaskAccess>;
  /**
   * Waits where there is nothing to do here, and others of the same run may still write what these tasks read: resolves with `true` when there may be
   * something again or `stopped` speaks, with `false` when none of them has anything to do. Absent where nobody else does.
   */
  rest?(stopped: AbortSignal): Promise<boolean>;
  /** Whether tasks that read no partition of their own run here (true): of several that share a run one has them. */
  readonly runsUnowned?: boolean;
  /** All records of a partition that are there now. */
  records(topic: string, partition: number): Iterable<LogRecord> | AsyncIterable<LogRecord>;
  /** Told of a record that no task takes, and that becomes no dead letter: one of the control topic that is of another region, or cannot be read. */
  refused?(topic: string, code: ErrorCode): void;
  /** Leaves the groups, after the host has been told of what it loses by that. */
  leave(): Promise<void>;
}

/** A row of a store. */
export interface KeyedRow {
  readonly key: string;
  readonly value: Buffer;
}

/** A writer outside of any topology, such as an import: what it appends and how far it is become durable together. */
export interface NamedWriter {
  /** What the last commit under this name left; `null` before the first. */
  readonly progress: Buffer | null;
  /** Appends all of it with the progress, or nothing. Commits take effect in call order. @throws SFS_FENCED when another one took the name over */
  commit(records: readonly OutputRecord[], progress: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** What tools see of a folder, or of a region on servers, and how they write to it. State is that of the last commit of each task. */
export interface ToolAccess {
  /** As they were when this was opened. */
  readonly documents: Pick<Storage['documents'], 'get' | 'names'>;
  /** Whether every offset of a topic holds a record that producers wrote, where nothing was removed. Kafka puts control records between. */
  readonly isDense: boolean;
  /** What decodes its records, and gives ids to those that are written, where it is not the package's own. */
  readonly schemas?: SchemaRegistry | undefined;
  readonly tasks: {
    progress(task: string): Awaitable<Buffer | null>;
    get(task: string, store: string, key: string): Awaitable<Buffer | null>;
    /** All rows of a store. On servers in no order, and a row that is written meanwhile comes as before or after. */
    scan(task: string, store: string): Iterable<KeyedRow> | AsyncIterable<KeyedRow>;
  };
  topics(): Awaitable<TopicSpec[]>;
  /** The offsets of each partition, by number. @throws SFS_TOPIC_UNKNOWN */
  ranges(topic: string): Awaitable<PartitionRange[]>;
  /** Records from an offset on, or from the first that is there, up to the end that the partition has now. Memory stays bounded. */
  records(topic: string, partition: number, from: number): Iterable<LogRecord> | AsyncIterable<LogRecord>;
  /** Records with values as they lay in a topic, as {@link records} gives them. Absent where nothing is sealed. */
  opened?(topic: string, records: readonly LogRecord[]): Awaitable<readonly LogRecord[]>;
  /** For each position the number of records from there to the end: markers count, the broker's own control records do not. */
  waiting(positions: readonly TaskPosition[]): Awaitable<number[]>;
  /** @throws SFS_TOPIC_MISMATCH */
  ensureTopic(spec: TopicSpec): Awaitable<void>;
  /** Takes a name over: from then on nobody else commits under it, and all that was committed under it can be read, in these topics too. */
  writer(name: string, topics: readonly string[]): Promise<NamedWriter>;
}
