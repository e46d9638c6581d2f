/** Retention of one partition: whole batches go once their latest record is older than the topic keeps. */
import type { CommitLine } from './commitLine.js';
import { offsetOfLogKey } from './keys.js';
import { corrupt, type LogReader } from './logReader.js';
import type { LogWriter } from './logWriter.js';
import { summarizeBatch, type BatchSummary } from './recordBatch.js';
import type { Partition, Topics } from './topics.js';

/** What retention works with. */
export interface RetentionRoom {
  readonly reader: LogReader;
  readonly writer: LogWriter;
  readonly line: CommitLine;
  readonly topics: Topics;
  readonly stopped: () => boolean;
}

/** Batches that one transaction removes, bytes. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** Removes what was appended before `nowMs - retentionMs`; the start of the partition moves up. @throws SFS_LOG_CORRUPT and what a commit throws */
export async function retainPartition(room: RetentionRoom, partition: Partition, nowMs: number): Promise<void> {
  const { retentionMs, cleanup } = partition.topic.spec;
  if (cleanup !== 'delete' || retentionMs === null) return;
  while (!room.stopped()) {
    const { keys, start } = expired(room.reader, partition, nowMs - retentionMs);
    if (keys.length === 0) return;
    await room.line.add({
      outputs: [],
      appendTimeMs: 0,
      bytes: PIECE_BYTES,
      addTo: (writes) => {
        partition.start = start;
        room.writer.removeBatches(writes, keys);
        room.topics.saveRange(writes, partition, partition.end);
      },
      applied: () => room.reader.forget(partition),
    });
  }
}

function expired(reader: LogReader, partition: Partition, beforeMs: number): { keys: { key: Buffer }[]; start: number } {
  const keys: { key: Buffer }[] = [];
  let start = partition.start;
  let bytes = 0;
  if (partition.start === partition.end) return { keys, start };
  for (const { key, value } of reader.batchesFrom(partition, partition.start)) {
    const { last, maxAppendTimeMs } = summary(partition, key, value);
    if (maxAppendTimeMs >= beforeMs) break;
    keys.push({ key });
    start = last + 1;
    bytes += value.length;
    if (bytes >= PIECE_BYTES) break;
  }
  return { keys, start };
}

function summary(partition: Partition, key: Buffer, value: Buffer): BatchSummary {
  const base = offsetOfLogKey(key);
  try {
    return summarizeBatch(key, base, value);
  } catch (cause) {
    throw corrupt(partition, base, cause);
  }
}
