import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HeaderReader,
  HeaderWriter,
  isMarker,
  markerIdOf,
  readHeader,
  readOrigin,
  withoutSequence,
  type ProducerId,
} from '../../../runtime/engine/header.js';

const producer: ProducerId = { name: 'trends@3/1', partition: 7, count: 12 };
const times = { eventTimeMs: 1_700_000_000_001, streamTimeMs: 1_700_000_000_002, watermarkMs: 1_699_999_999_999 };
const origin = { topic: 'eu-west.clicks', partition: 4, offset: 2 ** 40 + 1, index: 65_537 };
const still = { idle: false, end: false };

describe('a header', () => {
  it('of a record brings back times, producer and origin', () => {
    const header = new HeaderWriter(producer).record(times, origin);
    expect(readHeader(header)).toEqual({ marker: false, idle: false, end: false, producer, originTopic: origin.topic, sequence: 0, ...times });
    expect(readOrigin(header)).toEqual(origin);
    expect(isMarker(header)).toBe(false);
  });

  it('brings back any times, infinite ones too, and any origin', () => {
    const ms = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-Infinity, Infinity));
    const topic = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
    const position = fc.record({ topic, partition: fc.nat(65_535), offset: fc.nat(Number.MAX_SAFE_INTEGER), index: fc.nat(2 ** 32 - 1) });
    fc.assert(
      fc.property(fc.record({ eventTimeMs: ms, streamTimeMs: ms, watermarkMs: ms }), position, (at, from) => {
        const header = new HeaderWriter(producer).record(at, from);
        expect(readHeader(header)).toMatchObject(at);
        expect(readOrigin(header)).toEqual(from);
      }),
    );
  });

  it('brings back the sequence number of its record, which can be taken from it', () => {
    const header = new HeaderWriter(producer).record(times, origin, 2 ** 40 + 3);
    expect(readHeader(header)!.sequence).toBe(2 ** 40 + 3);
    const without = withoutSequence(header);
    expect(without).toEqual(new HeaderWriter(producer).record(times, origin));
    expect(readHeader(header)!.sequence).toBe(2 ** 40 + 3);
    expect([withoutSequence(null), withoutSequence(Buffer.from('foreign'))]).toEqual([null, Buffer.from('foreign')]);
  });

  it.each([
    { idle: false, end: false },
    { idle: true, end: false },
    { idle: false, end: true },
    { idle: true, end: true },
  ])('of a marker says whether its task is idle or at its end: %o', (state) => {
    const header = new HeaderWriter(producer).marker(times, state);
    expect(readHeader(header)).toEqual({ marker: true, ...state, producer, originTopic: '', sequence: 0, ...times });
    expect(isMarker(header)).toBe(true);
  });

  it.each([
    ['none', null],
    ['an empty one', Buffer.alloc(0)],
    ['a short one', Buffer.alloc(54, 2)],
    ['one of another format', Buffer.alloc(60, 1)],
  ])('of a foreign producer (%s) is no header of the engine', (_, header) => {
    expect(readHeader(header)).toBeNull();
    expect(readOrigin(header)).toBeNull();
    expect(isMarker(header)).toBe(false);
  });

  it('reader gives the same object for the same producer, whatever came in between, and keeps producers apart', () => {
    const reader = new HeaderReader();
    const other: ProducerId = { name: 'trends@3/10', partition: 7, count: 2 };
    const read = (of: ProducerId, topic: string): ProducerId => reader.read(new HeaderWriter(of).record(times, { ...origin, topic }))!.producer;
    const first = read(producer, 'eu-west.clicks');
    expect(read(other, 'eu-west.clicks')).toEqual(other);
    expect(read({ ...producer, partition: 8 }, 'eu-west.clicks')).toEqual({ ...producer, partition: 8 });
    expect(read(producer, 'eu-west.quiz-results')).toBe(first);
  });
});

describe('the identity of a marker', () => {
  const idOf = (of: ProducerId, state = still, at = times): string | null => markerIdOf(new HeaderWriter(of).marker(at, state));

  it('is that of its task, so that compaction keeps the last marker of each', () => {
    expect(idOf(producer)).toBe(idOf(producer, { idle: true, end: false }, { ...times, watermarkMs: 5 }));
    expect(idOf(producer)).not.toBe(idOf({ ...producer, partition: 8 }));
    expect(idOf(producer)).not.toBe(idOf({ ...producer, name: 'trends@4/1' }));
  });

  it('is null for a record', () => {
    expect(markerIdOf(new HeaderWriter(producer).record(times, origin))).toBeNull();
  });
});
