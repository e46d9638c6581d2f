/**
 * What the engine needs from a broker and a state store. `embedded/` implements it on one folder;
 * Kafka and Redis implement it later. All byte arrays are owned by the receiver after the call.
 */

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
}

/** A record to be appended. */
export interface OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly header: Buffer | null;
}

/** A topic as the log keeps it. */
export interface TopicSpec {
  /** Physical name, region included. */
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** Retention of a `delete` topic by append time, ms; `null` keeps for ever. */
  readonly retentionMs: number | null;
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
}

/** A storage of this machine, whose task state is at hand: what tools read. */
export interface LocalStorage extends Storage {
  readonly log: LocalLog;
  readonly tasks: LocalTaskStore;
}
