/** A region with keys on a real Kafka and a real Redis: what topologies leave is what a storage in memory has, and neither server holds it in clear. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { partitionRecords } from '../../../runtime/cluster/partitionRecords.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { RedisRing } from '../../../runtime/keys/redisRing.js';
import { countRegionKeys, makeRegionRing, rotateRegion } from '../../../runtime/keys/regionKeys.js';
import { openRedis } from '../../../runtime/redis/index.js';
import { EnvelopePlaces, LocalSchemaIds, isWhole } from '../../../schemas/index.js';
import { TOPOLOGIES } from '../../simulation/replayed.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import {
  differencesOf,
  expectedOf,
  newRegion,
  openOn,
  resultsInCluster,
  resultsInMemory,
  sendInput,
  type OpenCluster,
  type Servers,
} from './replica.js';
import { newFolder } from '../../fixtures/folders.js';

const DEADLINE_MS = 120_000;
const places = new EnvelopePlaces(LocalSchemaIds.withAccepted());

/** A worker of its own, as another process would be, with keys of its own cache. */
async function worker(
  servers: Servers,
  region: string,
): Promise<{ readonly opened: OpenCluster; stop(): Promise<void>; readonly erased: () => number }> {
  const opened = await openOn(servers, region);
  const own = new Worker(TOPOLOGIES, opened.cluster, { region, mode: 'follow', pollMs: 20 });
  await own.start();
  const running = own.run();
  const stop = async (): Promise<void> => {
    own.stop();
    await running;
    await opened.close();
  };
  const erased = (): number => own.runningTasks.reduce((sum, { progress }) => sum + (progress.counters.erased ?? 0), 0);
  return { opened, stop, erased };
}

it(
  'seals what it writes, rotates meanwhile, and passes over what a deleted key has sealed',
  { timeout: SERVER_START_MS + 3 * DEADLINE_MS },
  async (context) => {
    const servers: Servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
    const region = newRegion();
    const storage = await expectedOf({ seed: 5, days: 4, clicksPerDay: 200, learners: 30, region });
    const expected = await resultsInMemory(storage);
    const state = await openRedis({ url: servers.redis, region });
    const place = { keys: state.dataKeys, documents: state.documents };
    await makeRegionRing(place, { file: join(newFolder(), 'kek.json') }, Date.now());
    const opened = await openOn(servers, region);
    context.onTestFinished(async () => {
      await opened.close();
      await state.close();
    });
    await sendInput(storage, opened);
    const first = await worker(servers, region);
    const rotation = await rotateRegion(place);
    expect(rotation).toMatchObject({ branch: 2, dropped: [1] });
    expect(rotation.rewrapped).toBeGreaterThan(20);
    let different: string[] = ['not looked yet'];
    for (const until = Date.now() + DEADLINE_MS; different.length > 0 && Date.now() < until; await sleep(500))
      different = differencesOf(expected, await resultsInCluster(opened, storage));
    expect(different).toEqual([]);
    await first.stop();
    const counts = await countRegionKeys(place);
    expect(counts.byBranch).toEqual(new Map([[2, counts.keys]]));

    // As the servers have it: the same client, without the gate.
    const admin = await opened.broker.admin();
    context.onTestFinished(() => admin.close());
    const lying: { readonly name: string; readonly key: string; readonly value: Buffer }[] = [];
    const all = storage.log.topics().flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, partition) => ({ name, partition })));
    for (const { name, partition } of all) {
      for await (const { key, value } of partitionRecords(opened.broker, admin, name, partition))
        if (value !== null) lying.push({ name, key: String(key), value });
    }
    const learners = new Set(lying.filter(({ name }) => name.endsWith('.clicks')).map(({ key }) => key));
    const sealed = lying.filter(({ value }) => isWhole(value) || places.placeOf(value)?.isSealed === true).length;
    const isInClear = ({ name, value }: (typeof lying)[number]): boolean =>
      places.placeOf(value)?.isSealed === false || (name.endsWith('.clicks') && places.placeOf(value) === null && !isWhole(value));
    expect(lying.filter(isInClear)).toEqual([]);
    expect(sealed).toBeGreaterThan(700);
    const rows = await rowsUnder(servers.redis, region, learners);
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => !isWhole(row))).toEqual([]);

    // A learner is erased: who reads all of it again passes over what is theirs, and stops at nothing.
    const erased = [...learners][0]!;
    const ring = (await RedisRing.open(place))!;
    expect(await ring.delete(erased)).toBe(true);
    expect(await ring.delete(erased)).toBe(false);
    const kept: string[] = [];
    const again = await openOn(servers, region);
    context.onTestFinished(() => again.close());
    for (let partition = 0; partition < 12; partition++)
      for await (const { key } of again.cluster.records(`${region}.clicks`, partition)) kept.push(String(key));
    expect(kept).not.toContain(erased);
    expect(new Set(kept).size).toBeGreaterThan(20);
    await dropStates(servers.redis, region);
    const second = await worker(servers, region);
    for (const until = Date.now() + DEADLINE_MS; second.erased() === 0 && Date.now() < until;) await sleep(200);
    expect(second.erased()).toBeGreaterThan(0);
    await second.stop();
  },
);

/** Rows of all stores whose key is that of a learner, as Redis has them. */
async function rowsUnder(url: string, region: string, learners: ReadonlySet<string>): Promise<Buffer[]> {
  const client = new Redis(url);
  try {
    const stores = await client.keys(`skillforge:{${region}/*}:s:*`);
    const rows = await Promise.all(stores.map((store) => client.hgetallBuffer(store)));
    return rows.flatMap((one) => Object.entries(one).flatMap(([key, value]) => (learners.has(key) ? [value] : [])));
  } finally {
    client.disconnect();
  }
}

/** What the tasks were, and where they had committed: they begin anew. */
async function dropStates(url: string, region: string): Promise<void> {
  const state = await openRedis({ url, region });
  for (const task of await state.tasks()) await state.drop(task);
  await state.close();
}
