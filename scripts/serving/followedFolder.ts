/** A folder that another process writes, followed by its path: when another storage takes its place, that one is read. */
import { join } from 'node:path';
import { fileIdentity } from '../../reader/fileIdentity.js';
import type { RecommendationLog } from '../../reader/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { DATA_FILE } from '../../runtime/embedded/environment.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { asTombstone } from '../../runtime/keys/openedRecord.js';

const LOOK_MS = 1_000;

interface Opened {
  readonly storage: EmbeddedStorage;
  readonly identity: string | null;
}

/** Reads a folder beside its writer. */
export class FollowedFolder {
  /** For a reader; its identity is that of the data file, which lives as long as the storage. */
  readonly log: RecommendationLog = {
    topics: () => this.storage.log.topics(),
    range: (topic, partition) => this.storage.log.range(topic, partition),
    read: (topic, partition, from, most) => this.storage.log.read(topic, partition, from, most).map(asTombstone),
    identity: () => this.current().identity ?? '',
    diskKeys: () => this.opened?.storage.log.diskKeys() ?? null,
  };
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | null = null;

  private constructor(
    private readonly folder: string,
    /** `null` between two storages. */
    private opened: Opened | null,
    lookMs: number,
  ) {
    this.timer = setInterval(() => void (this.looking ??= this.look().finally(() => (this.looking = null))), lookMs).unref();
  }

  /** @throws SFS_FOLDER_MISSING, and what opening a storage for reading throws */
  static async open(folder: string, lookMs = LOOK_MS): Promise<FollowedFolder> {
    return new FollowedFolder(folder, await opening(folder), lookMs);
  }

  /** The storage that is read now. @throws SFS_FOLDER_MISSING between two of them */
  get storage(): EmbeddedStorage {
    return this.current().storage;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
    await this.opened?.storage.close();
  }

  private current(): Opened {
    if (this.opened !== null) return this.opened;
    throw new SkillForgeError('SFS_FOLDER_MISSING', `${this.folder} has been replaced and is being opened again`, { retriable: true });
  }

  /**
   * The old storage is closed first: LMDB keeps the number of the last transaction in its lock file, which may still be there, and the new data
   * would be read as of a transaction of the old.
   */
  private async look(): Promise<void> {
    const identity = identityOf(this.folder);
    if (identity === null || identity === this.opened?.identity) return;
    const before = this.opened;
    this.opened = null;
    try {
      await before?.storage.close();
      this.opened = await opening(this.folder);
    } catch {
      // Perhaps it is not whole yet: the next look tries again.
    }
  }
}

async function opening(folder: string): Promise<Opened> {
  const identity = identityOf(folder);
  return { storage: await openEmbedded(folder, { readOnly: true, markerIdOf }), identity };
}

/** That of the data file; `null` where there is none. */
function identityOf(folder: string): string | null {
  try {
    return fileIdentity(join(folder, DATA_FILE));
  } catch {
    return null;
  }
}
