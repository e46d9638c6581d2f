/** Archives one partition, batch by batch. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import type { LogRecord } from '../../runtime/ports.js';
import type { ValueDecoder } from '../../runtime/replay/sides.js';
import { eventTimeOf } from '../commands/eventTime.js';
import { columnData, fileSchema, type ArchivedRecord, type Column } from './columns.js';
import { beginningAt, readCommit, writeCommit, type PartitionCommit } from './commits.js';
import { UNFINISHED, writeDurably, type Reached } from './durableFile.js';
import { archiveFiles, archivePath, commitFolder, dayOf, daysIn } from './layout.js';

/** A batch is held in memory, decoded: whichever bound is met first ends it. */
const MOST_RECORDS = 50_000;
const MOST_BYTES = 16_000_000;

/** What all partitions of a topic have in common. */
export interface TopicArchive {
  /** Folder of the topic in its region. */
  readonly folder: string;
  /** Physical name. */
  readonly topic: string;
  readonly columns: readonly Column[];
  readonly decode: ValueDecoder;
  readonly reached: Reached;
  /** Keeps what is personal as it lies: sealed. */
  readonly isSealed?: boolean;
}

/** What came of some archiving. */
export interface Archived {
  readonly records: number;
  readonly files: number;
  readonly unreadable: number;
  readonly lost: number;
}

/** The bytes of a Parquet file with some records. */
export function parquetBytes(columns: readonly Column[], records: readonly ArchivedRecord[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ schema: fileSchema(columns), columnData: columnData(columns, records), rowGroupSize: MOST_RECORDS }));
}

/**
 * Removes what a writer left behind that was ended: unfinished files, and files of batches that were not committed. Of a folder that nobody
 * writes meanwhile. @throws SFS_ARCHIVE_DAMAGED
 */
export function recover(folder: string): void {
  const folders = [...daysIn(folder).map(({ path }) => path), commitFolder(folder)];
  for (const path of folders) {
    for (const name of namesIn(path)) if (name.endsWith(UNFINISHED)) rmSync(join(path, name), { force: true });
  }
  for (const { path, partition, to } of archiveFiles(folder)) {
    if (to > (readCommit(folder, partition)?.next ?? 0)) rmSync(path, { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * One partition of a topic. Each batch becomes a file for each day in it, and then a new commit: what is before the commit's `next` is in exactly one
 * file, what is beyond in none that counts.
 */
export class PartitionArchive {
  private commit: PartitionCommit;
  /** Up to where the commit on disk goes. */
  private settled: number;
  private days = new Map<string, ArchivedRecord[]>();
  private held = { records: 0, bytes: 0, unreadable: 0 };
  private readonly done = { records: 0, files: 0, unreadable: 0, lost: 0 };

  /** @param start - the first offset that the log has. @throws SFS_ARCHIVE_DAMAGED */
  constructor(
    private readonly topic: TopicArchive,
    private readonly partition: number,
    start: number,
  ) {
    const before = readCommit(topic.folder, partition) ?? beginningAt(partition, start);
    const lost = Math.max(0, start - before.next);
    this.settled = before.next;
    this.done.lost = lost;
    this.commit = { ...before, next: before.next + lost, lost: before.lost + lost };
  }

  /** The first offset that is not archived. */
  get next(): number {
    return this.commit.next;
  }

  /** What this object archived. */
  get archived(): Archived {
    return this.done;
  }

  /**
   * Archives records up to `end`, the last of which are committed when this returns. @param records - from {@link next} on, in order
   * @param onRecord - called for each record, markers included. @throws SFS_ARCHIVE_OTHER_LOG, SFS_FILE_UNWRITABLE, and what reading throws
   */
  async take(records: Iterable<LogRecord> | AsyncIterable<LogRecord>, end: number, onRecord: () => void): Promise<void> {
    if (end < this.next) throw this.otherLog(end);
    for await (const record of records) {
      if (record.offset >= end) break;
      if (!isMarker(record.header)) this.hold(record);
      onRecord();
      if (this.held.records >= MOST_RECORDS || this.held.bytes >= MOST_BYTES) this.flush(record.offset + 1);
    }
    if (end > this.settled) this.flush(end);
  }

  private hold(record: LogRecord): void {
    const archived = this.read(record);
    const day = dayOf(archived.eventTimeMs) ?? dayOf(archived.appendTimeMs)!;
    const records = this.days.get(day);
    if (records === undefined) this.days.set(day, [archived]);
    else records.push(archived);
    this.held.records++;
    this.held.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (archived.unreadable !== null) this.held.unreadable++;
  }

  private read(record: LogRecord): ArchivedRecord {
    const { offset, appendTimeMs, value } = record;
    const key = record.key?.toString() ?? null;
    const place = { partition: this.partition, offset, appendTimeMs, key };
    if (value === null) return { ...place, eventTimeMs: eventTimeOf(record, null), value: null, unreadable: null };
    try {
      const decoded = this.topic.decode(key ?? '', value) as ArchivedRecord['value'];
      return { ...place, eventTimeMs: eventTimeOf(record, decoded), value: decoded, unreadable: null, sealed: this.sealedOf(record) };
    } catch (error) {
      return {
        ...place,
        eventTimeMs: eventTimeOf(record, null),
        value: null,
        unreadable: { code: errorCodeOf(error), bytes: this.sealedOf(record) ?? value },
      };
    }
  }

  private sealedOf({ sealed, value }: LogRecord): Buffer | null {
    return this.topic.isSealed === true ? (sealed ?? value) : null;
  }

  private flush(to: number): void {
    const { folder, columns, reached } = this.topic;
    const { partition } = this;
    for (const [day, records] of [...this.days].sort(([a], [b]) => (a < b ? -1 : 1))) {
      writeDurably(archivePath(folder, { day, partition, from: this.next, to }), parquetBytes(columns, records), reached);
      this.done.files++;
    }
    const { records, unreadable } = this.held;
    this.commit = { ...this.commit, next: to, records: this.commit.records + records, unreadable: this.commit.unreadable + unreadable };
    writeCommit(folder, this.commit, reached);
    this.settled = to;
    this.done.records += records;
    this.done.unreadable += unreadable;
    this.days = new Map();
    this.held = { records: 0, bytes: 0, unreadable: 0 };
  }

  private otherLog(end: number): SkillForgeError {
    const { topic, folder } = this.topic;
    return new SkillForgeError(
      'SFS_ARCHIVE_OTHER_LOG',
      `${folder} has partition ${this.partition} up to offset ${this.next}, but ${topic} ends at ${end}: the archive is of another log`,
      { context: { topic, partition: this.partition, archived: this.next, end } },
    );
  }
}
