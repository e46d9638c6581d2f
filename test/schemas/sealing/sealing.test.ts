import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EnvelopePlaces,
  SEVERAL_LEARNERS,
  LocalSchemaIds,
  Sealing,
  SchemaCodec,
  acceptedSchemas,
  dailyOwner,
  deadLetterKey,
  hasEnvelope,
  isSealed,
  loadSchema,
  schemaCodec,
  schemaNames,
  selfContained,
  topics,
  type Click,
  type DeadLetter,
  type LateEvent,
  type Topic,
} from '../../../schemas/index.js';
import { arbitraryValue } from '../arbitrary-value.js';
import { click, thrownBy } from '../samples.js';
import { MemoryRing } from './memoryRing.js';

const ids = LocalSchemaIds.withAccepted();
const clicks = schemaCodec(topics.clicks, ids);
const letters = schemaCodec(topics.deadLetters as Topic<string, DeadLetter>, ids);
const late = schemaCodec(topics.lateEvents as Topic<string, LateEvent>, ids);
const NOW = Date.UTC(2026, 10, 29, 12);
const key = Buffer.from(click.learner);
const enveloped = schemaNames().filter((name) => hasEnvelope(loadSchema(name)));

function sealingWith(ring = new MemoryRing(), erased: readonly string[] = []) {
  return { ring, sealing: new Sealing({ ring, ids, schemaDocument: () => null, clock: () => NOW, isErased: (owner) => erased.includes(owner) }) };
}

const record = (value: Buffer, topic = 'eu.clicks') => ({ topic, key, value });

describe('Sealing', () => {
  it.each(enveloped)('opens every record of %s to the bytes that were sealed', (name) => {
    const codec = new SchemaCodec<unknown>(name, loadSchema(name), ids);
    const { sealing } = sealingWith();
    fc.assert(
      fc.property(arbitraryValue(selfContained(loadSchema(name))), (value) => {
        const bytes = codec.encode(value);
        const sealed = sealing.sealRecord({ topic: 'eu.any', key, value: bytes, owner: 'l1' })!;
        if (isSealed((value as { personal: unknown }).personal)) {
          expect(sealed).toBe(bytes);
          return;
        }
        expect(sealing.keyIdOf(sealed)).not.toBeNull();
        expect(sealing.openRecord({ topic: 'eu.any', key, value: sealed })).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  it('finds the envelope in records of every accepted schema that has one', () => {
    for (const { name, version, schema } of acceptedSchemas().filter((one) => hasEnvelope(one.schema))) {
      const codec = new SchemaCodec<{ personal: unknown }>(name, schema, ids);
      const [value] = fc.sample(arbitraryValue(selfContained(schema)), { numRuns: 1, seed: 7 }) as [{ personal: unknown }];
      const place = new EnvelopePlaces(ids).placeOf(codec.encode(value));
      expect(place?.isSealed, `${name}.${version}`).toBe(isSealed(value.personal));
    }
  });

  it('leaves what is not personal readable, and keeps the wire format', () => {
    const { sealing, ring } = sealingWith();
    const sealed: Click = clicks.decode(sealing.sealRecord(record(clicks.encode(click)))!);
    expect({ ...sealed, personal: click.personal }).toEqual(click);
    expect(sealed.personal).toMatchObject({ keyId: ring.known(click.learner)!.id, algorithm: 'AES-256-GCM' });
    expect((sealed.personal as { nonce: Buffer }).nonce).toHaveLength(12);
  });

  it('takes another nonce each time', () => {
    const { sealing } = sealingWith();
    const bytes = clicks.encode(click);
    const nonces = Array.from({ length: 1_500 }, () =>
      (clicks.decode(sealing.sealRecord(record(bytes))!).personal as { nonce: Buffer }).nonce.toString('hex'),
    );
    expect(new Set(nonces).size).toBe(1_500);
  });

  it('seals what is sealed, and what is a tombstone, no further', () => {
    const { sealing } = sealingWith();
    const once = sealing.sealRecord(record(clicks.encode(click)))!;
    expect(sealing.sealRecord(record(once))).toBe(once);
    expect(sealing.sealRecord({ topic: 'eu.clicks', key, value: null })).toBeNull();
    expect(sealing.openRecord({ topic: 'eu.clicks', key, value: null })).toBeNull();
  });

  it('refuses a record of which any byte of the envelope was changed, or the schema, or the end is missing', () => {
    const { sealing } = sealingWith();
    const bytes = clicks.encode(click);
    const sealed = sealing.sealRecord(record(bytes))!;
    const from = new EnvelopePlaces(ids).placeOf(sealed)!.at;
    for (let at = from + 1; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 0x01;
      const { code } = thrownBy(() => sealing.openRecord(record(changed))) as { code: string };
      expect(['SFS_SEAL_BROKEN', 'SFS_KEY_UNKNOWN'], `byte ${at}`).toContain(code);
    }
    for (let end = from + 2; end < sealed.length; end++) {
      const { code } = thrownBy(() => sealing.openRecord(record(sealed.subarray(0, end)))) as { code: string };
      expect(['SFS_SEAL_BROKEN', 'SFS_KEY_UNKNOWN'], `cut at ${end}`).toContain(code);
    }
    // Feedback begins as a click does: the same bytes under its schema would be another record.
    const other = Buffer.from(sealed);
    other.writeUInt32BE(schemaCodec(topics.quizResults, ids).schemaId, 1);
    expect(thrownBy(() => sealing.openRecord(record(other)))).toMatchObject({ code: 'SFS_SEAL_BROKEN' });
  });

  it('refuses what was sealed for another learner, also with the key of that learner', () => {
    const { sealing } = sealingWith();
    const of = (learner: string) => clicks.encode({ ...click, learner } as Click);
    const swapped = sealing.sealRecord({ topic: 'eu.clicks', key: Buffer.from('l2'), value: of('l2') })!;
    expect(thrownBy(() => sealing.openRecord(record(swapped)))).toMatchObject({ code: 'SFS_SEAL_BROKEN' });
    // Who holds the keys could make one that is whole.
    const forged = sealing.sealRecord({ ...record(clicks.encode(click)), owner: 'l2' })!;
    expect(thrownBy(() => sealing.openRecord(record(forged)))).toMatchObject({ code: 'SFS_SEAL_BROKEN' });
    // A key of the right owner, under the key of another record.
    const own = sealing.sealRecord({ topic: 'eu.dead-letters', key: Buffer.from('a'), value: letters.encode(letter()), owner: 'l1' })!;
    expect(thrownBy(() => sealing.openRecord({ topic: 'eu.dead-letters', key: Buffer.from('b'), value: own }))).toMatchObject({
      code: 'SFS_SEAL_BROKEN',
    });
  });

  it('tells a deleted key from one that nobody knows', () => {
    const { sealing, ring } = sealingWith();
    const sealed = sealing.sealRecord(record(clicks.encode(click)))!;
    ring.delete(click.learner);
    expect(thrownBy(() => sealing.openRecord(record(sealed)))).toMatchObject({ code: 'SFS_KEY_DELETED' });
    expect(thrownBy(() => sealingWith().sealing.openRecord(record(sealed)))).toMatchObject({ code: 'SFS_KEY_UNKNOWN' });
  });

  it('seals dead letters under the key of the learner whose record failed, and of the day where that is not known', () => {
    const { sealing, ring } = sealingWith(undefined, ['gone']);
    const seal = (value: DeadLetter) => sealing.sealRecord({ topic: 'eu.dead-letters', key: Buffer.from(value.id), value: letters.encode(value) })!;
    const keyOf = (owner: string) => ring.known(owner)?.id;
    const day = dailyOwner(NOW);
    expect(sealing.keyIdOf(seal(letter('eu.clicks', 'l1')))).toBe(keyOf('l1'));
    expect(sealing.keyIdOf(seal(letter('eu.recommendations.v2', 'l1')))).toBe(keyOf('l1'));
    for (const [topic, name] of [
      ['eu.catalogue', 'l1'],
      ['lines.jsonl', 'l1'],
      ['eu.clicks', null],
      ['eu.clicks', 'gone'],
    ] as const)
      expect(sealing.keyIdOf(seal(letter(topic, name))), `${topic} ${name}`).toBe(keyOf(day));
    expect(day).toBe('day 2026-11-29');
    expect(keyOf('gone')).toBeUndefined();
  });

  it('seals late records under the key of the learner that they name', () => {
    const { sealing, ring } = sealingWith();
    const [sample] = fc.sample(arbitraryValue(selfContained(loadSchema('late-event'))), { numRuns: 1, seed: 3 }) as [LateEvent];
    const seal = (learner: string | null) =>
      sealing.keyIdOf(
        sealing.sealRecord({ topic: 'eu.late-events', key, value: late.encode({ ...sample, personal: NOTHING, learner } as LateEvent) })!,
      );
    expect(seal('l7')).toBe(ring.known('l7')!.id);
    expect(seal(null)).toBe(ring.known(dailyOwner(NOW))!.id);
  });

  it('seals values without an envelope as a whole where their key is that of an owner, or an owner is named', () => {
    const { sealing, ring } = sealingWith();
    const value = Buffer.from([0, 1, 2, 3, 4, 5]);
    const internal = { topic: 'eu.mine.v1.by-skill', key: Buffer.from('algebra'), value };
    expect(sealing.sealRecord(internal)).toBe(value);
    ring.sealing('l1');
    const named = sealing.sealRecord({ ...internal, owner: 'l1' })!;
    const own = sealing.sealRecord({ ...internal, key })!;
    expect([sealing.keyIdOf(named), sealing.keyIdOf(own)]).toEqual(
      key.toString() === 'l1' ? [ring.known('l1')!.id, ring.known('l1')!.id] : [ring.known('l1')!.id, null],
    );
    expect(sealing.openRecord({ ...internal, value: named })).toEqual(value);
    expect(thrownBy(() => sealing.openRecord({ ...internal, topic: 'eu.other', value: named }))).toMatchObject({ code: 'SFS_SEAL_BROKEN' });
    expect(thrownBy(() => clicks.decode(named))).toMatchObject({ code: 'SFS_SEALED' });
    // Cohorts, items and what is in the catalogue of topics with other keys stay in clear.
    ring.sealing('algebra');
    for (const topic of ['eu.cohort-trends', 'eu.item-trends.v3', 'eu.catalogue', 'eu.control'])
      expect(sealing.sealRecord({ ...internal, topic })).toBe(value);
  });

  it('seals what is no record as a whole among the records of learners', () => {
    const { sealing, ring } = sealingWith();
    const garbled = Buffer.concat([Buffer.from([0xff]), clicks.encode(click).subarray(1)]);
    const unknown = Buffer.from(clicks.encode(click));
    unknown.writeUInt32BE(12345, 1);
    for (const value of [garbled, unknown]) {
      const sealed = sealing.sealRecord(record(value))!;
      expect(sealing.keyIdOf(sealed)).toBe(ring.known(click.learner)!.id);
      expect(sealing.openRecord(record(sealed))).toEqual(value);
      expect(sealing.sealRecord(record(value, 'eu.cohort-trends'))).toBe(value);
    }
  });

  it('seals rows under the key of an owner, and none else; under a deleted key there is no row', () => {
    const { sealing, ring } = sealingWith();
    const row = { store: 'knowledge', key: 'l1', value: Buffer.from([1, 2, 3]) };
    expect(sealing.sealRow(row)).toBe(row.value);
    ring.sealing('l1');
    const sealed = sealing.sealRow(row)!;
    expect(sealed.includes(row.value)).toBe(false);
    expect(sealing.openRow({ ...row, value: sealed })).toEqual(row.value);
    for (const other of [{ store: 'mastery' }, { key: 'l2' }])
      expect(thrownBy(() => sealing.openRow({ ...row, ...other, value: sealed }))).toMatchObject({ code: 'SFS_SEAL_BROKEN' });
    // An item may be called as a learner is: a table of the topic says what its keys are.
    expect(sealing.sealRow({ ...row, store: 'catalogue/versions' })).toBe(row.value);
    expect(sealing.sealRow({ ...row, store: 'profiles/versions' })).not.toBe(row.value);
    ring.delete('l1');
    expect(sealing.openRow({ ...row, value: sealed })).toBeNull();
  });

  it('seals rows of several learners under a key of the ring', () => {
    const { sealing, ring } = sealingWith();
    const row = { store: 'asked', key: 'algebra', value: Buffer.from('learner-3 was wrong'), isOfSeveral: true };
    const sealed = sealing.sealRow(row)!;
    expect(sealing.keyIdOf(sealed)).toBe(ring.known(SEVERAL_LEARNERS)!.id);
    expect(sealing.openRow({ ...row, value: sealed })).toEqual(row.value);
    expect([...sealing.wanted([], [row]).sealing!]).toEqual([SEVERAL_LEARNERS]);
    ring.sealing('algebra');
    expect(sealing.keyIdOf(sealing.sealRow(row)!)).toBe(ring.known('algebra')!.id);
  });

  it('says which keys are to be fetched before', () => {
    const { sealing } = sealingWith();
    const { sealing: made, known } = sealing.wanted(
      [record(clicks.encode(click)), { topic: 'eu.mine.v1.by-skill', key, value: Buffer.from([0, 9]) }],
      [{ store: 's', key: 'row', value: Buffer.from('x') }],
    );
    expect([[...made!], [...known!]]).toEqual([[click.learner], [click.learner, 'row']]);
  });
});

const NOTHING = { key: null, value: null, header: null };

function letter(sourceTopic = 'eu.clicks', name: string | null = 'l1'): DeadLetter {
  return {
    id: deadLetterKey(sourceTopic, 0, 1),
    code: 'SFS_DECODE_FAILED',
    reason: 'no',
    stage: null,
    topology: null,
    topologyVersion: null,
    sourceTopic,
    sourcePartition: 0,
    sourceOffset: 1,
    region: 'eu',
    failedAtEventTimeMs: null,
    personal: { ...NOTHING, key: name === null ? null : Buffer.from(name) },
  };
}
