import { describe, expect, it } from 'vitest';
import { MOST_BYTES, MOST_WRITES, chunksOf } from '../../../runtime/redis/packing.js';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';
import type { StateWrite } from '../../../runtime/ports.js';

const keys = new RegionKeys('eu-west', 'skillforge').task('t@1/0/0');
const rows = (count: number, bytes: number, store = 'counts'): StateWrite[] =>
  Array.from({ length: count }, (_, n) => ({ store, key: `learner-${n}`, value: Buffer.alloc(bytes, n) }));

/** The commands of a chunk, read by the few types of msgpack that it may have. */
function commandsIn(packed: Buffer): Buffer[][] {
  let at = 0;
  const type = (code: number): void => {
    if (packed[at] !== code) throw new Error(`${String(packed[at])} at ${at} is not ${code}`);
  };
  const array = (): number => {
    type(0xdc);
    at += 3;
    return packed.readUInt16BE(at - 2);
  };
  const bytes = (): Buffer => {
    type(0xdb);
    const start = at + 5;
    at = start + packed.readUInt32BE(at + 1);
    return packed.subarray(start, at);
  };
  const commands = Array.from({ length: array() }, () => Array.from({ length: array() }, bytes));
  expect(at).toBe(packed.length);
  return commands;
}

describe('chunksOf', () => {
  it('bounds what one script call does, whatever the batch', () => {
    for (const batch of [rows(20_000, 500), rows(20_000, 3), rows(900, 30_000), [...rows(700, 400, 'a'), ...rows(700, 400, 'b')]]) {
      const chunks = chunksOf(keys, batch, []);
      expect(chunks.reduce((sum, { writes }) => sum + writes, 0)).toBe(batch.length);
      for (const { packed, writes } of chunks) {
        expect(writes).toBeLessThanOrEqual(MOST_WRITES);
        expect(packed.length).toBeLessThanOrEqual(MOST_BYTES + MOST_WRITES * 20);
        expect(Math.max(...commandsIn(packed).map(({ length }) => length))).toBeLessThan(4_000);
      }
    }
    expect(chunksOf(keys, rows(20_000, 500), [])).toHaveLength(80);
  });

  it('puts a row that is larger than a chunk into one of its own', () => {
    expect(chunksOf(keys, [...rows(2, 10), ...rows(1, 2 * MOST_BYTES, 'large'), ...rows(2, 10, 'after')], []).map(({ writes }) => writes)).toEqual([
      2, 1, 2,
    ]);
  });

  it('is one empty chunk for a batch without writes', () => {
    expect(chunksOf(keys, [], []).map(({ packed }) => commandsIn(packed))).toEqual([[]]);
  });

  it('names the stores of each chunk, and joins their writes into few commands', () => {
    const batch: StateWrite[] = ['a', 'b', 'a', 'b'].map((store, n) => ({ store, key: String(n), value: n === 2 ? null : Buffer.from('x') }));
    const [chunk] = chunksOf(keys, batch, []);
    expect(chunk!.stores).toEqual(['a', 'b']);
    expect(commandsIn(chunk!.packed).map((command) => command.map(String))).toEqual([
      ['HSET', 'skillforge:{eu-west/t@1/0/0}:s:a', '0', 'x'],
      ['HDEL', 'skillforge:{eu-west/t@1/0/0}:s:a', '2'],
      ['HSET', 'skillforge:{eu-west/t@1/0/0}:s:b', '1', 'x', '3', 'x'],
    ]);
  });
});
