/** Models that change while workers share the tasks of a region on Kafka and Redis: tasks that move, and a Redis that loses what it acknowledged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { map } from 'rxjs';
import { expect, it } from 'vitest';
import { topology, withValue } from '../../../operators/index.js';
import { isMarker, readHeader } from '../../../runtime/engine/header.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { Worker } from '../../../runtime/engine/worker.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { LocalSchemaIds, topicCodec, type Topic } from '../../../schemas/index.js';
import { event, events, results, timed, toResults, type Result } from '../../operators/pipelines.js';
import { MovingModels } from '../../runtime/engine/movingModels.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import { putBackKeys, takeKeys } from './redisPast.js';
import { newRegion, openOn, type OpenCluster, type Servers } from './replica.js';

const DEADLINE_MS = 120_000;
const KEYS = Array.from({ length: 48 }, (_, at) => `k${at}`);
const ids = LocalSchemaIds.withAccepted();
/** Tasks that decide. */
const DECIDING = new Set(KEYS.map((key) => partitionOf(Buffer.from(key), events.partitions))).size;

const telling = topology('telling', { version: 1 }, ({ source, models }) => {
  source(events, timed).pipe(
    map((one) => withValue(one, models!.at(one.timestamp).version)),
    toResults(),
  );
});

/** A worker of its own, as another process would be, that looks by itself. */
interface Member {
  readonly worker: Worker;
  readonly models: MovingModels;
  readonly opened: OpenCluster;
  stop(): Promise<void>;
}

/** @param looks - whether it looks again after it was started */
async function member(servers: Servers, region: string, model: string, looks: boolean): Promise<Member> {
  const opened = await openOn(servers, region);
  const models = new MovingModels();
  models.promote(model);
  const worker = new Worker([telling], opened.cluster, { region, mode: 'follow', models, pollMs: 20 });
  await worker.start();
  const running = worker.run();
  // As a follower does: what is current is confirmed by each look.
  const looking = setInterval(() => looks && models.promote(models.current!.ref.number), 50);
  let ended: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    ended ??= (async () => {
      worker.stop();
      await running;
      clearInterval(looking);
      await opened.close();
    })();
    return ended;
  };
  return { worker, models, opened, stop };
}

/** Which models told of each event, in the order of the log: the same event twice is computed again. */
async function toldIn({ cluster }: OpenCluster, region: string): Promise<Map<string, string[]>> {
  const codec = topicCodec(results as Topic<string, unknown>, ids);
  const told = new Map<string, string[]>();
  for (let partition = 0; partition < results.partitions; partition++) {
    for await (const { key, value, header } of cluster.records(`${region}.results`, partition)) {
      if (isMarker(header) || key === null || value === null) continue;
      const id = `${key.toString()} ${readHeader(header)!.eventTimeMs}`;
      const model = JSON.parse((codec.decode(key.toString(), value) as Result).json) as string;
      told.set(id, [...(told.get(id) ?? []), model]);
    }
  }
  return told;
}

it('turn where they are seen, stay where a task moves, and are the same again', { timeout: SERVER_START_MS + 6 * DEADLINE_MS }, async (context) => {
  const servers: Servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
  const region = newRegion();
  const redis = new Redis(servers.redis);
  context.onTestFinished(() => redis.disconnect());
  const members: Member[] = [];
  context.onTestFinished(() => Promise.all(members.map((one) => one.stop())).then(() => undefined));
  const joined = async (model: string, looks = true): Promise<Member> => {
    members.push(await member(servers, region, model, looks));
    return members.at(-1)!;
  };

  const first = await joined('a');
  const codec = topicCodec(events, ids);
  const send = async (atMs: number): Promise<void> => {
    const records = KEYS.map((key): OutputRecord => {
      const bytes = Buffer.from(key);
      return {
        topic: `${region}.events`,
        partition: partitionOf(bytes, events.partitions),
        key: bytes,
        value: codec.encode(key, event(key, atMs)),
        header: null,
      };
    });
    await members.at(-1)!.opened.cluster.log.append(records);
  };
  /** Models that told of an instant, once all of it was told. */
  const modelsOf = async (atMs: number): Promise<Set<string>> => {
    for (const until = Date.now() + DEADLINE_MS; ; await sleep(100)) {
      const told = await toldIn(members.at(-1)!.opened, region);
      const of = KEYS.map((key) => told.get(`${key} ${atMs}`));
      if (of.every((one) => one !== undefined)) return new Set(of.map((one) => one[0]!));
      if (Date.now() > until) throw new Error(`of instant ${atMs} only ${of.filter((one) => one !== undefined).length} were told`);
    }
  };

  await send(1);
  expect(await modelsOf(1)).toEqual(new Set(['a']));
  const before = await takeKeys(redis, `*${region}*`);
  first.models.promote('b');
  await expect.poll(() => first.models.adoptions.filter(({ model }) => model?.number === 'b').length, { timeout: DEADLINE_MS }).toBe(DECIDING);
  await send(2);
  expect(await modelsOf(2)).toEqual(new Set(['b']));

  // The next process last heard of a, and takes over all tasks before it looks again.
  const second = await joined('a', false);
  await first.stop();
  await expect.poll(() => second.worker.runningTasks.length, { timeout: DEADLINE_MS }).toBe(events.partitions);
  await send(3);
  expect(await modelsOf(3)).toEqual(new Set(['b']));
  await second.stop();

  // What was computed since is computed again, while c is current.
  await putBackKeys(redis, `*${region}*`, before);
  await joined('c');
  await expect
    .poll(() => members.at(-1)!.models.adoptions.filter(({ model }) => model?.number === 'c').length, { timeout: DEADLINE_MS })
    .toBe(DECIDING);
  await send(4);
  expect(await modelsOf(4)).toEqual(new Set(['c']));
  const told = await toldIn(members.at(-1)!.opened, region);
  const again = [...told].filter(([, models]) => models.length > 1);
  expect(again.length).toBeGreaterThanOrEqual(KEYS.length);
  expect(again.filter(([, models]) => new Set(models).size > 1)).toEqual([]);
});
