/**
 * Takes records, rows and timers out of a folder, wherever they stand, or puts others in their place: offsets stay, so that a partition has gaps
 * afterwards, as after a compaction. Each piece is one transaction; a sweep that was cut off is begun anew and finds less to do.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogRecord } from '../ports.js';
import { replaceBatches, type CompactionRoom } from './compaction.js';
import type { Contents, StoredRow, StoredTimer } from './contents.js';
import type { BytesDatabase, Databases } from './environment.js';
import type { FolderSeal } from './folderSeal.js';
import { piecesOf } from './partitionPieces.js';
import { seal } from './sealed.js';
import type { Partition } from './topics.js';

/** What is to stay. */
export interface Sweep {
  /** The same record keeps it, another of its offset takes its place, `null` drops it. */
  record(topic: string, record: LogRecord): LogRecord | null;
  /** The same bytes keep the row, others take their place, `null` drops it. */
  row(row: StoredRow): Buffer | null;
  keepsTimer(timer: StoredTimer): boolean;
}

/** What was changed. */
export interface SweepCounts {
  /** By physical topic: records that were dropped or changed. */
  readonly records: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly timers: number;
}

/** What a sweep works with. */
export interface SweepRoom {
  readonly db: Databases;
  readonly contents: Contents;
  readonly compaction: CompactionRoom;
}

/** Entries of the state that one transaction changes. */
const PIECE = 1_000;

/** Whether a row tells of several learners under the key of something else. */
export type IsOfSeveral = (row: StoredRow) => boolean;

/** The same over a folder with keys: what is looked at is open, and what takes a place is sealed. */
export function sealedSweep(sweep: Sweep, seal: FolderSeal, isOfSeveral: IsOfSeveral): Sweep {
  return {
    record: (topic, record) => {
      const opened = seal.opened(topic, record);
      const after = sweep.record(topic, opened);
      if (after === opened) return record;
      return after && seal.resealed(topic, after);
    },
    row: (row) => {
      const after = sweep.row(row);
      return after === row.value ? after : seal.resealedRow({ ...row, value: after, isOfSeveral: isOfSeveral(row) });
    },
    keepsTimer: (timer) => sweep.keepsTimer(timer),
  };
}

/** What seals all that lies in clear. */
export function sealingSweep(seal: FolderSeal, isOfSeveral: IsOfSeveral): Sweep {
  return {
    record: (topic, record) => seal.resealed(topic, record),
    row: (row) => seal.resealedRow({ ...row, isOfSeveral: isOfSeveral(row) }),
    keepsTimer: () => true,
  };
}

/** Sweeps all topics, then all tasks. @throws SFS_LOG_CORRUPT, SFS_STATE_CORRUPT, and what a commit throws */
export async function sweepFolder(room: SweepRoom, sweep: Sweep): Promise<SweepCounts> {
  const records: Record<string, number> = {};
  for (const partition of room.compaction.topics.livePartitions()) {
    const { name } = partition.topic.spec;
    const changed = await sweepPartition(room.compaction, partition, (record) => sweep.record(name, record));
    if (changed > 0) records[name] = (records[name] ?? 0) + changed;
  }
  const rows = await sweepEntries(
    room,
    room.db.state,
    room.contents.rows(),
    (row) => sweep.row(row),
    ({ value }) => value,
  );
  const timers = await sweepEntries(
    room,
    room.db.queue,
    room.contents.timers(),
    (timer) => (sweep.keepsTimer(timer) ? timer.payload : null),
    ({ payload }) => payload,
  );
  return { records, rows, timers };
}

async function sweepPartition(room: CompactionRoom, partition: Partition, change: (record: LogRecord) => LogRecord | null): Promise<number> {
  let changed = 0;
  for await (const piece of piecesOf(room.reader, partition, partition.start, partition.end)) {
    const before = piece.flatMap(({ records }) => records);
    const after = before.map(change);
    const touched = after.filter((record, at) => record !== before[at]).length;
    if (touched === 0) continue;
    await replaceBatches(
      room,
      partition,
      piece,
      after.filter((record) => record !== null),
    );
    changed += touched;
  }
  return changed;
}

async function sweepEntries<E extends { readonly place: Buffer }>(
  { compaction: { line } }: SweepRoom,
  database: BytesDatabase,
  entries: Iterable<E>,
  change: (entry: E) => Buffer | null,
  valueOf: (entry: E) => Buffer,
): Promise<number> {
  let [changed, pending]: [number, (readonly [place: Buffer, value: Buffer | null])[]] = [0, []];
  const flush = async (): Promise<void> => {
    const writes = pending;
    pending = [];
    await line.add({
      outputs: [],
      appendTimeMs: 0,
      bytes: writes.reduce((sum, [, value]) => sum + 64 + (value?.length ?? 0), 0),
      addTo: (to) => {
        for (const [place, value] of writes)
          if (value === null) to.remove(database, place);
          else to.put(database, place, seal(place, value));
      },
    });
    await nextTurn();
  };
  for (const entry of entries) {
    const after = change(entry);
    if (after === valueOf(entry)) continue;
    pending.push([entry.place, after]);
    changed++;
    if (pending.length >= PIECE) await flush();
  }
  if (pending.length > 0) await flush();
  return changed;
}
