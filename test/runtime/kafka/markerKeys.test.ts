import { describe, expect, it } from 'vitest';
import { readParts, writtenParts } from '../../../runtime/kafka/markerKeys.js';

const markerIdOf = (header: Buffer): string => `id of ${header.toString()}`;
const at = { topic: 'records', partition: 0 };

describe('keys of markers', () => {
  it('are written for records without key and value, and read back', () => {
    const header = Buffer.from('header');
    const written = writtenParts({ ...at, key: null, value: null, header }, markerIdOf);
    expect(written.key!.toString()).toBe('\0skillforge-marker:id of header');
    expect(written.value).toEqual(Buffer.alloc(0));
    expect(readParts(written.key, written.value, written.header)).toEqual({ key: null, value: null, header });
  });

  it('leave all other records as they are', () => {
    const records = [
      { ...at, key: null, value: Buffer.from('v'), header: Buffer.from('h') },
      { ...at, key: null, value: null, header: null },
      { ...at, key: Buffer.from('k'), value: null, header: Buffer.from('h') },
      { ...at, key: Buffer.alloc(0), value: Buffer.alloc(0), header: Buffer.alloc(0) },
    ];
    for (const record of records) {
      const { key, value, header } = writtenParts(record, markerIdOf);
      expect([key, value, header]).toEqual([record.key, record.value, record.header]);
      expect(readParts(key, value, header)).toEqual({ key, value, header });
    }
  });

  it('are not taken from a foreign producer that gives such a key a value, or no header', () => {
    const key = Buffer.from('\0skillforge-marker:x');
    expect(readParts(key, Buffer.from('v'), Buffer.from('h')).key).toBe(key);
    expect(readParts(key, Buffer.alloc(0), null).key).toBe(key);
  });

  it('are refused for a record', () => {
    const record = { ...at, key: Buffer.from('\0skillforge-marker:x'), value: null, header: null };
    expect(() => writtenParts(record, markerIdOf)).toThrow(expect.objectContaining({ code: 'SFS_KEY_INVALID' }) as Error);
  });
});
