import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { count, hours, keyBy, lookup, to, topology, tumbling, withValue, type Topology } from '../../../operators/index.js';
import type { ConsoleOverview } from '../../../reader/consoleSource.js';
import { itemFeatures } from '../../../operators/features/itemFeatures.js';
import { Worker, partitionOf } from '../../../runtime/index.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { itemId, schema, topic, topics } from '../../../schemas/index.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { consoleSource } from '../../../scripts/serving/consoleSource.js';
import { NOW_MS, REGION, School, learnerName } from '../../reader/page/school.js';

const event = schema.record({ key: schema.string, atMs: schema.long });
const events = topic({ name: 'events', schema: event, keyFields: ['key'], partitions: 4 });
const tenths = topic({ name: 'tenths', schema: schema.record({ tenth: schema.string, events: schema.long }), keyFields: ['tenth'], partitions: 4 });

/** Hands its records on by another key, so that it has tasks of two kinds and a topic of its own between them. */
const perTenth = (version: number): Topology =>
  topology('per-tenth', { version, description: 'counts' }, ({ source }) => {
    source(events, { eventTimeMs: ({ atMs }) => atMs, latenessMs: 0, maxAheadMs: Number.MAX_SAFE_INTEGER }).pipe(
      keyBy('tenth', { key: ({ key }) => key.slice(0, 1), value: event }),
      tumbling('hour', { sizeMs: hours(1), late: 'discard' }, { events: count() }),
      map((record) => withValue(record, { tenth: record.key, events: record.value.value.events })),
      to(tenths),
    );
  });

/** Each of its four tasks reads the whole table. */
const named = topology('named', { version: 1 }, ({ source, globalTable }) => {
  const time = { eventTimeMs: () => 0, maxAheadMs: Number.MAX_SAFE_INTEGER };
  const names = globalTable(topics.catalogue, time);
  source(events, time).pipe(
    lookup('name', names, { key: ({ key }) => itemId(key), miss: 'discard' }, ({ key }) => ({ tenth: key, events: 1 })),
    to(tenths),
  );
});

class Runs {
  readonly storage = memoryStorage();
  nowMs = 0;
  readonly source = consoleSource(this.storage, { region: REGION, now: () => this.nowMs });
  private readonly appender = new RecordAppender(this.storage, events, REGION, 'test');

  async add(keys: readonly string[], atMs: number): Promise<void> {
    for (const key of keys) this.appender.add({ key, atMs });
    await this.appender.commit({});
    await this.appender.finish();
  }

  async run(mode: 'until-end' | 'end-of-input' = 'until-end', version = 1): Promise<void> {
    const worker = new Worker([perTenth(version)], this.storage, { region: REGION, mode });
    await worker.start();
    await worker.run();
  }

  async overview(): Promise<ConsoleOverview> {
    return this.source.overview();
  }
}

const keys = Array.from({ length: 40 }, (_, index) => String(index + 10));

describe('the figures of topologies', () => {
  it('are none before one has run', async () => {
    expect(await new Runs().overview()).toEqual({ topologies: [], topics: [] });
  });

  it('tell what a topology reads and writes, how far it is and what waits', async () => {
    const runs = new Runs();
    await runs.add(keys, hours(5));
    await runs.run();
    await runs.add(keys.slice(0, 7), hours(6));
    const { topologies, topics: shown } = await runs.overview();
    expect(topologies).toEqual([
      {
        ...{ id: 'per-tenth@1', name: 'per-tenth', version: 1, description: 'counts', tasks: 8, reads: ['events'], writes: ['tenths'] },
        ...{ recordsPerSecond: null, sentPerSecond: null, lag: 7, watermarkMs: hours(5), ended: false, late: 0, deadLetters: 0 },
        parts: [
          { index: 0, tasks: 4, reads: ['events'], recordsPerSecond: null, lag: 7, watermarkMs: hours(5), slowest: expect.any(Number) as number },
          { index: 1, tasks: 4, reads: [expect.stringContaining('tenth')], recordsPerSecond: null, lag: 0, watermarkMs: hours(5), slowest: null },
        ],
      },
    ]);
    expect(shown).toEqual([
      { name: 'events', partitions: 4, written: false, appendedPerSecond: null, appended: 47, lag: 7, watermarkMs: hours(5) },
      expect.objectContaining({ name: 'tenths', partitions: 4, written: true, lag: null, watermarkMs: hours(5) }),
    ]);
  });

  it('count what waits in a table once, however many tasks read it', async () => {
    const school = await School.open(0);
    const worker = new Worker([named], school.storage, { region: REGION, mode: 'until-end' });
    await worker.start();
    await worker.run();
    await school.item('more', 'One more');
    const [shown] = (await consoleSource(school.storage, { region: REGION }).overview()).topologies;
    expect(shown).toMatchObject({ id: 'named@1', tasks: 4, reads: ['catalogue', 'events'], lag: 1 });
  });

  it('give rates between two looks: what came from outside, what went out, each once', async () => {
    const runs = new Runs();
    await runs.add(keys, hours(5));
    await runs.run();
    await runs.overview();
    await runs.add(keys.slice(0, 10), hours(6));
    await runs.run('end-of-input');
    runs.nowMs = 2000;
    const { topologies, topics: shown } = await runs.overview();
    // 4 tenths in the first hour, 1 in the second.
    expect(topologies[0]).toMatchObject({ recordsPerSecond: 5, sentPerSecond: 2.5, lag: 0, watermarkMs: null, ended: true });
    expect(topologies[0]!.parts.map(({ recordsPerSecond }) => recordsPerSecond)).toEqual([5, 5]);
    expect(shown[0]).toMatchObject({ name: 'events', appendedPerSecond: 5 });
  });

  it('count what was late and what could not be used', async () => {
    const runs = new Runs();
    await runs.add(['aa'], hours(9));
    await runs.add(['aa'], hours(1));
    await runs.storage.log.append([{ topic: `${REGION}.events`, partition: 0, key: Buffer.from('bb'), value: Buffer.from('?'), header: null }]);
    await runs.run();
    expect((await runs.overview()).topologies[0]).toMatchObject({ late: 1, deadLetters: 1 });
  });

  it('are those of the newest version, or of what runs in this process', async () => {
    const runs = new Runs();
    await runs.add(keys, hours(5));
    await runs.run('until-end', 1);
    await runs.run('until-end', 2);
    const ids = async (running?: readonly string[]): Promise<string[]> => {
      const source = consoleSource(runs.storage, { region: REGION, running: running && (() => running) });
      return (await source.overview()).topologies.map(({ id }) => id);
    };
    expect(await ids()).toEqual(['per-tenth@2']);
    expect(await ids(['per-tenth@1'])).toEqual(['per-tenth@1']);
    expect(await ids([])).toEqual([]);
  });

  it('are taken once for all who look at the same time', async () => {
    const runs = new Runs();
    await runs.add(keys, hours(5));
    await runs.run();
    const first = await runs.overview();
    runs.nowMs = 400;
    expect(await runs.overview()).toBe(first);
    runs.nowMs = 600;
    expect(await runs.overview()).not.toBe(first);
  });
});

describe('the windows of a learner', () => {
  it('are the last records of context, features and mastery, and of the trend of a cohort', async () => {
    const school = await School.open(2);
    const source = consoleSource(school.storage, { region: REGION });
    const { learner, context, engagement, mastery } = await source.learner(learnerName(0));
    expect(learner).toBe(learnerName(0));
    expect(context).toMatchObject({ asOfMs: NOW_MS, segment: 'evening', courses: [{ course: 'AAA-2014J', deadlines: [{ item: 'essay-1' }] }] });
    expect(engagement).toMatchObject({ asOfMs: NOW_MS, engagement1h: { clicks: 8 }, engagement28d: null });
    expect(mastery).toMatchObject({ asOfMs: NOW_MS, skills: [{ skill: 'cells' }, { skill: 'heredity' }] });
    expect((await source.trend('AAA-2014J')).trend?.items.map(({ item, events7d }) => [item, events7d])).toEqual([
      ['forum', 140],
      ['welcome', 210],
      ['genes', 14],
    ]);
  });

  it('are null for a learner and a cohort that are not known, and in an empty folder', async () => {
    const school = await School.open(1);
    for (const storage of [school.storage, memoryStorage()]) {
      const source = consoleSource(storage, { region: REGION });
      expect(await source.learner('nobody')).toEqual({ learner: 'nobody', context: null, engagement: null, mastery: null });
      expect(await source.trend('nothing')).toEqual({ cohort: 'nothing', trend: null });
    }
  });
});

describe('the decisions of a learner', () => {
  it('are the last ones that the log has, newest first, with what a logged one saw', async () => {
    const school = await School.open(2);
    await school.recommend(learnerName(0), [{ item: 'genes', reasons: ['DUE_SOON'] }], [], NOW_MS);
    await school.decide(learnerName(0));
    const { learner, decisions, logged } = await consoleSource(school.storage, { region: REGION }).decisions(learnerName(0));
    expect(learner).toBe(learnerName(0));
    expect(decisions.map(({ madeAtMs, courses }) => [madeAtMs, courses[0]!.next.map(({ item }) => item)])).toEqual([
      [NOW_MS, ['genes']],
      [NOW_MS - hours(3), ['welcome', 'cells-1', 'forum']],
    ]);
    expect(decisions[0]).toMatchObject({
      modelVersion: 'formula-1',
      courses: [{ next: [{ source: 'TRENDING', reasons: ['It is due soon'] }], new: [] }],
    });
    const [decision] = logged;
    expect(decision).toMatchObject({
      course: 'AAA-2014J',
      weighed: 2,
      candidates: [
        { item: 'forum', nextPlace: 1 },
        { item: 'genes', nextPlace: null },
      ],
    });
    expect(decision!.features.map(({ name }) => name)).toEqual(itemFeatures.declarations.map(({ name }) => name));
    expect(decision!.candidates[1]!.values.slice(0, 3)).toEqual([0, 0.5, 1]);
  });

  it('are none for a learner who is not known, and none of before a deletion', async () => {
    const school = await School.open(1);
    const source = consoleSource(school.storage, { region: REGION });
    expect(await source.decisions('nobody')).toEqual({ learner: 'nobody', decisions: [], logged: [] });
    const key = Buffer.from(learnerName(0));
    const partition = partitionOf(key, topics.recommendations.partitions);
    await school.storage.log.append([{ topic: `${REGION}.recommendations`, partition, key, value: null, header: null }]);
    expect((await source.decisions(learnerName(0))).decisions).toEqual([]);
  });
});
