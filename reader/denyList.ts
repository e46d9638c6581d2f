/** Learners whose lists are not served: the reader's own, so that a list never outlives an erasure or an objection. */
import { join } from 'node:path';
import { SharedFile } from '../lmdb/sharedFile.js';
import { SkillForgeError, errorMessageOf, learnerId, type LearnerId } from '../schemas/index.js';
import { MAX_KEY_BYTES, type ViewPlace } from './viewStore.js';

/** File of the deny list within the folder of the view; it is no cache and must be kept. */
export const DENY_FILE = 'deny.mdb';

/** An entry of the deny list. */
export interface DeniedLearner {
  readonly learner: LearnerId;
  /** When it was added, ms since epoch. */
  readonly addedAtMs: number;
}

/** A learner on the list is served as one of whom nothing is known. It takes effect with the next request, whichever process changes it. */
export interface DenyList {
  has(learner: string): boolean;
  /** Durable when it resolves. Adding a learner twice keeps the first time. @throws SFS_KEY_INVALID */
  add(learner: string, atMs?: number): Promise<void>;
  /** Resolves to whether the learner was on the list. */
  remove(learner: string): Promise<boolean>;
  /** By the bytes of the ids. */
  list(): DeniedLearner[];
  close(): Promise<void>;
}

/** Opens the deny list beside the view. @throws SFS_VIEW_UNUSABLE */
export function openDenyList(place: ViewPlace): DenyList {
  return place === 'memory' ? new MemoryDenyList() : LmdbDenyList.open(place.folder);
}

function assertDeniable(learner: string): LearnerId {
  if (Buffer.byteLength(learner) <= MAX_KEY_BYTES) return learnerId(learner);
  throw new SkillForgeError('SFS_KEY_INVALID', `an id of ${Buffer.byteLength(learner)} bytes is none of a learner`);
}

class LmdbDenyList implements DenyList {
  private constructor(
    private readonly folder: string,
    private readonly file: SharedFile,
  ) {}

  static open(folder: string): LmdbDenyList {
    try {
      return new LmdbDenyList(folder, SharedFile.open(join(folder, DENY_FILE), { mapSize: 2 ** 20 }));
    } catch (cause) {
      throw unusable(folder, cause);
    }
  }

  has(learner: string): boolean {
    this.file.root.resetReadTxn();
    return Buffer.byteLength(learner) <= MAX_KEY_BYTES && this.file.root.doesExist(Buffer.from(learner));
  }

  async add(learner: string, atMs = Date.now()): Promise<void> {
    const key = Buffer.from(assertDeniable(learner));
    if (this.has(learner)) return;
    await this.durable(() => this.file.root.putSync(key, Buffer.from(String(atMs))));
  }

  async remove(learner: string): Promise<boolean> {
    if (!this.has(learner)) return false;
    await this.durable(() => this.file.root.removeSync(Buffer.from(learner)));
    return true;
  }

  list(): DeniedLearner[] {
    this.file.root.resetReadTxn();
    return [...this.file.root.getRange()].map(({ key, value }) => ({
      learner: Buffer.from(key).toString() as LearnerId,
      addedAtMs: Number(value.toString()),
    }));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async durable(change: () => unknown): Promise<void> {
    try {
      await this.file.write(change);
    } catch (cause) {
      throw unusable(this.folder, cause);
    }
  }
}

function unusable(folder: string, cause: unknown): SkillForgeError {
  return new SkillForgeError('SFS_VIEW_UNUSABLE', `the deny list in ${folder} cannot be used: ${errorMessageOf(cause)}`, {
    cause,
    context: { folder },
  });
}

class MemoryDenyList implements DenyList {
  private readonly times = new Map<string, number>();

  has(learner: string): boolean {
    return this.times.has(learner);
  }

  add(learner: string, atMs = Date.now()): Promise<void> {
    const key = assertDeniable(learner);
    if (!this.times.has(key)) this.times.set(key, atMs);
    return Promise.resolve();
  }

  remove(learner: string): Promise<boolean> {
    return Promise.resolve(this.times.delete(learner));
  }

  list(): DeniedLearner[] {
    const entries = [...this.times].map(([learner, addedAtMs]) => ({ learner: learner as LearnerId, addedAtMs }));
    return entries.sort((a, b) => Buffer.compare(Buffer.from(a.learner), Buffer.from(b.learner)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
