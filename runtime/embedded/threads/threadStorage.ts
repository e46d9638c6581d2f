/** The storage of a folder that another thread of this process has, as the threads of a run see it. */
import type { MessagePort } from 'node:worker_threads';
import { SkillForgeError } from '../../../schemas/errors.js';
import type { LocalLog, LocalStorage, LogRecord, OutputRecord, PartitionRange, TaskCommit, TopicSpec } from '../../ports.js';
import type { EmbeddedStorage } from '../embeddedStorage.js';
import { openEmbedded } from '../index.js';
import { packCommit } from './packedCommit.js';
import { receivedError, type Appended, type ToOwner, type ToThread } from './threadMessages.js';

/** The log as the owner tells of it; what is in it is read from the folder. */
class ThreadLog implements LocalLog {
  private readonly ranges = new Map<string, PartitionRange[]>();
  private readonly listeners = new Set<() => void>();
  /** What the owner has told so far, in number. */
  appends = 0;

  constructor(private readonly folder: EmbeddedStorage['log']) {}

  hear({ ranges }: Appended): void {
    this.appends++;
    for (const { topic, partition, start, end } of ranges) {
      const known = this.ranges.get(topic) ?? [];
      known[partition] = { start, end };
      this.ranges.set(topic, known);
    }
    for (const listener of [...this.listeners]) listener();
  }

  /** @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN */
  range(topic: string, partition: number): PartitionRange {
    return this.ranges.get(topic)?.[partition] ?? this.folder.range(topic, partition);
  }

  read(topic: string, partition: number, fromOffset: number, maxRecords: number): LogRecord[] {
    return this.folder.read(topic, partition, fromOffset, maxRecords);
  }

  /** The owner has made those of its topologies. @throws SFS_TOPIC_UNKNOWN for another one */
  ensureTopic({ name }: TopicSpec): void {
    this.range(name, 0);
  }

  topics(): TopicSpec[] {
    return this.folder.topics();
  }

  /** @throws SFS_STORAGE_READ_ONLY: threads append with their commits */
  append(records: readonly OutputRecord[]): Promise<void> {
    return this.folder.append(records);
  }

  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A storage whose commits the owner of the folder makes: {@link ThreadStorage.open}. */
export class ThreadStorage implements LocalStorage {
  readonly log: LocalLog;
  readonly tasks: EmbeddedStorage['tasks'];
  readonly documents: EmbeddedStorage['documents'];
  private readonly known: ThreadLog;
  private readonly waiting = new Map<number, Waiting>();
  /** Memory that the owner has given back. */
  private readonly room: ArrayBuffer[] = [];
  private commits = 0;
  /** No answer comes any more. */
  private isOver = false;

  private constructor(
    private readonly folder: EmbeddedStorage,
    private readonly port: MessagePort,
  ) {
    this.log = this.known = new ThreadLog(folder.log);
    this.tasks = folder.tasks;
    this.documents = folder.documents;
    port.on('message', (said: ToThread) => this.hear(said));
    port.on('close', () => this.fail());
  }

  /** @param port - one of the owner's */
  static async open(folder: string, port: MessagePort): Promise<ThreadStorage> {
    return new ThreadStorage(await openEmbedded(folder, { readOnly: true }), port);
  }

  /** Resolves when the owner has made the commit: reads show it from then on. @throws what the owner's storage throws */
  commit(commit: TaskCommit): Promise<void> {
    if (this.isOver) return Promise.reject(ownerGone());
    const packed = packCommit(commit, this.room.pop());
    const id = this.commits++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const message: ToOwner = { kind: 'commit', id, packed };
      this.port.postMessage(message, [packed]);
    });
  }

  /** Says that there is nothing to do here; resolves with `true` when there may be something again, with `false` when no thread has anything to do. */
  rest(stopped: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const go = (isMore: boolean) => (): void => {
        unsubscribe();
        this.port.off('message', over);
        stopped.removeEventListener('abort', more);
        resolve(isMore);
      };
      const more = go(true);
      const end = go(false);
      const over = ({ kind }: ToThread): void => {
        if (kind === 'over') end();
      };
      const unsubscribe = this.log.onAppend(more);
      this.port.on('message', over);
      stopped.addEventListener('abort', more, { once: true });
      const message: ToOwner = { kind: 'rest', appends: this.known.appends };
      this.port.postMessage(message);
    });
  }

  async close(): Promise<void> {
    this.isOver = true;
    this.port.close();
    await this.folder.close();
  }

  private hear(said: ToThread): void {
    if (said.kind === 'appended') this.known.hear(said);
    if (said.kind !== 'committed') return;
    const waiting = this.waiting.get(said.id)!;
    this.waiting.delete(said.id);
    this.room.push(said.packed);
    if (said.error === null) waiting.resolve();
    else waiting.reject(receivedError(said.error));
  }

  /** The owner is gone: whether its last commits were made shows the next run. */
  private fail(): void {
    this.isOver = true;
    for (const { reject } of this.waiting.values()) reject(ownerGone());
    this.waiting.clear();
  }
}

const ownerGone = (): SkillForgeError => new SkillForgeError('SFS_STORAGE_CLOSED', 'the thread that has the storage has closed it');
