/** Faults of the servers: Redis, brokers, the schema registry. Each tells what shows that it took effect, and throws where it took none. */
import type { Fault, Scene } from './campaign.js';
import { anyOf } from './faults.js';
import type { RegistryFault } from './registryWay.js';
import { courses, presses, totals } from './topologies.js';

export const killRedis: Fault = {
  name: 'kill Redis, which has an append-only file',
  run: ({ redis, random }) => redis.killAndRestart(random.below(4_000)),
};

const LEAST_LOST_BYTES = 2_000;

export const failOverRedis: Fault = {
  name: 'fail over to a Redis that lost the last writes',
  run: async ({ redis }) => {
    const before = redis.rollbacks;
    const evidence = await redis.failOver(LEAST_LOST_BYTES);
    if (redis.rollbacks === before) throw new Error('the replica had everything');
    return evidence;
  },
};

export const freezeRedis: Fault = {
  name: 'Redis does not answer',
  run: ({ redis, random }) => redis.freeze(1_000 + random.below(6_000)),
};

export const cutOffRedis: Fault = {
  name: 'Redis cannot be reached',
  run: ({ redis, random }) => redis.cutOff(1_000 + random.below(6_000)),
};

/** Of the topologies, of the groups and of the transactions: losing the leader of each is another trouble. */
const LED = (region: string): string[] => [
  ...[presses, totals, courses].map(({ name }) => `${region}.${name}`),
  '__consumer_offsets',
  '__transaction_state',
];

export const killLeader: Fault = {
  name: 'kill the broker that leads a partition',
  run: async ({ region, kafka, brokers, random, progress }) => {
    const topics = LED(region);
    const topic = topics[random.below(topics.length)]!;
    const all = await brokers.partitions();
    const led = all.filter(({ name }) => name.startsWith(`${topic}/`));
    const { name, leader } = led[random.below(led.length)]!;
    const server = kafka.kafka!.brokers[leader - 1]!;
    const { pid } = server;
    await server.kill();
    const next = await brokers.nextLeader(name, leader);
    await progress();
    await server.restart();
    const inSync = await brokers.inSync();
    const count = all.filter((one) => one.leader === leader).length;
    const went = `${server.name} (pid ${pid}) led ${count} partitions; ${name} went from broker ${leader} to ${next}`;
    return `${went}; all went on without it; pid ${server.pid} has caught up, ${inSync} partitions in sync`;
  },
};

/** In good order, each when the one before has all that it missed: so that two of three are in sync at any time. */
export const restartBrokers: Fault = {
  name: 'restart all brokers, one after the other',
  run: async ({ kafka, brokers, progress }) => {
    const done: string[] = [];
    for (const broker of kafka.kafka!.brokers) {
      const { pid } = broker;
      await broker.kill('SIGTERM');
      await broker.restart();
      const inSync = await brokers.inSync();
      await progress();
      done.push(`${broker.name}: pid ${pid} became ${broker.pid}, ${inSync} partitions in sync`);
    }
    return done.join('; ');
  },
};

/** Records of a schema that nobody has met wait for the registry, and come out when it is back; a worker starts without it. */
async function withoutRegistry(scene: Scene, fault: RegistryFault): Promise<string> {
  const { fleet, feed, region } = scene;
  const registry = scene.registry!;
  const { schemaId, encode } = await registry.later(`${region}.${presses.name}`);
  const met = await registry.leave(fault);
  try {
    feed.strange(encode);
    await fleet.heard(`records of schema ${schemaId} wait`);
    await anyOf(scene).kill();
    const { said, process } = await fleet.start();
    const known = said.filter((line) => line.includes('going on with the id')).length;
    if (known === 0) throw new Error('a worker that started had the registry');
    return `a request met ${met}; records of schema ${schemaId} waited; worker ${process.pid} started without it, with ${known} ids that it knew`;
  } finally {
    await registry.comeBack(fault);
  }
}

export const shutRegistry: Fault = { name: 'the schema registry is down', run: (scene) => withoutRegistry(scene, 'down') };
export const silenceRegistry: Fault = { name: 'the schema registry does not answer', run: (scene) => withoutRegistry(scene, 'silent') };
