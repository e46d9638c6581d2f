import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { loadSchema, schemaOf, topics, type AvroRecord, type Topic } from '../../../schemas/index.js';
import { columnsOf, type ArchivedRecord } from '../../../scripts/archive/columns.js';
import { parquetBytes } from '../../../scripts/archive/partitionArchive.js';

const record = (value: ArchivedRecord['value']): ArchivedRecord => ({
  partition: 1,
  offset: 2,
  eventTimeMs: 3,
  appendTimeMs: 4,
  key: 'k',
  value,
  unreadable: null,
});

async function written(schema: AvroRecord, value: ArchivedRecord['value']): Promise<Readonly<Record<string, unknown>>> {
  const bytes = parquetBytes(columnsOf(schema), [record(value)]);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return (await parquetReadObjects({ file }))[0]!;
}

const named = (schema: AvroRecord): string[] => columnsOf(schema).map(({ name }) => name);

describe('columns of a topic', () => {
  it.each(Object.values(topics) as Topic<string, unknown>[])('have names of their own: $name', (topic) => {
    const names = named(schemaOf(topic));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(names.map((name) => name.toLowerCase()));
  });

  it('are where a record stood, then the fields, those of the envelope as the others', () => {
    expect(named(loadSchema('click'))).toEqual([
      ...['_partition', '_offset', '_event_time', '_append_time', '_key', '_tombstone', '_error', '_bytes'],
      ...['event_id', 'learner', 'course', 'cohort', 'occurred_at', 'region', 'action', 'item', 'dwell_ms', 'clicks'],
    ]);
  });

  it('keep every Avro type', async () => {
    const schema: AvroRecord = {
      type: 'record',
      name: 'Everything',
      fields: [
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
        { name: 'sameKind', type: ['null', 'Kind'] },
        { name: 'flag', type: 'boolean' },
        { name: 'small', type: 'int' },
        { name: 'large', type: 'long' },
        { name: 'startMs', type: 'long', unit: 'ms since epoch (UTC)' },
        { name: 'dwellMs', type: 'long', unit: 'ms' },
        { name: 'single', type: 'float' },
        { name: 'exact', type: 'double' },
        { name: 'raw', type: 'bytes' },
        { name: 'kinds', type: { type: 'array', items: 'Kind' } },
        { name: 'counts', type: ['null', { type: 'array', items: 'long' }] },
        { name: 'attributes', type: { type: 'map', values: 'string' } },
        { name: 'parts', type: { type: 'array', items: { type: 'record', name: 'Part', fields: [{ name: 'id', type: 'string' }] } } },
        { name: 'one', type: ['null', 'Part'] },
        { name: 'either', type: ['null', 'string', 'long'] },
      ],
    };
    const value = {
      ...{ kind: 'A', sameKind: 'B', flag: true, small: -3, large: 2 ** 53 - 1, startMs: 1_756_684_800_000, dwellMs: 5 },
      ...{ single: 0.5, exact: 0.1, raw: Buffer.from([0, 255]), kinds: ['B', 'A'], counts: [1, 2], attributes: { x: 'y' } },
      ...{ parts: [{ id: 'p' }], one: { id: 'q' }, either: 7 },
    };
    expect(await written(schema, value)).toMatchObject({
      ...{ _partition: 1, _offset: 2n, _event_time: new Date(3), _append_time: new Date(4), _key: 'k' },
      ...{ kind: 'A', same_kind: 'B', flag: true, small: -3, large: BigInt(2 ** 53 - 1), start: new Date(1_756_684_800_000), dwell_ms: 5n },
      ...{ single: 0.5, exact: 0.1, kinds: ['B', 'A'], counts: [1n, 2n], attributes: '{"x":"y"}' },
      ...{ parts: '[{"id":"p"}]', one: '{"id":"q"}', either: '7' },
    });
    const { sameKind: _, ...rest } = value;
    expect(await written(schema, { ...rest, sameKind: null, counts: null, one: null, either: null })).toMatchObject({
      ...{ same_kind: null, counts: undefined, one: null, either: null },
    });
  });

  it('of the envelope are told apart where the record has one of the same name', () => {
    const inside: AvroRecord = { type: 'record', name: 'Inside', fields: [{ name: 'course', type: 'string' }] };
    const schema: AvroRecord = {
      type: 'record',
      name: 'Twice',
      fields: [
        { name: 'course', type: 'string' },
        { name: 'personal', type: [inside, 'eu.skillforge.Sealed'] },
      ],
    };
    expect(named(schema).slice(-2)).toEqual(['course', 'personal_course']);
  });
});
