import type { QueueEntry } from '../ports.js';
import { TIME_BYTES, assertQueueName, readOrderedTime, writeOrderedTime } from '../timerOrder.js';

/** The place of an entry in a time queue. */
export type TimerPlace = Pick<QueueEntry, 'timeMs' | 'queue' | 'tiebreak'>;

/**
 * `[time f64 | queue utf8 | 0 | tiebreak utf8]`: compared byte by byte, as `ZRANGEBYLEX` does, these order as the port promises.
 * @throws SFS_QUEUE_NAME_INVALID for a name that holds a NUL, which ends the name; SFS_TIME_INVALID
 */
export function timerMember({ timeMs, queue, tiebreak }: TimerPlace): Buffer {
  assertQueueName(queue);
  const member = Buffer.concat([Buffer.allocUnsafe(TIME_BYTES), Buffer.from(`${queue}\0${tiebreak}`)]);
  writeOrderedTime(member, 0, timeMs);
  return member;
}

/** What {@link timerMember} was made of. */
export function parseTimerMember(bytes: Buffer): TimerPlace {
  const end = bytes.indexOf(0, TIME_BYTES);
  return { timeMs: readOrderedTime(bytes, 0), queue: bytes.toString('utf8', TIME_BYTES, end), tiebreak: bytes.toString('utf8', end + 1) };
}
