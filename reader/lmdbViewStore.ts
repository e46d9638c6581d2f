import { join } from 'node:path';
import type { Database } from 'lmdb';
import { SkillForgeError, errorMessageOf } from '../schemas/index.js';
import { removeFile } from '../lmdb/files.js';
import { SharedFile } from '../lmdb/sharedFile.js';
import { fileIdentity } from './fileIdentity.js';
import { MAX_KEY_BYTES, type VersionedHead, type ViewChange, type ViewHead, type ViewStore } from './viewStore.js';

/** File of the view within its folder: a cache of the log, which may be deleted at any time. */
export const VIEW_FILE = 'view.mdb';

/** Kafka's limit of a name is 249; with the separator. */
const MAX_TOPIC_BYTES = 250;
const HEAD_KEY = Buffer.from('head');
const NO_HEAD: VersionedHead = { version: 0, head: null };

/** The file as it is open. */
interface OpenFile {
  readonly shared: SharedFile;
  readonly rows: Database<Buffer, Buffer>;
  readonly heads: Database<Buffer, Buffer>;
  readonly identity: string;
}

/**
 * A view in a file. Rows and head change in one transaction, for which requests wait; whoever writes many rows writes them in pieces. The
 * version of the head is checked within the transaction: several processes may follow the log into one view, and whoever comes
 * second changes nothing.
 */
export class LmdbViewStore implements ViewStore {
  private parsed: VersionedHead = NO_HEAD;

  private constructor(
    readonly folder: string,
    /** `null` between two files. */
    private file: OpenFile | null,
  ) {}

  /** Opens the view in `folder`, creating it when new. @throws SFS_VIEW_UNUSABLE */
  static open(folder: string): LmdbViewStore {
    return new LmdbViewStore(folder, opened(folder));
  }

  head(): VersionedHead {
    if (this.file === null) return NO_HEAD;
    // Another process may have written since this turn's snapshot was taken.
    this.file.shared.root.resetReadTxn();
    // Most often it has not changed: then it is neither copied nor parsed.
    if (this.file.heads.doesExist(HEAD_KEY, this.parsed.version)) return this.parsed;
    const entry = this.file.heads.getEntry(HEAD_KEY);
    if (entry === undefined) return NO_HEAD;
    this.parsed = { version: entry.version!, head: JSON.parse(entry.value.toString()) as ViewHead };
    return this.parsed;
  }

  get(key: string): Buffer | null {
    const bytes = Buffer.from(key);
    // LMDB throws for a key that it could not hold.
    return bytes.length > MAX_KEY_BYTES + MAX_TOPIC_BYTES ? null : (this.file?.rows.get(bytes) ?? null);
  }

  *scan(prefix: string): Generator<{ key: string; value: Buffer }, void, undefined> {
    if (this.file === null) return;
    const start = Buffer.from(prefix);
    for (const { key, value } of this.file.rows.getRange({ start })) {
      const bytes = Buffer.from(key);
      if (bytes.compare(start, 0, start.length, 0, Math.min(start.length, bytes.length)) !== 0) return;
      yield { key: bytes.toString(), value };
    }
  }

  async write(expected: number, { head, rows, clear }: ViewChange): Promise<boolean> {
    if (this.file === null) return false;
    const { shared, heads, rows: kept } = this.file;
    const bytes = Buffer.from(JSON.stringify(head));
    const changes = rows.map(([key, value]) => [Buffer.from(key), value] as const);
    try {
      return await shared.write(() => {
        if ((heads.getEntry(HEAD_KEY)?.version ?? 0) !== expected) return false;
        heads.putSync(HEAD_KEY, bytes, expected + 1);
        if (clear) kept.clearSync();
        for (const [key, value] of changes) {
          if (value === null) kept.removeSync(key);
          else kept.putSync(key, value);
        }
        return true;
      });
    } catch (cause) {
      throw unusable(this.folder, 'cannot be written', cause);
    }
  }

  async renew(): Promise<void> {
    const { file } = this;
    // Who looks meanwhile finds an empty view.
    [this.file, this.parsed] = [null, NO_HEAD];
    await file?.shared.close();
    try {
      const path = join(this.folder, VIEW_FILE);
      // Another process may have begun a new file already.
      if (file !== null && fileIdentity(path) === file.identity) removeFile(path);
    } catch {
      // There is none any more: it is made below.
    }
    this.file = opened(this.folder);
  }

  async close(): Promise<void> {
    await this.file?.shared.close();
  }
}

/** @throws SFS_VIEW_UNUSABLE */
function opened(folder: string): OpenFile {
  try {
    const path = join(folder, VIEW_FILE);
    // Learners are asked for in no order: what the system would read ahead of each is megabytes that nobody wants, and pushes out what is wanted.
    const shared = SharedFile.open(path, { noReadAhead: true });
    return { shared, rows: shared.database('rows'), heads: shared.database('heads', { useVersions: true }), identity: fileIdentity(path) };
  } catch (cause) {
    throw unusable(folder, 'cannot be opened', cause);
  }
}

function unusable(folder: string, what: string, cause: unknown): SkillForgeError {
  return new SkillForgeError('SFS_VIEW_UNUSABLE', `the reader's view in ${folder} ${what}: ${errorMessageOf(cause)}`, { cause, context: { folder } });
}
