import { SkillForgeError } from '../../schemas/index.js';
import type { LocalLog, LocalStorage, TaskCommit } from '../ports.js';

/**
 * Whether the process dies at a commit, counted from 1 over the life of the driver: before it took effect, or after it did but before
 * anybody heard of it.
 */
export type CrashPlan = (commit: number) => 'before' | 'after' | null;

/** Never dies. */
export const noCrashes: CrashPlan = () => null;

/** Dies at the 1st, 2nd, 4th, 8th, ... commit, in turn before and after it took effect. */
export const crashesAtPowersOfTwo: CrashPlan = (commit) => {
  const power = Math.log2(commit);
  return Number.isInteger(power) ? (power % 2 === 0 ? 'before' : 'after') : null;
};

/** A storage whose process dies at planned commits; everything else is the storage's own. */
export class CrashingStorage implements LocalStorage {
  readonly log: LocalLog;
  private count = 0;
  /** While true, nothing dies: how long a partition has been silent is known to the process alone. */
  paused = false;
  private readonly planned = new Set<unknown>();

  constructor(
    readonly inner: LocalStorage,
    private readonly plan: CrashPlan,
    mostRead: number,
  ) {
    this.log = readingAtMost(inner.log, mostRead);
  }

  get tasks(): LocalStorage['tasks'] {
    return this.inner.tasks;
  }

  get documents(): LocalStorage['documents'] {
    return this.inner.documents;
  }

  /** Commits so far, those that failed included. */
  get commits(): number {
    return this.count;
  }

  async commit(commit: TaskCommit): Promise<void> {
    this.count++;
    const end = this.paused ? null : this.plan(this.count);
    if (end !== 'before') await this.inner.commit(commit);
    if (end === null) return;
    const crash = new SkillForgeError('SFS_TEST_CRASH', `the planned crash at commit ${this.count} of the test`);
    this.planned.add(crash);
    throw crash;
  }

  /** True for what a planned crash threw. */
  isPlanned(error: unknown): boolean {
    return this.planned.has(error);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Hands out fewer records at a time, so that every border between two reads is tried. */
function readingAtMost(log: LocalLog, most: number): LocalLog {
  return {
    ensureTopic: (spec) => log.ensureTopic(spec),
    topics: () => log.topics(),
    range: (topic, partition) => log.range(topic, partition),
    read: (topic, partition, fromOffset, maxRecords) => log.read(topic, partition, fromOffset, Math.min(most, maxRecords)),
    append: (records) => log.append(records),
    onAppend: (listener) => log.onAppend(listener),
  };
}
