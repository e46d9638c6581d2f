import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from '../../schemas/partitioner.js';

/** The vectors of Kafka's own tests, `UtilsTest.testMurmur2`. */
const VECTORS: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

describe('murmur2', () => {
  it.each(VECTORS)('of "%s" is what Kafka computes, %i', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });

  it('sees bytes above 127 as what they are, not as negative numbers', () => {
    expect(murmur2(Buffer.from([0xff, 0xfe, 0x80]))).toBe(murmur2(new Uint8Array([255, 254, 128])));
    expect(murmur2(Buffer.from([0xff]))).not.toBe(murmur2(Buffer.from([0x7f])));
  });
});

describe('partitionOf', () => {
  it('takes the hash without its sign, as Kafka does, modulo the partitions', () => {
    for (const [text, hash] of VECTORS) expect(partitionOf(Buffer.from(text), 12)).toBe((hash & 0x7fffffff) % 12);
  });

  it('is a partition that exists, the same for equal keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 300 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
        expect(partitionOf(Buffer.from(key), partitions)).toBe(partition);
      }),
    );
  });

  it('spreads keys over all partitions', () => {
    const counts = new Array<number>(12).fill(0);
    for (let n = 0; n < 12_000; n++) counts[partitionOf(Buffer.from(`learner-${n}`), 12)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1200);
  });
});
