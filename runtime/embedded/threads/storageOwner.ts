/**
 * One thread has the folder, and is the only one that writes to it: all that a storage keeps in memory (ends of partitions, the line of commits,
 * numbers of names, keys) stays in one place. The others read the same LMDB environment by themselves, and send what they want to commit.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Storage, TaskCommit } from '../../ports.js';
import { unpackCommit } from './packedCommit.js';
import { sentError, type KnownRange, type SentError, type ToOwner, type ToThread } from './threadMessages.js';

/** How often it is looked whether others than the threads have appended something, or retention removed something. */
const LOOK_MS = 250;

interface Thread {
  readonly port: MessagePort;
  /** Appends that it knew of when it had nothing more to do; `null` while it works. */
  restsAt: number | null;
}

/** The side of the thread that has the storage. */
export class StorageOwner {
  /** One for each thread, to be sent to it. */
  readonly ports: readonly MessagePort[];
  private readonly threads: readonly Thread[];
  private readonly known = new Map<string, KnownRange>();
  private readonly timer: NodeJS.Timeout;
  private appends = 0;

  /** @param count - of threads */
  constructor(
    private readonly storage: Pick<Storage, 'log' | 'commit'>,
    count: number,
  ) {
    const channels = Array.from({ length: count }, () => new MessageChannel());
    this.ports = channels.map(({ port2 }) => port2);
    this.threads = channels.map(({ port1 }) => ({ port: port1, restsAt: null }));
    for (const thread of this.threads) thread.port.on('message', (said: ToOwner) => void this.hear(thread, said));
    this.look();
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** To be called when the threads have ended. */
  close(): void {
    clearInterval(this.timer);
    for (const { port } of this.threads) port.close();
  }

  private async hear(thread: Thread, said: ToOwner): Promise<void> {
    if (said.kind === 'commit') {
      const { id, packed } = said;
      const answer: ToThread = { kind: 'committed', id, error: await this.committed(unpackCommit(packed)), packed };
      // Nobody reads it here any more, and who sent it uses it again: what each commit takes anew would be memory until the next collection.
      thread.port.postMessage(answer, [packed]);
      return;
    }
    thread.restsAt = said.appends;
    // Who rests has no commit on its way, and whoever heard of a later append goes on: there is nothing that could bring more.
    if (this.threads.every(({ restsAt }) => restsAt === this.appends)) for (const one of this.threads) tell(one, { kind: 'over' });
  }

  private async committed(commit: TaskCommit): Promise<SentError | null> {
    try {
      await this.storage.commit(commit);
      // Before the thread hears of its commit: it may rest right after that.
      this.told(new Map(commit.outputs.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }])).values());
      return null;
    } catch (error) {
      return sentError(error);
    }
  }

  /** A log that has failed is met by the next commit, which tells why. */
  private look(): void {
    try {
      const partitions = this.storage.log
        .topics()
        .flatMap(({ name, partitions: count }) => Array.from({ length: count }, (_, partition) => ({ topic: name, partition })));
      this.told(partitions);
    } catch {
      clearInterval(this.timer);
    }
  }

  /** Tells all threads of those of the partitions that have changed. */
  private told(partitions: Iterable<Pick<KnownRange, 'topic' | 'partition'>>): void {
    const ranges: KnownRange[] = [];
    for (const { topic, partition } of partitions) {
      const range = { topic, partition, ...this.storage.log.range(topic, partition) };
      const name = `${topic}/${partition}`;
      const before = this.known.get(name);
      if (before?.end === range.end && before.start === range.start) continue;
      this.known.set(name, range);
      ranges.push(range);
    }
    if (ranges.length === 0) return;
    this.appends++;
    for (const thread of this.threads) tell(thread, { kind: 'appended', ranges });
  }
}

const tell = ({ port }: Thread, message: ToThread): void => port.postMessage(message);
