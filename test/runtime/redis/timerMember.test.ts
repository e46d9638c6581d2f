import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimerMember, timerMember, type TimerPlace } from '../../../runtime/redis/timerMember.js';

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const text = fc.string({ unit: 'grapheme' });
const place: fc.Arbitrary<TimerPlace> = fc.record({
  timeMs: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })),
  queue: fc.oneof(fc.constantFrom('', 'a'), text).filter((queue) => !queue.includes('\0')),
  tiebreak: text,
});

describe('timerMember', () => {
  it('orders by time, queue and tiebreak, byte by byte, and tells all three', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const order = (a.timeMs === b.timeMs ? 0 : a.timeMs - b.timeMs < 0 ? -1 : 1) || bytes(a.queue, b.queue) || bytes(a.tiebreak, b.tiebreak);
        expect(Math.sign(Buffer.compare(timerMember(a), timerMember(b)))).toBe(Math.sign(order));
        expect(parseTimerMember(timerMember(a))).toEqual({ ...a, timeMs: a.timeMs === 0 ? 0 : a.timeMs });
      }),
    );
  });

  it('refuses what has no place', () => {
    expect(() => timerMember({ timeMs: NaN, queue: 'q', tiebreak: '' })).toThrow(expect.objectContaining({ code: 'SFS_TIME_INVALID' }));
    expect(() => timerMember({ timeMs: 1, queue: 'q\0', tiebreak: '' })).toThrow(expect.objectContaining({ code: 'SFS_QUEUE_NAME_INVALID' }));
  });
});
