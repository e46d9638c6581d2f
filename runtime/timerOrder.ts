/** What every store of time queues needs to keep them in the order of the port: by time, queue and tiebreak, as bytes. */
import { SkillForgeError } from '../schemas/errors.js';

/** Bytes that {@link writeOrderedTime} takes. */
export const TIME_BYTES = 8;

/** A queue's name ends in a key at the first NUL. @throws SFS_QUEUE_NAME_INVALID for a name that holds one */
export function assertQueueName(queue: string): void {
  if (queue.includes('\0')) throw new SkillForgeError('SFS_QUEUE_NAME_INVALID', `the queue name ${JSON.stringify(queue)} holds a NUL character`);
}

/**
 * Writes a time, ms, so that its bytes compare as the number does: a double's bits do once the sign bit is flipped (positive) or all bits
 * are (negative).
 * @throws SFS_TIME_INVALID for what is not a number
 */
export function writeOrderedTime(target: Buffer, at: number, timeMs: number): void {
  if (Number.isNaN(timeMs)) throw new SkillForgeError('SFS_TIME_INVALID', 'the time of a queue entry is not a number');
  target.writeDoubleBE(timeMs === 0 ? 0 : timeMs, at);
  const high = target.readUInt32BE(at);
  const negative = high >= 0x8000_0000;
  target.writeUInt32BE((negative ? ~high : high ^ 0x8000_0000) >>> 0, at);
  if (negative) target.writeUInt32BE(~target.readUInt32BE(at + 4) >>> 0, at + 4);
}

/** The time, ms, that {@link writeOrderedTime} wrote. */
export function readOrderedTime(source: Buffer, at: number): number {
  const high = source.readUInt32BE(at);
  const negative = high < 0x8000_0000;
  const bits = Buffer.allocUnsafe(TIME_BYTES);
  bits.writeUInt32BE((negative ? ~high : high ^ 0x8000_0000) >>> 0, 0);
  const low = source.readUInt32BE(at + 4);
  bits.writeUInt32BE(negative ? ~low >>> 0 : low, 4);
  return bits.readDoubleBE(0);
}
