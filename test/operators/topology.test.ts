import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../operators/graph.js';
import { days, hours, minutes, seconds, topology, type SourceOptions, type Sources } from '../../operators/index.js';
import { formulaModels } from '../../operators/recommend/index.js';
import { numbered, topicSchema } from '../../operators/topology.js';
import { testTopology } from '../../runtime/testing/index.js';
import { LocalSchemaIds, topicCodec } from '../../schemas/index.js';
import { around, derived, event, events, lines, timed, toResults, type Event } from './pipelines.js';

const failing = (code: string): unknown => expect.objectContaining({ code });
const nothing = (): void => undefined;

describe('topology', () => {
  it.each(['a', 'learner-engagement', 'v2', 'x'.repeat(64)])('may be named %s', (name) => {
    expect(topology(name, { version: 1 }, nothing).name).toBe(name);
  });

  it.each(['', 'A', '2nd', 'two words', 'a_b', 'a.b', 'x'.repeat(65)])('may not be named "%s"', (name) => {
    expect(() => topology(name, { version: 1 }, nothing)).toThrow(failing('SFS_TOPOLOGY_NAME'));
    expect(() => topology(name, { version: 1 }, nothing)).toThrow(`"${name}" is no topology name`);
  });

  it.each([0, -1, 1.5, NaN, Infinity])('may not have the version %s', (version) => {
    expect(() => topology('named', { version }, nothing)).toThrow(failing('SFS_TOPOLOGY_VERSION'));
  });

  it('declares something', () => {
    expect(() => topology('named', { version: 1 }, nothing).build()).toThrow(failing('SFS_TOPOLOGY_EMPTY'));
  });

  it('builds nothing before it is asked to, and what the build function throws comes then', () => {
    const broken = topology('named', { version: 1 }, () => {
      throw new RangeError('broken');
    });
    expect(() => broken.build()).toThrow(RangeError);
  });

  it('keeps its description, and tells its build function the region and the models', () => {
    const regions: string[] = [];
    const all: unknown[] = [];
    const told = topology('named', { version: 3, description: 'What it is for.' }, ({ region, models, source }) => {
      regions.push(region);
      all.push(models);
      source(events, timed);
    });
    expect(told).toMatchObject({ name: 'named', version: 3, description: 'What it is for.' });
    expect(told.build({ region: 'eu-west' })).toMatchObject({ name: 'named', version: 3, region: 'eu-west' });
    told.build({ models: formulaModels });
    numbered(told, 4).build({ region: 'eu-north' });
    expect(regions).toEqual(['eu-west', 'none', 'eu-north']);
    expect(all).toEqual([null, formulaModels, null]);
    expect(numbered(told, 4).build({ models: formulaModels }).version).toBe(4);
  });
});

describe('a source', () => {
  const reading = (kind: 'source' | 'table' | 'versionedTable' | 'globalTable', options?: SourceOptions<Event>, from = events) =>
    topology('named', { version: 1 }, (sources: Sources) => (options === undefined ? sources[kind](from) : sources[kind](from, options)));
  const kinds = ['source', 'table', 'versionedTable', 'globalTable'] as const;

  it.each(kinds)('of a topic that no topology writes needs its event time: %s', (kind) => {
    expect(() => reading(kind).build()).toThrow(failing('SFS_EVENT_TIME_MISSING'));
    expect(() => reading(kind, { latenessMs: 5 }).build()).toThrow('source events needs eventTimeMs: no topology writes this topic');
    expect(reading(kind, timed).build().stages).toHaveLength(1);
  });

  it.each(kinds)('of a derived topic has the event time that its writer gave: %s', (kind) => {
    expect(graphOf(reading(kind, undefined, derived)).subtopologies[0]!.inputs).toMatchObject([{ eventTime: 'header', derived: true }]);
  });

  it.each(kinds)('waits for no late record, 30 s for a silent partition, and takes an event time 1 h ahead, unless told otherwise: %s', (kind) => {
    const times = (options: SourceOptions<Event>): unknown => graphOf(reading(kind, options)).subtopologies[0]!.inputs[0];
    const eventTimeMs = ({ atMs }: Event): number => atMs;
    expect(times({ eventTimeMs })).toMatchObject({ latenessMs: 0, idleMs: seconds(30), maxAheadMs: hours(1) });
    expect(times({ eventTimeMs, latenessMs: 1, idleMs: 2, maxAheadMs: 3 })).toMatchObject({ latenessMs: 1, idleMs: 2, maxAheadMs: 3 });
  });

  it.each(kinds.flatMap((kind) => (['latenessMs', 'idleMs', 'maxAheadMs'] as const).map((name) => [kind, name] as const)))(
    'of the kind %s refuses a %s that is no whole number from 0 on',
    (kind, name) => {
      for (const value of [-1, 0.5, NaN, Infinity]) {
        expect(() => reading(kind, { ...timed, [name]: value }).build()).toThrow(failing('SFS_DURATION'));
        expect(() => reading(kind, { ...timed, [name]: value }).build()).toThrow(
          `${name} of source events must be a whole number of milliseconds from 0 on, not ${value}`,
        );
      }
      expect(reading(kind, { ...timed, [name]: 0 }).build().stages).toHaveLength(1);
    },
  );

  it('shows its times in the graph, so that plan sees a change', () => {
    const fingerprint = (latenessMs: number): string => stageOf(graphOf(reading('source', { ...timed, latenessMs })), 'events').fingerprint;
    expect(fingerprint(1)).not.toBe(fingerprint(2));
    expect(fingerprint(1)).toBe(fingerprint(1));
  });

  it('sends a record to the dead letters whose event time is no whole number, or whose eventTimeMs throws, before it moves a watermark', async () => {
    const odd = around((source) => source, {
      eventTimeMs: ({ atMs, tag }) => {
        if (tag === 'throws') throw new Error('no time in this one');
        return tag === 'half' ? atMs + 0.5 : atMs;
      },
    });
    await testTopology(odd, { partitions: 1 }, async (driver) => {
      const codec = topicCodec(events, LocalSchemaIds.withAccepted());
      const send = (value: Event): void => driver.input(events).sendRaw({ key: value.key, value: codec.encode(value.key, value) });
      send(event('a', 1));
      send(event('a', 900, { tag: 'half' }));
      send(event('a', 900, { tag: 'throws' }));
      send(event('a', 2));
      await driver.run();
      expect(lines(driver).map(([, timestamp]) => timestamp)).toEqual([1, 2]);
      expect(driver.deadLetters()).toMatchObject([
        { code: 'SFS_EVENT_TIME_INVALID', stage: null, sourceOffset: 1 },
        { code: 'SFS_PROCESSING_FAILED', stage: null, sourceOffset: 2, reason: 'no time in this one' },
      ]);
      expect(driver.watermark()).toBe(2);
    });
  });

  it('takes an event time maxAheadMs ahead of the append time, and no more', async () => {
    await testTopology(
      around((source) => source, { maxAheadMs: 10 }),
      { partitions: 1 },
      async (driver) => {
        driver.input(events).send(event('a', 110), { appendTimeMs: 100 });
        driver.input(events).send(event('a', 111), { appendTimeMs: 100 });
        await driver.run();
        expect(lines(driver).map(([, timestamp]) => timestamp)).toEqual([110]);
        expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_EVENT_TIME_AHEAD' }]);
        expect(driver.watermark()).toBe(110);
      },
    );
  });

  it('refuses a tombstone in a stream', async () => {
    await testTopology(
      around((source) => source),
      { partitions: 1 },
      async (driver) => {
        driver.input(events).sendRaw({ key: 'a', value: null });
        driver.input(events).send(event('a', 1));
        await driver.run();
        expect(lines(driver)).toHaveLength(1);
        expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_VALUE_NULL', stage: null }]);
      },
    );
  });
});

describe('a watermark', () => {
  it('is the least over the partitions of (greatest event time - latenessMs)', async () => {
    const plain = topology('under-test', { version: 1 }, ({ source }) => void source(events, { ...timed, latenessMs: 7 }).pipe(toResults()));
    await testTopology(plain, { partitions: 1 }, async (driver) => {
      driver.input(events).sendAll([event('a', 50), event('a', 20)]);
      await driver.run();
      expect(driver.watermark()).toBe(43);
    });
  });
});

describe('a duration', () => {
  it('is in milliseconds', () => {
    expect([seconds(2), minutes(2), hours(2), days(2)]).toEqual([2_000, 120_000, 7_200_000, 172_800_000]);
  });
});

describe('the schema of a topic', () => {
  it('is that of its records', () => {
    expect(topicSchema(events).avro).toEqual(events.schema);
  });
});
