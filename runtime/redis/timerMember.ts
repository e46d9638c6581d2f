import { SkillForgeError } from '../../schemas/errors.js';
import type { QueueEntry } from '../ports.js';

/** The place of an entry in a time queue. */
export type TimerPlace = Pick<QueueEntry, 'timeMs' | 'queue' | 'tiebreak'>;

const TIME_BYTES = 8;

/**
 * `[time f64 | queue utf8 | 0 | tiebreak utf8]`: compared byte by byte, as `ZRANGEBYLEX` does, these order as the port promises.
 * @throws SFS_QUEUE_NAME_INVALID for a name that holds a NUL, which ends the name; SFS_TIME_INVALID
 */
export function timerMember({ timeMs, queue, tiebreak }: TimerPlace): Buffer {
  if (Number.isNaN(timeMs)) throw new SkillForgeError('SFS_TIME_INVALID', 'the time of a queue entry is not a number');
  if (queue.includes('\0')) throw new SkillForgeError('SFS_QUEUE_NAME_INVALID', `the queue name ${JSON.stringify(queue)} holds a NUL character`);
  const member = Buffer.concat([Buffer.allocUnsafe(TIME_BYTES), Buffer.from(`${queue}\0${tiebreak}`)]);
  member.writeDoubleBE(timeMs === 0 ? 0 : timeMs, 0);
  turnTime(member, member[0]! >= 0x80);
  return member;
}

/** What {@link timerMember} was made of. */
export function parseTimerMember(bytes: Buffer): TimerPlace {
  const time = Buffer.from(bytes.subarray(0, TIME_BYTES));
  turnTime(time, time[0]! < 0x80);
  const end = bytes.indexOf(0, TIME_BYTES);
  return { timeMs: time.readDoubleBE(0), queue: bytes.toString('utf8', TIME_BYTES, end), tiebreak: bytes.toString('utf8', end + 1) };
}

/** The bits of a double order like the number once all of them are flipped (below 0) or the sign alone is. */
function turnTime(bytes: Buffer, negative: boolean): void {
  if (!negative) bytes[0]! ^= 0x80;
  else for (let i = 0; i < TIME_BYTES; i++) bytes[i]! ^= 0xff;
}
