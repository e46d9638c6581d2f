/** Redis goes back to an earlier state while the log stays: outputs are in the log again, under the numbers and with the content that they had. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { readHeader } from '../../../runtime/engine/header.js';
import { decodeProgress, type TaskCounters } from '../../../runtime/engine/progress.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import { Worker } from '../../../runtime/engine/worker.js';
import type { LogRecord, Placement } from '../../../runtime/ports.js';
import type { MemoryStorage } from '../../../runtime/testing/index.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { TOPOLOGIES } from '../../simulation/replayed.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { putBackKeys, takeKeys } from './redisPast.js';
import { expectedOf, newRegion, openOn, sendInput, type OpenCluster, type Servers } from './replica.js';

const DEADLINE_MS = 240_000;

/** The records of the topologies' topics, each producer's in each partition in their order, and how many came again. */
interface Written {
  readonly records: ReadonlyMap<string, readonly string[]>;
  readonly again: number;
  /** Records that are not what they were the first time. */
  readonly differing: readonly string[];
}

/** Which record of which producer one is, and what it says; `null` for markers and decisions. */
function numbered(topic: string, partition: number, { key, value, header }: LogRecord): { place: string; id: string; content: string } | null {
  const read = readHeader(header);
  if (read === null || read.marker || topic.endsWith('.control')) return null;
  const { producer, sequence, eventTimeMs } = read;
  // Dead letters go by their keys.
  const id = sequence > 0 ? String(sequence) : String(key);
  const content = [key?.toString('hex'), value?.toString('hex'), eventTimeMs].join(' ');
  return { place: `${topic}/${partition} by ${producer.name}#${producer.partition}`, id, content };
}

async function* recordsIn(placement: Pick<Placement, 'records'>, { log }: MemoryStorage): AsyncGenerator<NonNullable<ReturnType<typeof numbered>>> {
  const places = log.topics().flatMap(({ name, partitions }) => [...Array(partitions).keys()].map((partition) => [name, partition] as const));
  for (const [topic, partition] of places) {
    for await (const record of placement.records(topic, partition)) {
      const one = numbered(topic, partition, record);
      if (one !== null) yield one;
    }
  }
}

async function writtenIn(placement: Pick<Placement, 'records'>, storage: MemoryStorage): Promise<Written> {
  const firsts = new Map<string, Map<string, string>>();
  const differing: string[] = [];
  let again = 0;
  for await (const { place, id, content } of recordsIn(placement, storage)) {
    const known = firsts.get(place) ?? new Map<string, string>();
    firsts.set(place, known);
    if (known.has(id)) again++;
    if (known.has(id) && known.get(id) !== content) differing.push(`${place} ${id}`);
    known.set(id, content);
  }
  return { records: new Map([...firsts].map(([place, all]) => [place, [...all.values()]])), again, differing };
}

/** Places whose records are not as expected. */
const placesThatDiffer = (expected: Written['records'], found: Written['records']): string[] =>
  [...new Set([...expected.keys(), ...found.keys()])].filter((place) => expected.get(place)?.join() !== found.get(place)?.join());

const countersOf = ({ tasks }: MemoryStorage): Map<string, TaskCounters> =>
  new Map(tasks.names().map((name) => [name, decodeProgress(tasks.progress(name)!).counters]));

/** How far a worker is to go. */
interface Goal {
  readonly expected: ReadonlyMap<string, TaskCounters>;
  /** Of the records of each task; where it is 1, all timers fire and everything in the log is read. */
  readonly share: number;
}

function isThere(worker: Worker, { expected, share }: Goal): boolean {
  const tasks = worker.runningTasks;
  if (tasks.length < expected.size) return false;
  return tasks.every(({ name, lag, progress: { counters } }) => {
    const { records, timers } = expected.get(name)!;
    return counters.records >= share * records && (share < 1 || (counters.timers >= timers && lag === 0));
  });
}

const countedBy = ({ runningTasks }: Worker): Map<string, TaskCounters> =>
  new Map(runningTasks.map(({ name, progress }) => [name, { ...progress.counters }]));

/** Runs a worker to its goal. Gives what its tasks counted. */
async function runUntil(opened: OpenCluster, region: string, goal: Goal): Promise<Map<string, TaskCounters>> {
  const worker = new Worker(TOPOLOGIES, opened.cluster, { region, mode: 'follow', limits: { maxRecords: 100 } });
  await worker.start();
  const running = worker.run();
  for (const until = Date.now() + DEADLINE_MS; Date.now() < until && !isThere(worker, goal); await sleep(100));
  const counted = countedBy(worker);
  worker.stop();
  await running;
  return counted;
}

it(
  'writes again what Redis lost, with the same numbers and content, and counts what was to be counted',
  { timeout: SERVER_START_MS + 3 * DEADLINE_MS },
  async (context) => {
    skipUnlessLong(context, 'FAULTS');
    const servers: Servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
    const region = newRegion();
    const storage = await expectedOf({ seed: 7, days: 6, clicksPerDay: 150, learners: 30, region });
    const expected = countersOf(storage);
    const inMemory = localPlacement(storage);
    const redis = new Redis(servers.redis);
    context.onTestFinished(() => redis.disconnect());
    const keys = `*${region}*`;
    const first = await openOn(servers, region);
    context.onTestFinished(() => first.close());
    await sendInput(storage, first);
    await runUntil(first, region, { expected, share: 0.3 });
    const saved = await takeKeys(redis, keys);
    const second = await openOn(servers, region);
    context.onTestFinished(() => second.close());
    const before = await runUntil(second, region, { expected, share: 1 });
    const written = await writtenIn(inMemory, storage);
    const undisturbed = await writtenIn(second.cluster, storage);
    expect(undisturbed).toMatchObject({ again: 0, differing: [] });
    expect(placesThatDiffer(written.records, undisturbed.records)).toEqual([]);

    await putBackKeys(redis, keys, saved);
    const third = await openOn(servers, region);
    context.onTestFinished(() => third.close());
    const after = await runUntil(third, region, { expected, share: 1 });
    const repeated = await writtenIn(third.cluster, storage);
    expect(placesThatDiffer(written.records, repeated.records)).toEqual([]);
    expect(repeated.differing).toEqual([]);
    expect(repeated.again).toBeGreaterThan(50);
    const comparable = (all: ReadonlyMap<string, TaskCounters>) =>
      new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { outputs: _, repeated: __, ...rest }]) => [name, rest]));
    expect(comparable(after)).toEqual(comparable(before));
  },
);
