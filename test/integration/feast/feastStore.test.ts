/** The online store without Feast: what the script keeps, whoever wrote before, on one server and on a cluster. */
import { beforeEach, describe, expect, it } from 'vitest';
import { openFeastStore, type FeastStore, type PlacedRow } from '../../../runtime/feast/index.js';
import { entityKey, featureField, timeField } from '../../../runtime/feast/layout.js';
import { encodeTimestamp } from '../../../runtime/feast/timestamp.js';
import { encodeValue } from '../../../runtime/feast/value.js';
import { RedisUnderTest } from '../redis/server.js';
import { everyType, namedValues, pairs, valuesOfEveryType } from './everyType.js';

const AT_MS = 1_700_000_000_500;

let projects = 0;

describe.each(['single', 'cluster'] as const)('the online store (%s)', (layout) => {
  const redis = new RedisUnderTest(layout);
  let store: FeastStore;

  beforeEach(async () => {
    const place =
      layout === 'cluster'
        ? { nodes: redis.servers.map(({ port }) => ({ host: '127.0.0.1', port })) }
        : { port: redis.server.port, host: '127.0.0.1' };
    store = await openFeastStore({ ...place, region: 'eu-west', project: `test_${layout}_${++projects}` });
    redis.closeAfter(store);
  });

  const row = (count: number, eventTimeMs: number, offset = 0, partition = 0): PlacedRow => ({
    view: pairs,
    entity: { cohort: 'c', item: 'i' },
    values: [null, count],
    eventTimeMs,
    position: { partition, offset },
  });
  const countNow = async (): Promise<unknown> => (await store.read(pairs, { item: 'i', cohort: 'c' }, AT_MS)).values['count'];
  const keysOf = async (): Promise<string[]> => {
    const found = await Promise.all(redis.servers.map((server) => redis.client(server).keys(`*${store.project}*`)));
    return [...new Set(found.flat())];
  };

  it('reads what it wrote, of every type', async () => {
    const learners = Object.entries(valuesOfEveryType);
    const counts = await store.write(
      learners.map(([learner, values]) => ({
        view: everyType,
        entity: { learner },
        values,
        eventTimeMs: AT_MS,
        position: { partition: 0, offset: 0 },
      })),
    );
    expect(counts).toEqual({ written: 3, older: 0 });
    for (const [learner, values] of learners) {
      const found = await store.read(everyType, { learner }, AT_MS);
      expect(found).toEqual({ state: 'present', eventTimeMs: AT_MS, values: namedValues(values) });
    }
  });

  it('tells missing, expired and empty apart', async () => {
    expect(await store.read(everyType, { learner: 'nobody' }, AT_MS)).toEqual({ state: 'missing', eventTimeMs: null, values: {} });
    const values = valuesOfEveryType.empty;
    await store.write([{ view: everyType, entity: { learner: 'ada' }, values, eventTimeMs: AT_MS, position: { partition: 0, offset: 0 } }]);
    const atTheEnd = await store.read(everyType, { learner: 'ada' }, AT_MS + 3_600_000);
    expect([atTheEnd.state, atTheEnd.values['a_string']]).toEqual(['present', null]);
    const later = await store.read(everyType, { learner: 'ada' }, AT_MS + 3_600_001);
    expect(later).toEqual({ state: 'expired', eventTimeMs: AT_MS, values: {} });
    // A feature that the view got after the row was written.
    const grown = { ...everyType, features: [...everyType.features, { name: 'added', type: 'INT64' as const, description: '' }] };
    expect('added' in (await store.read(grown, { learner: 'ada' }, AT_MS)).values).toBe(false);
  });

  it('keeps the newest row: by event time, then by position', async () => {
    expect(await store.write([row(1, AT_MS, 5)])).toEqual({ written: 1, older: 0 });
    const older = [row(2, AT_MS - 1, 9), row(3, AT_MS, 5), row(4, AT_MS, 4)];
    for (const one of older) expect(await store.write([one])).toEqual({ written: 0, older: 1 });
    expect(await countNow()).toBe(1);
    expect(await store.write([row(5, AT_MS, 6)])).toEqual({ written: 1, older: 0 });
    expect(await store.write([row(6, AT_MS, 0, 1)])).toEqual({ written: 1, older: 0 });
    expect(await store.write([row(7, AT_MS + 1, 0)])).toEqual({ written: 1, older: 0 });
    expect(await countNow()).toBe(7);
    expect(await store.write([row(8, AT_MS + 2, 0), row(10, AT_MS + 3, 2), row(9, AT_MS + 3, 1)])).toEqual({ written: 1, older: 2 });
    expect(await countNow()).toBe(10);
  });

  it('goes by the event time alone, where Feast wrote the last one', async () => {
    const key = entityKey(store.project, { cohort: 'c', item: 'i' });
    const asFeast = async (count: number, atMs: number): Promise<void> => {
      const fields = [timeField('pairs'), encodeTimestamp(atMs), featureField('pairs', 'count'), encodeValue('INT64', count)];
      for (const server of redis.servers) {
        // Of a cluster, the one server that has the key.
        const done = await redis
          .client(server)
          .hset(key, ...fields)
          .catch((error: unknown) => String(error));
        if (typeof done === 'string') expect(done).toContain('MOVED');
      }
    };
    for (const atMs of [AT_MS, AT_MS + 60_000 - 500]) {
      await store.write([row(1, atMs - 2)]);
      await asFeast(2, atMs);
      for (const older of [atMs - 1000, atMs - 1, atMs]) expect(await store.write([row(3, older, 99)])).toEqual({ written: 0, older: 1 });
      expect(await countNow()).toBe(2);
      expect(await store.write([row(4, atMs + 1)])).toEqual({ written: 1, older: 0 });
      await asFeast(5, atMs + 2);
      expect(await store.write([row(6, atMs + 1000)])).toEqual({ written: 1, older: 0 });
      expect(await countNow()).toBe(6);
    }
  });

  it('purges an entity with one call, all views, and no other', async () => {
    const row = { values: valuesOfEveryType.full, eventTimeMs: AT_MS, position: { partition: 0, offset: 0 } };
    const other = { ...everyType, name: 'another_view' };
    await store.write([everyType, other].flatMap((view) => ['ada', 'bob'].map((learner) => ({ ...row, view, entity: { learner } }))));
    expect(await keysOf()).toHaveLength(2);
    expect(await store.purge({ learner: 'ada' })).toBe(true);
    expect(await keysOf()).toHaveLength(1);
    expect((await store.read(other, { learner: 'ada' }, AT_MS)).state).toBe('missing');
    expect((await store.read(other, { learner: 'bob' }, AT_MS)).state).toBe('present');
    expect(await store.purge({ learner: 'ada' })).toBe(false);
  });

  it('keeps how far partitions are', async () => {
    expect(await store.progress('t', 1)).toBeNull();
    await store.keepProgress('t', 1, 7);
    await store.keepProgress('t', 2, 2 ** 40);
    expect([await store.progress('t', 1), await store.progress('t', 2), await store.progress('u', 1)]).toEqual([7, 2 ** 40, null]);
  });

  it('refuses what does not fit, before it writes anything', async () => {
    const good = row(1, AT_MS);
    const bad: [Partial<PlacedRow>, string][] = [
      [{ entity: { cohort: 'c' } }, 'SFS_FEATURE_ENTITY'],
      [{ entity: { cohort: 'c', learner: 'ada' } }, 'SFS_FEATURE_ENTITY'],
      [{ values: [1] }, 'SFS_FEATURE_VALUE'],
      [{ values: ['text', 1] }, 'SFS_FEATURE_VALUE'],
      [{ eventTimeMs: -1 }, 'SFS_FEATURE_VALUE'],
    ];
    for (const [change, code] of bad) await expect(store.write([good, { ...good, ...change }])).rejects.toMatchObject({ code });
    expect(await keysOf()).toEqual([]);
    await store.write([good]);
    const retyped = { ...pairs, features: [pairs.features[0]!, { name: 'count', type: 'STRING' as const, description: '' }] };
    await expect(store.read(retyped, { item: 'i', cohort: 'c' }, AT_MS)).rejects.toMatchObject({ code: 'SFS_FEATURE_BYTES' });
  });
});

it('refuses a project that Feast would not take', async () => {
  const opening = openFeastStore({ host: '127.0.0.1', port: 1, region: 'eu-west', project: 'a-b' });
  await expect(opening).rejects.toMatchObject({ code: 'SFS_NAME_INVALID' });
});
