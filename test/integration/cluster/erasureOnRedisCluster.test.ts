/** Erasure on a Redis Cluster: a learner who has something on every server goes from each of them, while a worker runs. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { topics } from '../../../schemas/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { filesIn } from '../../../scripts/privacy/erasure/files.js';
import { Mention } from '../../../scripts/privacy/erasure/mention.js';
import { sayInRegion } from '../../../scripts/privacy/consentAnew.js';
import type { Server } from '../../../scripts/services/index.js';
import { HOUR_MS, at, click } from '../../topologies/clicks.js';
import { SERVER_START_MS, ownServices } from '../servers.js';
import { ErasableRegion, TOPOLOGIES, listOf, type Named } from './erasable.js';
import { newRegion } from './replica.js';

const SLOW_MS = 600_000;

it(
  'takes a learner out of every server of a Redis Cluster: rows, timers, keys and files',
  { timeout: SERVER_START_MS + SLOW_MS },
  async (context) => {
    const services = await ownServices({ brokers: 1, redis: 'cluster', appendOnly: true }, context);
    const nodes = services.redis!.servers;
    const redisDirs = nodes.map(({ logFile, name }) => join(dirname(logFile), name));
    // One address: the other servers are found through it.
    const addresses = { kafka: services.kafka!.bootstrapServers, redis: `127.0.0.1:${nodes[0]!.port}` };
    const named = await onAllNodes(nodes);
    const made = await ErasableRegion.make(addresses, { logDirs: [join(services.folder, 'kafka-1', 'log')], redisDirs }, context, named);
    const { ada, bob, region } = made;
    const worker = await made.worker();
    context.onTestFinished(() => worker.stop());
    for (const learner of [ada, bob]) expect(await made.has(topics.learnerFeatures, learner, 4)).toBeGreaterThan(3);
    expect(await made.has(topics.cohortTrends, 'AAA-2024J', 1)).toBeGreaterThan(0);

    // An hour that is not over yet: each of the topologies has rows of it.
    await made.append(topics.clicks, [click(ada, at(2, HOUR_MS)), click(bob, at(2, HOUR_MS))]);
    const onEach = (): Promise<OnNode[]> => Promise.all(nodes.map((node) => namesOn(node, ada)));
    await expect.poll(async () => (await onEach()).every(({ hash }) => hash > 0), { timeout: 60_000 }).toBe(true);
    const before = await onEach();
    expect(before.map(({ zset }) => zset).some((timers) => timers > 0)).toBe(true);
    expect(redisDirs.map((folder) => timesIn(folder, ada)).every((times) => times > 0)).toBe(true);
    expect(Object.keys((await made.looked(ada)).readable)).toEqual(['kafka-log', 'redis-state', 'keys of Redis', 'files of Kafka', 'files of Redis']);
    const keysBefore = await liveKeys(made, [ada, bob]);
    expect(keysBefore).toEqual([true, true]);

    const killed = made.erase(ada, (step, reached) => {
      if (`${step} ${reached}` === 'redis-state worked') throw new Error('killed');
    });
    await expect(killed).rejects.toThrow('killed');
    await made.append(topics.clicks, [click(ada, at(2, HOUR_MS)), click(bob, at(2, HOUR_MS))]);
    const receipt = await made.erase(ada);
    const did = Object.fromEntries(receipt.steps.map((one) => [one.step, one.did]));
    expect(did['redis-files']).toEqual({ rewritten: nodes.length });
    expect(did['redis-state']).toMatchObject({ tasks: (await made.opened.state.tasks()).length });

    // On each server by itself, past the code that erases.
    expect(await onEach()).toEqual(nodes.map(() => ({ hash: 0, zset: 0, string: 0, name: 0 })));
    expect(redisDirs.map((folder) => timesIn(folder, ada))).toEqual(nodes.map(() => 0));
    expect(await liveKeys(made, [ada, bob])).toEqual([false, true]);
    const after = await made.looked(ada);
    expect(after.readable).toEqual({});
    expect(after.unlinkable).toBeGreaterThan(10);

    // The other goes on, nobody comes back by an event, and a consent begins anew.
    await made.tellTime(at(3));
    expect(await made.has(topics.learnerFeatures, bob, 6)).toBeGreaterThan(5);
    expect(await made.countOf(topics.clicks, ada)).toBe(0);
    await sayInRegion(made.opened, { region, learner: ada as never, atMs: Date.now() + 1 }, { consentProfiling: true });
    await made.append(topics.clicks, [click(ada, at(5, HOUR_MS))]);
    expect(await made.countOf(topics.clicks, ada)).toBe(1);
    expect(await liveKeys(made, [ada])).toEqual([true]);

    await twoAtOnce(made);
  },
);

/** Both write tombstones, under one name, and take the same tasks. */
async function twoAtOnce(made: ErasableRegion): Promise<void> {
  const { ada, bob, region } = made;
  await made.append(topics.recommendations, [listOf(ada)]);
  const both = await Promise.all([made.erase(ada), made.erase(bob)]);
  for (const { steps } of both)
    expect(steps.find(({ step }) => step === 'tombstones')!.did).toEqual({ tombstones: { [`${region}.recommendations`]: 1 } });
  for (const learner of [ada, bob]) expect((await made.looked(learner)).readable).toEqual({});
  expect(await liveKeys(made, [ada, bob])).toEqual([false, false]);
}

/** A region and a learner whose tasks lie on all servers: where a task lies is told by its name, and which tasks have a learner by their partition. */
async function onAllNodes(nodes: readonly Server[]): Promise<Named> {
  const client = new Redis({ port: nodes[0]!.port, host: '127.0.0.1' });
  const slotsOfNode = Math.ceil(16_384 / nodes.length);
  try {
    for (;;) {
      const [region, ada] = [newRegion(), randomUUID()];
      const partition = partitionOf(Buffer.from(ada), topics.clicks.partitions);
      const tasks = TOPOLOGIES.map(({ name, version }) => `${name}@${version}/0/${partition}`);
      const slots = await Promise.all(tasks.map((task) => client.cluster('KEYSLOT', `skillforge:{${region}/${task}}:meta`)));
      if (new Set(slots.map((slot) => Math.floor(slot / slotsOfNode))).size === nodes.length) return { region, ada };
    }
  } finally {
    client.disconnect();
  }
}

/** How often a name stands on one server: in what is under keys of each type, and in the names of keys. */
interface OnNode {
  hash: number;
  zset: number;
  string: number;
  name: number;
}

/** What reads all that is under a key of each type that the project writes. */
const READING = { hash: ['HGETALL'], zset: ['ZRANGE', '0', '-1'], string: ['GET'] } as const;

async function namesOn({ port }: Server, name: string): Promise<OnNode> {
  const client = new Redis({ port, host: '127.0.0.1' });
  const found: OnNode = { hash: 0, zset: 0, string: 0, name: 0 };
  try {
    for (const key of await client.keys('*')) {
      const type = (await client.type(key)) as keyof typeof READING | 'none';
      // One that went since.
      if (type === 'none') continue;
      const [command, ...args] = READING[type];
      const bytes = [((await client.callBuffer(command, [key, ...args])) as Buffer | Buffer[] | null) ?? []].flat();
      found[type] += bytes.filter((one) => one.includes(name)).length;
      if (key.includes(name)) found.name++;
    }
    return found;
  } finally {
    client.disconnect();
  }
}

const timesIn = (folder: string, name: string): number => filesIn(folder).reduce((sum, path) => sum + new Mention(name).countInFile(path), 0);

/** Whether these learners have a data key that opens something. */
async function liveKeys({ opened: { state }, installation }: ErasableRegion, learners: readonly string[]): Promise<boolean[]> {
  const ids = await state.dataKeys.idsOf(learners.map((learner) => installation.servers!.ring.digestOf(learner)));
  const slots = await state.dataKeys.byIds(ids.map((id) => id ?? 'none'));
  return slots.map((slot) => slot?.kind === 'key');
}
