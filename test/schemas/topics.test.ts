import { describe, expect, expectTypeOf, it } from 'vitest';
import {
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
  schemaNames,
  schemaOf,
  splitCohortItemKey,
  topic,
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
  interface Grade {
    readonly learner: string;
    readonly grade: number;
  }
  const schema: AvroRecord = {
    type: 'record',
    name: 'Grade',
    namespace: 'org.example',
    fields: [
      { name: 'learner', type: 'string' },
      { name: 'grade', type: 'double' },
    ],
  };
  const base = { name: 'grades', schema, keyFields: ['learner'], partitions: 12 };

  it("declares a user's topic with their schema", () => {
    const grades = topic<Grade>(base);
    expect(grades).toMatchObject({ name: 'grades', schemaName: 'org.example.Grade', cleanup: 'delete', retentionMs: null, derived: false });
    expect(keyOf(grades, { learner: 'l1', grade: 2 })).toBe('l1');
    expectTypeOf<ValueOf<typeof grades>>().toEqualTypeOf<Grade>();
  });

  it.each([
    ['a bad name', { name: 'Grades!' }],
    ['no partitions', { partitions: 0 }],
    ['a fraction of a partition', { partitions: 1.5 }],
    ['no key', { keyFields: [] }],
    ['an unknown key field', { keyFields: ['student'] }],
    ['a key that is not a string', { keyFields: ['grade'] }],
    ['a negative retention', { retentionMs: -1 }],
  ])('refuses %s', (_what, change) => {
    expect(thrownBy(() => topic<Grade>({ ...base, ...change })).code).toBe('SFS_TOPIC_INVALID');
  });

  it('refuses a schema that does not compile', () => {
    const broken: AvroRecord = { ...schema, fields: [{ name: 'a', type: 'strnig' }] };
    expect(thrownBy(() => topic<Grade>({ ...base, schema: broken })).code).toBe('SFS_SCHEMA_INVALID');
    const ambiguous: AvroRecord = { ...schema, fields: [{ name: 'a', type: ['int', 'double'] }] };
    expect(thrownBy(() => topic<Grade>({ ...base, schema: ambiguous })).code).toBe('SFS_SCHEMA_INVALID');
  });
});

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
