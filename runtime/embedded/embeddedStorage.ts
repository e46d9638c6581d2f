/** The storage port on one folder of this machine. */
import { SkillForgeError } from '../../schemas/errors.js';
import type { AvroSchema } from '../../schemas/index.js';
import { isKeyOfLearner, namesLearners, topicSchemaDocument } from '../../schemas/learnerKeys.js';
import type { FolderRing } from '../keys/folderRing.js';
import type { Removal, RemovingStorage, TaskCommit } from '../ports.js';
import { closeEnvironment } from './closing.js';
import { CommitLine } from './commitLine.js';
import type { CompactionRoom, CompactionSettings } from './compaction.js';
import { Contents, type StoredRow } from './contents.js';
import { Documents } from './documents.js';
import { EmbeddedLog, checkOutputs } from './embeddedLog.js';
import { assertInPlace, type Environment } from './environment.js';
import { ERASED_DOCUMENT, ErasedKeys } from './erasedKeys.js';
import type { FolderLock } from './folderLock.js';
import { FolderSeal } from './folderSeal.js';
import { LogReader } from './logReader.js';
import { LogWriter } from './logWriter.js';
import { Names } from './names.js';
import { removeTask, removeTopic, type RemovalRoom } from './removal.js';
import { renewDataFile } from './renewal.js';
import { StorageGate } from './storageGate.js';
import { sealedSweep, sealingSweep, sweepFolder, type Sweep, type SweepCounts } from './sweep.js';
import { TaskStates, type PreparedCommit } from './taskStates.js';
import { Topics } from './topics.js';
import { Upkeep, type UpkeepSettings } from './upkeep.js';

/** Every option with its value in place. */
export interface EmbeddedSettings extends UpkeepSettings, CompactionSettings {}

/** A durable partitioned log and task state in one folder. Made by `openEmbedded`. */
export class EmbeddedStorage implements RemovingStorage {
  readonly log: EmbeddedLog;
  readonly tasks: TaskStates;
  readonly documents: Documents;
  /** Rows and timers of all tasks. */
  readonly contents: Contents;
  private readonly names: Names;
  private readonly topics: Topics;
  private readonly line: CommitLine;
  private readonly gate: StorageGate;
  /** `null` when reading only. */
  private readonly upkeep: Upkeep | null;
  private readonly removal: RemovalRoom;
  private readonly room: CompactionRoom;
  private erased: ErasedKeys;
  /** `null` for a folder without keys. */
  private readonly seal: FolderSeal | null;
  private closing: Promise<void> | null = null;

  /** @internal */
  constructor(
    private readonly environment: Environment,
    private readonly lock: FolderLock | null,
    settings: EmbeddedSettings,
    ring: FolderRing | null = null,
  ) {
    const { db } = environment;
    const seal = (): FolderSeal | null => this.seal;
    this.topics = new Topics(environment);
    this.names = new Names(environment);
    const writer = new LogWriter(db.log, this.topics, settings.segmentBytes, (topic, key) => this.isErased(topic, key));
    this.line = new CommitLine(environment, writer);
    this.gate = new StorageGate(environment, this.line, settings.clock);
    const reader = new LogReader(db.log);
    this.log = new EmbeddedLog(this.gate, this.topics, reader, seal);
    this.tasks = new TaskStates(this.gate, db, this.names, seal);
    this.documents = new Documents(this.gate, db.documents);
    this.contents = new Contents(this.gate, db, seal);
    this.erased = ErasedKeys.of(this.documents.get(ERASED_DOCUMENT));
    this.seal = ring && this.sealOf(ring, settings.clock);
    const stopped = (): boolean => this.closing !== null || this.line.failed !== null;
    this.room = { reader, writer, line: this.line, topics: this.topics, settings, stopped };
    this.removal = { db, reader, line: this.line, names: this.names, topics: this.topics };
    this.upkeep = environment.readOnly ? null : new Upkeep(this.room, settings, () => assertInPlace(environment));
  }

  /**
   * Writes outputs, state, queue and progress in one transaction. Resolves when it survives the death of this process (kill -9
   * included). A power loss leaves a consistent folder too, but may take back the last commits, as a whole and from the newest
   * backwards: wait for {@link flushed} where that matters. Reads show the commit once the promise has resolved.
   *
   * @throws SFS_STORAGE_FULL, SFS_STORAGE_FAILED: the storage takes no further calls; reopened, it shows none of the commit (or, if
   * only the flush to the disk failed, all of it);
   * SFS_KEY_TOO_LONG, SFS_QUEUE_NAME_INVALID, SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN: the commit was refused, others go on
   */
  commit(commit: TaskCommit): Promise<void> {
    return this.gate.writing(() => {
      const outputBytes = checkOutputs(this.topics, commit.outputs);
      const sealed = this.seal?.commit(commit) ?? commit;
      const prepared: PreparedCommit = this.tasks.prepare(sealed);
      return this.gate.write({
        outputs: sealed.outputs,
        appendTimeMs: this.gate.now(),
        bytes: prepared.bytes + outputBytes,
        addTo: (writes) => {
          this.names.saveTo(writes);
          prepared.addTo(writes);
        },
      });
    });
  }

  /**
   * Keeps only the latest record of each key in a `compact` topic (see {@link CompactionSettings}); happens by itself too, once more than
   * half of a partition's records are new. Commits go on meanwhile.
   *
   * @throws SFS_TOPIC_UNKNOWN, SFS_PARTITION_UNKNOWN, SFS_TOPIC_NOT_COMPACTED, SFS_LOG_CORRUPT, and what a commit throws
   */
  compact(topic: string, partition?: number): Promise<void> {
    return this.gate.writing(async () => {
      const { partitions, cleanup } = this.topics.topic(topic).spec;
      if (cleanup !== 'compact')
        throw new SkillForgeError('SFS_TOPIC_NOT_COMPACTED', `topic ${topic} is kept by time, not by key`, { context: { topic } });
      const wanted = partition === undefined ? Array.from({ length: partitions }, (_, i) => i) : [partition];
      await this.upkeep?.compact(wanted.map((number) => this.topics.partition(topic, number)));
    });
  }

  /** Removes what `delete` topics keep no longer; happens by itself at opening and every minute. @throws SFS_LOG_CORRUPT and what a commit throws */
  applyRetention(nowMs: number): Promise<void> {
    return this.gate.writing(async () => this.upkeep?.applyRetention(nowMs));
  }

  /** See {@link RemovingStorage.remove}; compaction waits meanwhile. @throws what a commit throws */
  remove({ topics, tasks }: Removal): Promise<void> {
    return this.gate.writing(async () => {
      const known = new Set(this.topics.all().map(({ spec }) => spec.name));
      await this.upkeep?.inTurn(async () => {
        for (const name of topics) if (known.has(name)) await removeTopic(this.removal, name);
      });
      for (const task of tasks) await removeTask(this.removal, task);
    });
  }

  /** Since when a key is erased, ms since epoch, as of the opening; `null` for one that is not. */
  erasedSince(key: string): number | null {
    return this.erased.sinceOf(Buffer.from(key));
  }

  /** An item may be called as a learner is: of topics with other keys nothing is refused. */
  private isErased(topic: string, key: Buffer): boolean {
    if (this.erased.sinceOf(key) === null) return false;
    const name = key.toString();
    return isKeyOfLearner(topic, name, name, this.documents.readWithin(topicSchemaDocument(topic)));
  }

  /**
   * From now on records under this key of a learner are left out of whatever is written, without an error: an event that comes late is to stop nobody. Tombstones
   * are written. What lies under it already stays: see {@link sweep}. @throws what a commit throws
   */
  eraseKey(key: string, atMs: number): Promise<void> {
    return this.keepErased(this.erased.with(Buffer.from(key), atMs));
  }

  /** Takes records under the key again. @throws what a commit throws */
  acceptKey(key: string): Promise<void> {
    return this.keepErased(this.erased.without(Buffer.from(key)));
  }

  /** Drops or changes records, rows and timers of all topics and tasks; see {@link Sweep}. Nobody may run these tasks meanwhile. @throws SFS_LOG_CORRUPT, SFS_STATE_CORRUPT, and what a commit throws */
  sweep(sweep: Sweep): Promise<SweepCounts> {
    const { contents, room: compaction } = this;
    const through = this.seal === null ? sweep : sealedSweep(sweep, this.seal, (row) => this.isOfSeveral(row));
    const work = (): Promise<SweepCounts> => sweepFolder({ db: this.environment.db, contents, compaction }, through);
    return this.gate.writing(() => this.upkeep!.inTurn(work));
  }

  /**
   * Seals what lies in clear in a folder that got its keys later; nothing else changes. What was in clear stays on freed pages until {@link renew}.
   * @throws SFS_LOG_CORRUPT, SFS_STATE_CORRUPT, what the ring throws, and what a commit throws
   */
  sealContents(): Promise<SweepCounts> {
    const { contents, room: compaction, seal } = this;
    if (seal === null) return Promise.resolve({ records: {}, rows: 0, timers: 0 });
    const work = (): Promise<SweepCounts> =>
      sweepFolder(
        { db: this.environment.db, contents, compaction },
        sealingSweep(seal, (row) => this.isOfSeveral(row)),
      );
    return this.gate.writing(() => this.upkeep!.inTurn(work));
  }

  /**
   * Writes what is there into a new file in the place of the old one, so that nothing is left of what was deleted, and closes the storage. Needs as much
   * room as the folder has. Who reads the folder meanwhile has the old file until they open it again. @throws SFS_STORAGE_READ_ONLY, SFS_STORAGE_FULL, SFS_STORAGE_FAILED
   */
  async renew(): Promise<void> {
    this.gate.assertWritable();
    await (this.closing ??= this.renewOnce());
  }

  /** Resolves when everything committed so far survives a loss of power. */
  async flushed(): Promise<void> {
    await this.line.drained();
    await this.environment.root.flushed;
  }

  /**
   * Finishes what is under way, flushes, and gives the folder free. A second call waits for the first.
   *
   * @throws SFS_STORAGE_FAILED when the folder was moved or deleted meanwhile: what was written is not there
   */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    await this.settle();
    await closeEnvironment(this.environment, this.line.failed !== null);
    await this.lock?.release();
    // Only now: a process that goes on must not keep the file and the lock.
    if (!this.environment.readOnly) assertInPlace(this.environment);
  }

  private async renewOnce(): Promise<void> {
    await this.settle();
    try {
      await renewDataFile(this.environment, () => closeEnvironment(this.environment, this.line.failed !== null));
    } finally {
      await this.lock?.release();
    }
  }

  private async settle(): Promise<void> {
    // One turn later, so that `closing` is set when upkeep asks.
    await Promise.resolve();
    this.gate.shut();
    await this.upkeep?.stop();
    await this.line.drained();
    this.seal?.close();
  }

  private sealOf(ring: FolderRing, clock: () => number): FolderSeal {
    return new FolderSeal({
      ring,
      schemaDocument: (topic) => this.documents.readWithin(topicSchemaDocument(topic)),
      erasedSince: (name) => this.erased.sinceOf(name),
      clock,
    });
  }

  /** By the schema that lies beside the state. */
  private isOfSeveral({ task, store }: StoredRow): boolean {
    const kept = this.documents.readWithin(`state-schemas/${task.split('/', 1)[0]!}/${store}`);
    return kept !== null && (JSON.parse(kept.toString()) as AvroSchema[]).some(namesLearners);
  }

  private async keepErased(erased: ErasedKeys): Promise<void> {
    await this.documents.put(ERASED_DOCUMENT, erased.toDocument());
    this.erased = erased;
  }
}
