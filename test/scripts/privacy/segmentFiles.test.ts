import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { segmentPlace, segmentRecords } from '../../../scripts/privacy/erasure/segmentFiles.js';
import { newFolder } from '../../fixtures/folders.js';

interface Written {
  readonly delta: number;
  readonly key: string | null;
  readonly value: string | null;
}

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
};
const field = (text: string | null): Buffer => (text === null ? varint(-1) : Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text)]));

function recordBytes({ delta, key, value }: Written): Buffer {
  const header = Buffer.concat([varint(1), field('h'), field('of the engine')]);
  const body = Buffer.concat([Buffer.of(0), varint(5), varint(delta), field(key), field(value), header]);
  return Buffer.concat([varint(body.length), body]);
}

/** A batch of the format that brokers write since 0.11 (magic 2). */
function batch(first: number, records: readonly Written[], attributes = 0): Buffer {
  const bytes = Buffer.concat(records.map(recordBytes));
  const head = Buffer.alloc(61);
  const packed = (attributes & 7) === 1 ? gzipSync(bytes) : bytes;
  head.writeBigInt64BE(BigInt(first), 0);
  head.writeInt32BE(head.length - 12 + packed.length, 8);
  head[16] = 2;
  head.writeInt16BE(attributes, 21);
  head.writeBigInt64BE(1_000n, 27);
  head.writeInt32BE(records.length, 57);
  return Buffer.concat([head, packed]);
}

function segment(...batches: readonly Buffer[]): string {
  const folder = join(newFolder(), 'eu-west.clicks-3');
  mkdirSync(folder);
  const path = join(folder, '00000000000000000000.log');
  writeFileSync(path, Buffer.concat(batches));
  return path;
}

const ADA: Written = { delta: 0, key: 'ada', value: 'one' };

describe('segment files', () => {
  it('give their records, batch by batch, also those of tombstones and of long values', () => {
    const long = 'x'.repeat(5_000);
    const path = segment(batch(7, [ADA, { delta: 2, key: null, value: long }]), batch(12, [{ delta: 0, key: 'ada', value: null }]));
    const records = [...segmentRecords(path)].flat();
    expect(records.map((one) => [one?.offset, one?.key?.toString() ?? null, one?.value?.toString() ?? null])).toEqual([
      [7, 'ada', 'one'],
      [9, null, long],
      [12, 'ada', null],
    ]);
    expect(records[0]?.appendTimeMs).toBe(1_005);
    expect(records[0]?.header?.includes('of the engine')).toBe(true);
  });

  it('are looked into where they are compressed with gzip, and named where they are not', () => {
    const [gzip, other] = [...segmentRecords(segment(batch(0, [ADA], 1), batch(1, [ADA], 4)))];
    expect(gzip?.map(({ key }) => key?.toString())).toEqual(['ada']);
    expect(other).toBeNull();
  });

  it('have no records in what ends transactions, nor behind the end of what was written', () => {
    expect([...segmentRecords(segment(batch(0, [ADA], 0x30), Buffer.alloc(4_096)))]).toEqual([[]]);
    expect([...segmentRecords(segment(batch(0, [ADA]).subarray(0, 70)))]).toEqual([]);
  });

  it('are told by their names, also those that wait to be deleted', () => {
    expect(segmentPlace('/log/eu-west.clicks-3/00000000000000000000.log')).toEqual({ topic: 'eu-west.clicks', partition: 3 });
    expect(segmentPlace('/log/eu-west.clicks-3/00000000000000000000.log.deleted')).toEqual({ topic: 'eu-west.clicks', partition: 3 });
    expect(segmentPlace('/log/eu-west.clicks-3.0a1b2c-delete/00000000000000000000.log')).toEqual({ topic: 'eu-west.clicks', partition: 3 });
    expect(segmentPlace('/log/eu-west.clicks-3/00000000000000000000.index')).toBeNull();
  });
});
