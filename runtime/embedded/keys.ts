/**
 * Byte layouts of the database keys. All of them compare, byte by byte, in the order that the ports
 * promise, so that LMDB's own order is the answer and nothing is sorted after reading.
 */
import { SkillForgeError } from '../../schemas/errors.js';
import { assertQueueName, readOrderedTime, writeOrderedTime } from '../timerOrder.js';

/** LMDB's limit for keys on 4 KiB pages, bytes. */
export const MAX_KEY_BYTES = 1978;

const TWO_TO_32 = 0x1_0000_0000;

/** `[topic u16 | partition u16 | offset u64]`, big endian. Offsets are exact up to 2^53. */
export function logKey(topicId: number, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUInt16BE(topicId, 0);
  key.writeUInt16BE(partition, 2);
  key.writeUInt32BE(Math.floor(offset / TWO_TO_32), 4);
  key.writeUInt32BE(offset % TWO_TO_32, 8);
  return key;
}

/** The offset within a key of {@link logKey}. */
export function offsetOfLogKey(key: Uint8Array): number {
  const view = asBuffer(key);
  return view.readUInt32BE(4) * TWO_TO_32 + view.readUInt32BE(8);
}

/** `[topic u16 | partition u16]`. */
export function partitionKey(topicId: number, partition: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt16BE(topicId, 0);
  key.writeUInt16BE(partition, 2);
  return key;
}

/** `[id u32]`, big endian. */
export function idKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(id, 0);
  return key;
}

/** `[task u32 | store u32 | key utf8]`. @throws SFS_KEY_TOO_LONG */
export function stateKey(taskId: number, storeId: number, userKey: string): Buffer {
  const length = Buffer.byteLength(userKey);
  assertKeyLength(8 + length, userKey);
  const key = Buffer.allocUnsafe(8 + length);
  key.writeUInt32BE(taskId, 0);
  key.writeUInt32BE(storeId, 4);
  key.write(userKey, 8, 'utf8');
  return key;
}

/** The first key after all keys of one store. */
export function stateEnd(taskId: number, storeId: number): Buffer {
  return storeId === TWO_TO_32 - 1 ? idKey(taskId + 1) : stateKey(taskId, storeId + 1, '');
}

/**
 * `[task u32 | time f64, order-preserving | queue utf8 | 0 | tiebreak utf8]`. The queue's name itself is in the key, not a
 * number for it: numbers are given in order of first use, and the order of the queue must not depend on that.
 * @throws SFS_KEY_TOO_LONG; SFS_QUEUE_NAME_INVALID for a name that holds a NUL, which ends the name in the key
 */
export function queueKey(taskId: number, timeMs: number, queue: string, tiebreak: string): Buffer {
  assertQueueName(queue);
  const nameLength = Buffer.byteLength(queue);
  const length = 13 + nameLength + Buffer.byteLength(tiebreak);
  assertKeyLength(length, tiebreak);
  const key = Buffer.allocUnsafe(length);
  key.writeUInt32BE(taskId, 0);
  writeOrderedTime(key, 4, timeMs);
  key.write(queue, 12, 'utf8');
  key[12 + nameLength] = 0;
  key.write(tiebreak, 13 + nameLength, 'utf8');
  return key;
}

/** What {@link queueKey} was made of, without the task. */
export function parseQueueKey(bytes: Uint8Array): { timeMs: number; queue: string; tiebreak: string } {
  const key = asBuffer(bytes);
  const end = key.indexOf(0, 12);
  return { timeMs: readOrderedTime(key, 4), queue: key.toString('utf8', 12, end), tiebreak: key.toString('utf8', end + 1) };
}

/** A key that is text alone. @throws SFS_KEY_TOO_LONG */
export function textKey(text: string): Buffer {
  const key = Buffer.from(text, 'utf8');
  assertKeyLength(key.length, text);
  if (key.length === 0) throw new SkillForgeError('SFS_NAME_INVALID', 'a name is empty');
  return key;
}

function assertKeyLength(length: number, text: string): void {
  if (length <= MAX_KEY_BYTES) return;
  throw new SkillForgeError(
    'SFS_KEY_TOO_LONG',
    `the key ${JSON.stringify(text.slice(0, 60))}… takes ${length} bytes; ${MAX_KEY_BYTES} is the limit`,
    {
      context: { bytes: length, limit: MAX_KEY_BYTES },
    },
  );
}

/** The same bytes as a Buffer; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
