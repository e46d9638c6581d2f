import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  LocalSchemaIds,
  assertTopic,
  cohortItemKey,
  deadLetterKey,
  identityEnvelope,
  isSealed,
  itemId,
  keyOf,
  learnerId,
  loadSchema,
  parsePhysicalTopicName,
  physicalTopicName,
  schema,
  schemaNames,
  schemaOf,
  splitCohortItemKey,
  topic,
  topicCodec,
  topics,
  type AvroRecord,
  type ClickDetails,
  type CohortItemKey,
  type KeyOf,
  type LearnerId,
  type Sealable,
  type Sealed,
  type Topic,
  type ValueOf,
} from '../../schemas/index.js';
import { click, sealed, thrownBy } from './samples.js';

const all: readonly Topic<string, unknown>[] = Object.values(topics);

describe('the catalogue of topics', () => {
  it.each(all)('declares $name soundly', (one) => {
    expect(() => {
      assertTopic(one);
    }).not.toThrow();
    expect(one.description).not.toBe('');
    expect(schemaOf(one)).toBe(loadSchema(one.schemaName));
  });

  it('names every topic once and uses every schema', () => {
    expect(new Set(all.map((one) => one.name)).size).toBe(all.length);
    expect(new Set([...all.map((one) => one.schemaName), 'sealed'])).toEqual(new Set(schemaNames()));
  });

  it('gives all topics keyed by learner the same partitions', () => {
    const byLearner = all.filter((one) => one.keyFields.join() === 'learner');
    expect(new Set(byLearner.map((one) => one.partitions))).toEqual(new Set([12]));
  });

  it('keeps compacted topics for ever', () => {
    expect(all.filter((one) => one.cleanup === 'compact' && one.retentionMs !== null)).toEqual([]);
  });

  it('types records with the envelope open and keys with their brand', () => {
    type Clicked = ValueOf<typeof topics.clicks>;
    expectTypeOf<Clicked['personal']>().toEqualTypeOf<ClickDetails>();
    expectTypeOf<Clicked['personal']['action']>().toEqualTypeOf<'VIEW' | 'OPEN' | 'COMPLETE' | 'DWELL'>();
    expectTypeOf<KeyOf<typeof topics.clicks>>().toEqualTypeOf<LearnerId>();
    expectTypeOf<KeyOf<typeof topics.itemTrends>>().toEqualTypeOf<CohortItemKey>();
    expectTypeOf<Sealable<Clicked>['personal']>().toEqualTypeOf<ClickDetails | Sealed>();
    // @ts-expect-error a topic of clicks is not one of catalogue items
    expectTypeOf(topics.clicks).toEqualTypeOf(topics.catalogue);
  });
});

describe('keys', () => {
  it('are made of the key fields of a record', () => {
    expect(keyOf(topics.clicks, click)).toBe('l1');
    const activity = {
      cohort: 'c1',
      item: 'a|b',
      course: 'x',
      region: 'eu-west',
      dayStartMs: 0,
      events: 1,
      clicks: 1,
      learnerDays: 1,
    } as unknown as ValueOf<typeof topics.itemActivity>;
    expect(keyOf(topics.itemActivity, activity)).toBe('c1|a|b');
    expect(thrownBy(() => keyOf(topics.clicks, { ...click, learner: '' as LearnerId })).code).toBe('SFS_KEY_INVALID');
  });

  it('refuse empty parts and give their parts back', () => {
    expect(splitCohortItemKey(cohortItemKey('c1', 'a|b'))).toEqual({ cohort: 'c1', item: 'a|b' });
    expect(thrownBy(() => cohortItemKey('c|1', 'a')).code).toBe('SFS_KEY_INVALID');
    expect(thrownBy(() => learnerId('')).code).toBe('SFS_KEY_INVALID');
    expect(thrownBy(() => splitCohortItemKey('x' as CohortItemKey)).code).toBe('SFS_KEY_INVALID');
    expect(deadLetterKey('eu.clicks', 3, 7)).toBe('eu.clicks/3/7');
    expect(deadLetterKey('eu.clicks', 3, 7, 'win')).toBe('eu.clicks/3/7/win');
    expect(itemId('i')).toBe('i');
  });
});

describe('physical topic names', () => {
  it('put the region first and give it back', () => {
    expect(physicalTopicName('eu-west', 'trends.v1.by-item')).toBe('eu-west.trends.v1.by-item');
    expect(parsePhysicalTopicName('eu-west.trends.v1.by-item')).toEqual({ region: 'eu-west', name: 'trends.v1.by-item' });
  });

  it.each([
    ['EU', 'clicks'],
    ['eu.west', 'clicks'],
    ['', 'clicks'],
  ])('refuse the region "%s"', (region, name) => {
    expect(thrownBy(() => physicalTopicName(region, name)).code).toBe('SFS_REGION_INVALID');
  });

  it.each(['Clicks', '', 'a/b', '..', 'x'.repeat(250)])('refuse the name "%s"', (name) => {
    expect(thrownBy(() => physicalTopicName('eu-west', name)).code).toBe('SFS_TOPIC_INVALID');
  });

  it('refuse a physical name without a region', () => {
    expect(thrownBy(() => parsePhysicalTopicName('clicks')).code).toBe('SFS_REGION_INVALID');
  });
});

describe('topic()', () => {
  const base = {
    name: 'quiz-grades',
    schema: schema.record({ learner: schema.branded<LearnerId>(), grade: schema.double, note: schema.nullable(schema.string) }),
    keyFields: ['learner'],
    partitions: 12,
  } as const;

  it('declares a topic whose records have the type of the schema, and whose keys have that of the key field', () => {
    const grades = topic(base);
    expect(grades).toMatchObject({ name: 'quiz-grades', cleanup: 'delete', retentionMs: null, derived: false, description: '' });
    expect(keyOf(grades, { learner: learnerId('l1'), grade: 2, note: null })).toBe('l1');
    expectTypeOf<ValueOf<typeof grades>>().toEqualTypeOf<{ readonly learner: LearnerId; readonly grade: number; readonly note: string | null }>();
    expectTypeOf<KeyOf<typeof grades>>().toEqualTypeOf<LearnerId>();
  });

  it('joins several key fields to plain text', () => {
    const shape = schema.record({ learner: schema.branded<LearnerId>(), quiz: schema.string });
    const attempts = topic({ name: 'attempts', schema: shape, keyFields: ['learner', 'quiz'], partitions: 1 });
    expect(keyOf(attempts, { learner: learnerId('l1'), quiz: 'q|1' })).toBe('l1|q|1');
    expectTypeOf<KeyOf<typeof attempts>>().toEqualTypeOf<string>();
  });

  it.each([
    ['quiz-grades', 'QuizGrades'],
    ['trends.v1.by-item_kind', 'TrendsV1ByItemKind'],
    ['7-days', 'Topic7Days'],
  ])('names the record after the topic: %s', (name, record) => {
    expect(topic({ ...base, name })).toMatchObject({ schemaName: record, schema: { type: 'record', name: record } });
  });

  it('names the records within after the fields that lead to them, so that a shape can stand in several', () => {
    const point = schema.record({ x: schema.double });
    const shape = schema.record({
      id: schema.string,
      from: point,
      via: schema.array(schema.record({ at: schema.nullable(point) })),
      to: schema.map(point),
    });
    const lines = topic({ name: 'lines', schema: shape, keyFields: ['id'], partitions: 1 });
    const names = JSON.stringify(lines.schema).match(/\bLines\w*/g);
    expect(names?.sort()).toEqual(['Lines', 'Lines_from', 'Lines_to', 'Lines_via', 'Lines_via_at']);
    const codec = topicCodec(lines, LocalSchemaIds.withAccepted());
    const line = { id: 'a', from: { x: 1 }, via: [{ at: null }, { at: { x: 2 } }], to: { b: { x: 3 } } };
    expect(codec.decode('a', codec.encode('a', line))).toEqual(line);
  });

  it('takes Avro JSON as it stands, with its own names', () => {
    interface Grade {
      readonly learner: LearnerId;
      readonly grade: number;
    }
    const grades = topic({ ...base, schema: schema.avro<Grade>(gradeAvro) });
    expect(grades).toMatchObject({ schemaName: 'org.example.Grade', schema: gradeAvro });
    expectTypeOf(grades).toEqualTypeOf<Topic<LearnerId, Grade>>();
  });

  it('may be written by each task in its own partition, where a topology derives it', () => {
    expect(topic({ ...base, derived: true, copartitioned: true })).toMatchObject({ derived: true, copartitioned: true });
    expect(topic({ ...base, derived: true })).not.toHaveProperty('copartitioned');
  });

  it.each([
    ['a bad name', { name: 'Grades!' }],
    ['no partitions', { partitions: 0 }],
    ['a fraction of a partition', { partitions: 1.5 }],
    ['no key', { keyFields: [] }],
    ['an unknown key field', { keyFields: ['student' as 'learner'] }],
    ['a key that is not a string', { keyFields: ['grade' as 'learner'] }],
    ['a key that may be null', { keyFields: ['note' as 'learner'] }],
    ['a schema that is no record', { schema: schema.string as never }],
    ['a negative retention', { retentionMs: -1 }],
    ['tasks that write their own partitions of a topic that no task writes', { copartitioned: true }],
  ])('refuses %s', (_what, change) => {
    expect(thrownBy(() => topic({ ...base, ...(change as object) })).code).toBe('SFS_TOPIC_INVALID');
  });

  it.each(['strnig', ['int', 'double']])('refuses a schema that does not compile: %j', (type) => {
    const broken = schema.avro<{ readonly learner: string }>({ ...gradeAvro, fields: [{ name: 'learner', type }] });
    expect(thrownBy(() => topic({ ...base, schema: broken })).code).toBe('SFS_SCHEMA_INVALID');
  });
});

/** What an `.avsc` file may hold. */
const gradeAvro: AvroRecord = {
  type: 'record',
  name: 'Grade',
  namespace: 'org.example',
  fields: [
    { name: 'learner', type: 'string' },
    { name: 'grade', type: 'double' },
  ],
};

describe('identityEnvelope', () => {
  it('leaves records in clear alone', async () => {
    await identityEnvelope.prepare(['l1']);
    expect(identityEnvelope.open<typeof click>('l1', identityEnvelope.seal('l1', click))).toBe(click);
    expect(isSealed(click.personal)).toBe(false);
  });

  it('cannot open ciphertext', () => {
    expect(thrownBy(() => identityEnvelope.open<typeof click>('l1', { ...click, personal: sealed }))).toMatchObject({ code: 'SFS_SEALED' });
  });
});
