/**
 * Compaction of one partition: of each key the latest record stays, under its offset, so that offsets have gaps afterwards.
 *
 * A pass looks at the records that came since the last one, remembers the last offset of each key (a bounded number of them:
 * what does not fit is for another pass), then goes through the partition from its start and drops what is older. It goes
 * upwards and each piece is one transaction: a value is gone before, or together with, the tombstone that ended it, so a
 * crash in between never brings a deleted key back.
 */
import type { LogRecord } from '../ports.js';
import type { CommitLine } from './commitLine.js';
import type { LogReader } from './logReader.js';
import type { LogWriter } from './logWriter.js';
import { piecesOf, type StoredBatch } from './partitionPieces.js';
import type { Partition, Topics } from './topics.js';

/** How a partition is compacted. */
export interface CompactionSettings {
  /** How long a tombstone stays after its append, ms: readers that are no further behind see it. */
  readonly deleteRetentionMs: number;
  /** Keys that a pass remembers. */
  readonly maxKeysPerPass: number;
  /** Batches below this are joined when their neighbours are rewritten, bytes. */
  readonly segmentBytes: number;
  /** What a record without a key stands for: of equal ids the last one stays; `null` keeps the record. */
  readonly markerIdOf: (header: Buffer) => string | null;
}

/** What a compaction works with. */
export interface CompactionRoom {
  readonly reader: LogReader;
  readonly writer: LogWriter;
  readonly line: CommitLine;
  readonly topics: Topics;
  readonly settings: CompactionSettings;
  /** True once the storage closes: a compaction stops between two pieces. */
  readonly stopped: () => boolean;
}

/** Compacts all that was durable when called. @throws SFS_LOG_CORRUPT, SFS_STORAGE_FULL, SFS_STORAGE_FAILED */
export async function compactPartition(room: CompactionRoom, partition: Partition, nowMs: number): Promise<void> {
  const target = partition.end;
  do {
    const { latest, upTo } = await latestOffsets(room, partition, target);
    const kept = await rewrite(room, partition, upTo, latest, nowMs);
    if (room.stopped()) return;
    await room.line.add({
      outputs: [],
      appendTimeMs: 0,
      bytes: 64,
      addTo: (writes) => {
        partition.cleanedTo = upTo;
        partition.keptRecords = kept;
        room.topics.saveRange(writes, partition, partition.end);
      },
    });
  } while (partition.cleanedTo < target);
}

/** Share of the records that came since the last compaction. */
export function dirtyRatio({ start, end, cleanedTo, keptRecords }: Partition): number {
  const dirty = end - Math.max(start, cleanedTo);
  return dirty === 0 ? 0 : dirty / (dirty + keptRecords);
}

async function latestOffsets(room: CompactionRoom, partition: Partition, target: number): Promise<{ latest: Map<string, number>; upTo: number }> {
  const latest = new Map<string, number>();
  const from = Math.max(partition.start, partition.cleanedTo);
  for await (const piece of piecesOf(room.reader, partition, from, target)) {
    for (const batch of piece) {
      remember(latest, batch, room.settings);
      if (latest.size >= room.settings.maxKeysPerPass) return { latest, upTo: batch.next };
    }
    if (room.stopped()) break;
  }
  return { latest, upTo: target };
}

function remember(latest: Map<string, number>, batch: StoredBatch, settings: CompactionSettings): void {
  for (const record of batch.records) {
    const identity = identityOf(record, settings);
    if (identity !== null) latest.set(identity, record.offset);
  }
}

/** @returns the number of records left below `upTo` */
async function rewrite(
  room: CompactionRoom,
  partition: Partition,
  upTo: number,
  latest: ReadonlyMap<string, number>,
  nowMs: number,
): Promise<number> {
  let kept = 0;
  for await (const piece of piecesOf(room.reader, partition, partition.start, upTo)) {
    if (room.stopped()) break;
    const survivors = piece.flatMap(({ records }) => records.filter((record) => survives(record, latest, nowMs, room.settings)));
    kept += survivors.length;
    if (worthRewriting(piece, survivors.length, room.settings.segmentBytes)) await replaceBatches(room, partition, piece, survivors);
  }
  return kept;
}

function survives(record: LogRecord, latest: ReadonlyMap<string, number>, nowMs: number, settings: CompactionSettings): boolean {
  const identity = identityOf(record, settings);
  if (identity === null) return true;
  const last = latest.get(identity);
  if (last !== undefined && last > record.offset) return false;
  const isTombstone = record.key !== null && record.value === null;
  return !isTombstone || nowMs - record.appendTimeMs < settings.deleteRetentionMs;
}

function worthRewriting(piece: readonly StoredBatch[], survivors: number, segmentBytes: number): boolean {
  const records = piece.reduce((sum, batch) => sum + batch.records.length, 0);
  if (survivors < records) return true;
  const bytes = piece.reduce((sum, batch) => sum + batch.bytes, 0);
  return piece.length > 1 && bytes / piece.length < segmentBytes / 4;
}

/** Puts records in the place of some batches, in one transaction; their offsets lie where those of the batches did. @throws what a commit throws */
export function replaceBatches(
  room: CompactionRoom,
  partition: Partition,
  piece: readonly StoredBatch[],
  survivors: readonly LogRecord[],
): Promise<void> {
  return room.line.add({
    outputs: [],
    appendTimeMs: 0,
    bytes: piece.reduce((sum, batch) => sum + batch.bytes, 0),
    addTo: (writes) => {
      room.writer.removeBatches(writes, piece);
      room.writer.addBatches(writes, partition, survivors);
    },
    applied: () => room.reader.forget(partition),
  });
}

function identityOf({ key, header }: LogRecord, { markerIdOf }: CompactionSettings): string | null {
  if (key !== null) return `k${key.toString('latin1')}`;
  const marker = header === null ? null : markerIdOf(header);
  return marker === null ? null : `m${marker}`;
}
