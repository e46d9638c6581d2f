/** Walks a partition in bounded pieces that let commits pass in between; no cursor stays open from one to the next. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseBatch, type LogReader, type ParsedBatch } from './logReader.js';
import type { Partition } from './topics.js';

/** A batch as it lies in the database. */
export interface StoredBatch extends ParsedBatch {
  readonly key: Buffer;
  readonly bytes: number;
}

/** Batches that are read, and rewritten, in one go, bytes. */
const PIECE_BYTES = 1024 * 1024;

/** The batches of `[from, to)`; both are ends of batches. @throws SFS_LOG_CORRUPT */
export async function* piecesOf(reader: LogReader, partition: Partition, from: number, to: number): AsyncIterable<readonly StoredBatch[]> {
  for (let offset = from; offset < to;) {
    const piece = pieceAt(reader, partition, offset, to);
    const last = piece[piece.length - 1];
    if (last === undefined) return;
    yield piece;
    offset = last.next;
    await nextTurn();
  }
}

function pieceAt(reader: LogReader, partition: Partition, from: number, to: number): StoredBatch[] {
  const piece: StoredBatch[] = [];
  let bytes = 0;
  for (const { key, value } of reader.batchesFrom(partition, from)) {
    const batch = { ...parseBatch(partition, key, value), key, bytes: value.length };
    if (batch.base >= to) break;
    if (batch.next <= from) continue;
    piece.push(batch);
    bytes += value.length;
    if (bytes >= PIECE_BYTES) break;
  }
  return piece;
}
