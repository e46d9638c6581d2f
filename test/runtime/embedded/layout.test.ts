import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logKey, offsetOfLogKey, parseQueueKey, queueKey, stateEnd, stateKey } from '../../../runtime/embedded/keys.js';
import { BatchDamage, decodeBatch, encodeBatch } from '../../../runtime/embedded/recordBatch.js';
import type { LogRecord } from '../../../runtime/ports.js';

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)));
const timeMs = fc.integer({ min: 0, max: 4e12 });

/** Records of ascending offsets with gaps, as compaction leaves them. */
const batch = fc
  .tuple(
    fc.integer({ min: 0, max: 2 ** 48 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), timeMs, bytes, bytes, bytes), { minLength: 1, maxLength: 20 }),
  )
  .map(([base, parts]) => {
    let offset = base - parts[0]![0];
    return parts.map(([step, appendTimeMs, key, value, header]): LogRecord => ({ offset: (offset += step), appendTimeMs, key, value, header }));
  });

describe('a record batch', () => {
  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(batch, (records) => {
        const base = records[0]!.offset;
        const key = logKey(3, 7, base);
        const decoded = decodeBatch(key, base, encodeBatch(key, base, records));
        // Its parts are views that are made when they are asked for.
        expect(
          decoded.map((record) => ({
            offset: record.offset,
            appendTimeMs: record.appendTimeMs,
            key: record.key,
            value: record.value,
            header: record.header,
          })),
        ).toEqual(records);
        expect(decoded.map(({ keyText }) => keyText)).toEqual(records.map(({ key }) => key?.toString() ?? null));
      }),
    );
  });

  it('is refused with any bit flipped, cut anywhere, or under another key', () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.nat({ max: 7 }), (records, place, bit) => {
        const base = records[0]!.offset;
        const key = logKey(3, 7, base);
        const sound = encodeBatch(key, base, records);
        const flipped = Buffer.from(sound);
        flipped[place % flipped.length]! ^= 1 << bit;
        expect(() => decodeBatch(key, base, flipped)).toThrow(BatchDamage);
        expect(() => decodeBatch(key, base, sound.subarray(0, place % sound.length))).toThrow(BatchDamage);
        expect(() => decodeBatch(logKey(3, 8, base), base, sound)).toThrow(BatchDamage);
      }),
    );
  });
});

describe('database keys', () => {
  it('of queue entries order by time, queue and tiebreak, and can be read back', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !text.includes('\0'));
    const place = fc.record({
      timeMs: fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, -1)),
      queue: name,
      tiebreak: fc.string({ unit: 'grapheme', maxLength: 8 }),
    });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [keyA, keyB] = [a, b].map((each) => queueKey(1, each.timeMs, each.queue, each.tiebreak)) as [Buffer, Buffer];
        const order = Math.sign(a.timeMs - b.timeMs) || compareText(a.queue, b.queue) || compareText(a.tiebreak, b.tiebreak);
        if (Number.isFinite(a.timeMs) || Number.isFinite(b.timeMs)) expect(Math.sign(Buffer.compare(keyA, keyB)) + 0).toBe(order + 0);
        expect(parseQueueKey(keyA)).toEqual({ ...a, timeMs: a.timeMs + 0 });
      }),
    );
  });

  it('of records order by topic, partition and offset', () => {
    const keys = [logKey(0, 1, 5), logKey(0, 1, 2 ** 32 - 1), logKey(0, 1, 2 ** 32), logKey(0, 1, 2 ** 53 - 1), logKey(0, 2, 0), logKey(1, 0, 0)];
    expect([...keys].sort((a, b) => Buffer.compare(a, b))).toEqual(keys);
    expect(offsetOfLogKey(logKey(0, 1, 2 ** 53 - 1))).toBe(2 ** 53 - 1);
  });

  it('of a store lie between its first and its end', () => {
    expect(Buffer.compare(stateKey(1, 2, '\u{10ffff}'.repeat(100)), stateEnd(1, 2))).toBe(-1);
    expect(Buffer.compare(stateEnd(1, 2), stateKey(1, 3, ''))).toBe(0);
  });
});

describe('the embedded storage', () => {
  // lmdb ends a batch of its writer thread halfway when a synchronous transaction comes in between.
  it('uses synchronous transactions only while opening', () => {
    const folder = join(import.meta.dirname, '../../../runtime/embedded');
    const users = readdirSync(folder).filter(
      (file) => file.endsWith('.ts') && /transactionSync|putSync|removeSync|clearSync|dropSync/.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(users.sort()).toEqual(['environment.ts', 'folderLock.ts']);
  });
});

function compareText(a: string, b: string): number {
  return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
