import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LocalSchemaIds,
  SchemaCodec,
  SkillForgeError,
  hasEnvelope,
  loadSchema,
  schemaCodec,
  schemaNames,
  selfContained,
  topicCodec,
  topics,
  wireSchemaId,
  type AvroRecord,
  type ItemId,
} from '../../schemas/index.js';
import { arbitraryValue } from './arbitrary-value.js';
import { click, sealed, thrownBy } from './samples.js';

const ids = LocalSchemaIds.withAccepted();
const clicks = schemaCodec(topics.clicks, ids);

describe('SchemaCodec', () => {
  it.each(schemaNames())('gives back every record of %s', (name) => {
    const codec = new SchemaCodec<unknown>(name, loadSchema(name), ids);
    fc.assert(
      fc.property(arbitraryValue(selfContained(loadSchema(name))), (value) => {
        expect(codec.decode(codec.encode(value))).toEqual(value);
      }),
    );
  });

  it('writes the Confluent wire format: 0, big-endian schema id, Avro binary', () => {
    const bytes = clicks.encode(click);
    expect(bytes[0]).toBe(0);
    expect(bytes.readUInt32BE(1)).toBe(clicks.schemaId);
    expect(wireSchemaId(bytes)).toBe(clicks.schemaId);
    expect(bytes.subarray(5, 8).toString('latin1')).toBe('\x04e1');
  });

  it('gives bytes that a later encoding does not change', () => {
    const first = clicks.encode(click);
    const copy = Buffer.from(first);
    clicks.encode({ ...click, eventId: 'another' });
    expect(first).toEqual(copy);
  });

  it('encodes records larger than its scratch buffer', () => {
    const codec = schemaCodec(topics.deadLetters, ids);
    const value = Buffer.alloc(300_000, 7);
    const letter = { ...codec.decode(codec.encode(deadLetter())), personal: { key: null, value, header: null } };
    const decoded = codec.decode(codec.encode(letter)).personal as { value: Buffer };
    expect(decoded.value.equals(value)).toBe(true);
  });

  it('keeps a sealed envelope as it is', () => {
    const record = { ...click, personal: sealed };
    expect(clicks.decode(clicks.encode(record))).toEqual(record);
  });
});

function deadLetter() {
  return {
    id: 'clicks/0/1' as never,
    code: 'SFS_DECODE_FAILED',
    reason: 'r',
    stage: null,
    topology: null,
    topologyVersion: null,
    sourceTopic: 'clicks',
    sourcePartition: 0,
    sourceOffset: 1,
    region: 'eu-west',
    failedAtEventTimeMs: null,
    personal: { key: null, value: null, header: null },
  };
}

describe('SchemaCodec errors', () => {
  const codeOf = (bytes: Buffer) => thrownBy(() => clicks.decode(bytes)).code;

  it('refuses bytes that are not the wire format', () => {
    expect(codeOf(Buffer.alloc(4))).toBe('SFS_WIRE_FORMAT');
    expect(codeOf(Buffer.from('{"json":true}'))).toBe('SFS_WIRE_FORMAT');
  });

  it('refuses an unknown schema id', () => {
    expect(thrownBy(() => clicks.decode(Buffer.from([0, 0, 0, 0, 9, 1, 2])))).toMatchObject({ code: 'SFS_SCHEMA_UNKNOWN', context: { schemaId: 9 } });
  });

  it('refuses every truncation and trailing bytes', () => {
    const bytes = clicks.encode(click);
    for (let length = 5; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe('SFS_DECODE_FAILED');
    expect(codeOf(Buffer.concat([bytes, Buffer.from([0])]))).toBe('SFS_DECODE_FAILED');
  });

  it('refuses a schema of another record', () => {
    const other = schemaCodec(topics.catalogue, ids);
    const bytes = other.encode({ ...catalogueItem(), item: 'i' as ItemId });
    expect(codeOf(bytes)).toBe('SFS_SCHEMA_INCOMPATIBLE');
    expect(codeOf(bytes)).toBe('SFS_SCHEMA_INCOMPATIBLE');
  });

  it.each([
    ['personal.clicks', { ...click, personal: { ...click.personal, clicks: 1.5 } }],
    ['personal.action', { ...click, personal: { ...click.personal, action: 'JUMP' } }],
    ['personal', { ...click, personal: null }],
    ['eventId', { ...click, eventId: undefined }],
    ['occurredAtMs', { ...click, occurredAtMs: 2 ** 60 }],
  ])('names the field %s that does not fit', (path, value) => {
    expect(thrownBy(() => clicks.encode(value as never))).toMatchObject({ code: 'SFS_ENCODE_FAILED', context: { path } });
  });

  it('refuses longs beyond the safe integers instead of rounding them', () => {
    const schema: AvroRecord = { type: 'record', name: 'L', fields: [{ name: 'n', type: 'long' }] };
    const codec = new SchemaCodec<{ n: number }>('l', schema, ids);
    const header = codec.encode({ n: 0 }).subarray(0, 5);
    const beyond = Buffer.concat([header, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40])]);
    expect(thrownBy(() => codec.decode(beyond)).code).toBe('SFS_DECODE_FAILED');
    expect(thrownBy(() => codec.encode({ n: 2 ** 53 })).code).toBe('SFS_ENCODE_FAILED');
    for (const n of [-(2 ** 52), 2 ** 53 - 2, -1, 2 ** 31]) expect(codec.decode(codec.encode({ n }))).toEqual({ n });
  });
});

function catalogueItem() {
  return {
    item: 'i' as never,
    course: 'c' as never,
    kind: 'quiz',
    title: 't',
    text: '',
    skills: [],
    prerequisites: [],
    difficulty: null,
    durationMinutes: null,
    availableFromMs: null,
    availableUntilMs: null,
    region: 'eu-west',
    withdrawn: false,
    position: null,
    plannedFromMs: null,
    plannedUntilMs: null,
    updatedAtMs: 1,
  };
}

describe('corrupt bytes', () => {
  it.each(schemaNames())('of %s end in an error of ours or a record, quickly', (name) => {
    const codec = new SchemaCodec<unknown>(name, loadSchema(name), ids);
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(arbitraryValue(selfContained(loadSchema(name))), damage, (value, changes) => {
        const bytes = codec.encode(value);
        for (const [at, byte] of changes) bytes[5 + (at % Math.max(bytes.length - 5, 1))] = byte;
        try {
          codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SkillForgeError);
          expect((error as SkillForgeError).code).toBe('SFS_DECODE_FAILED');
        }
      }),
    );
  });

  it('with an absurd item count do not loop', () => {
    const schema: AvroRecord = {
      type: 'record',
      name: 'A',
      fields: [
        { name: 'items', type: { type: 'array', items: 'string' } },
        { name: 'map', type: { type: 'map', values: 'int' } },
      ],
    };
    const codec = new SchemaCodec<unknown>('a', schema, ids);
    const header = codec.encode({ items: [], map: {} }).subarray(0, 5);
    const huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for (const body of [huge, [0, ...huge], [1, ...huge]]) {
      expect(thrownBy(() => codec.decode(Buffer.concat([header, Buffer.from(body)]))).code).toBe('SFS_DECODE_FAILED');
    }
  });
});

describe('schema evolution', () => {
  const fields = (...names: string[]) => names.map((name) => ({ name, type: 'string', default: '?' }) as const);
  const older: AvroRecord = { type: 'record', name: 'R', fields: fields('a', 'gone') };
  const newer: AvroRecord = {
    type: 'record',
    name: 'R',
    fields: [...fields('added', 'a'), { name: 'tags', type: { type: 'array', items: 'string' }, default: [] }],
  };

  it('reads records of an older and of a newer compatible schema', () => {
    const shared = new LocalSchemaIds();
    const [then, now] = [new SchemaCodec<unknown>('r', older, shared), new SchemaCodec<unknown>('r', newer, shared)];
    expect(now.decode(then.encode({ a: '1', gone: '2' }))).toEqual({ added: '?', a: '1', tags: [] });
    expect(then.decode(now.encode({ added: '0', a: '1', tags: ['x'] }))).toEqual({ a: '1', gone: '?' });
  });

  it('skips a corrupt array of a newer schema without looping', () => {
    const shared = new LocalSchemaIds();
    const [then, now] = [new SchemaCodec<unknown>('r', older, shared), new SchemaCodec<unknown>('r', newer, shared)];
    const bytes = now.encode({ added: '0', a: '1', tags: [] });
    const damaged = Buffer.concat([bytes.subarray(0, bytes.length - 1), Buffer.from([1, 1])]);
    expect(thrownBy(() => then.decode(damaged)).code).toBe('SFS_DECODE_FAILED');
  });

  it('reads the envelope of an older schema, in clear and sealed', () => {
    const now = loadSchema('click');
    const then = JSON.parse(JSON.stringify(now).replace('"clicks","type":"int","default":1', '"hits","type":"int","default":1')) as AvroRecord;
    expect(then).not.toEqual(now);
    const shared = new LocalSchemaIds();
    const [old, current] = [new SchemaCodec<unknown>('click', then, shared), schemaCodec(topics.clicks, shared)];
    const { clicks: _clicks, ...details } = click.personal;
    expect(current.decode(old.encode({ ...click, personal: { ...details, hits: 5 } })).personal).toEqual({ ...details, clicks: 1 });
    expect(current.decode(old.encode({ ...click, personal: sealed })).personal).toEqual(sealed);
  });

  it('gives the same id in every process, whatever the documentation says', () => {
    const documented: AvroRecord = { ...older, doc: 'words' };
    expect(new LocalSchemaIds().idOf('r', documented)).toBe(new LocalSchemaIds().idOf('other', older));
    expect(new LocalSchemaIds().idOf('r', older)).not.toBe(new LocalSchemaIds().idOf('r', newer));
    expect(new LocalSchemaIds().schemaOf(1)).toBeNull();
  });
});

describe('topicCodec', () => {
  it('opens what it sealed, and refuses what it has no key for', () => {
    const codec = topicCodec(topics.clicks, ids);
    expect(codec.decode('l1', codec.encode('l1', click))).toEqual(click);
    expect(hasEnvelope(loadSchema('click'))).toBe(true);
    const foreign = clicks.encode({ ...click, personal: sealed });
    expect(thrownBy(() => codec.decode('l1', foreign))).toMatchObject({ code: 'SFS_SEALED', context: { keyId: 'k1' } });
  });
});
