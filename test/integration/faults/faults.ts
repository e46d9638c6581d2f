/** The faults. Each tells what shows that it took effect, and throws where it took none. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Scene } from './campaign.js';
import { SESSION_MS } from './arena.js';
import type { Member } from './fleet.js';
import { POISON_NAMES } from './poison.js';

const STEPS = ['claim', 'recover', 'stage', 'transact', 'apply'];
const MOMENTS = ['before', 'during', 'after'];
/** For a trap that no step comes to: a worker that gets no task. */
const TRAP_MS = 60_000;

const anyOf = ({ fleet, random }: Scene): Member => fleet.running[random.below(fleet.running.length)]!;

async function ended(member: Member): Promise<string> {
  const { pid } = member.process;
  await member.kill();
  return `worker ${pid} ended by ${String(member.process.signalCode)}`;
}

export const killWorker: Fault = { name: 'kill a worker', run: (scene) => ended(anyOf(scene)) };

export const stopWorker: Fault = {
  name: 'stop a worker for longer than its session',
  run: async (scene) => {
    const { process } = anyOf(scene);
    process.kill('SIGSTOP');
    await sleep(SESSION_MS + 3_000);
    process.kill('SIGCONT');
    return `worker ${process.pid} stood still for ${SESSION_MS + 3_000} ms`;
  },
};

/** A worker more, with a trap at a step of the commit, in the place of another one. */
async function trap(scene: Scene, text: string): Promise<readonly [Member, string | null]> {
  await anyOf(scene).kill();
  const member = await scene.fleet.start(text);
  return [member, await Promise.race([member.trapped, sleep(TRAP_MS, null)])];
}

/** A worker dies at a step of its commit. */
export function killAt(step: string, moment: string, nth = 2): Fault {
  return {
    name: `kill a worker ${moment} ${step}`,
    run: async (scene) => {
      const [member, line] = await trap(scene, `kill:${step}:${moment}:${nth}`);
      if (line === null) {
        await member.kill();
        throw new Error(`no worker came to ${moment} ${step}`);
      }
      await member.kill();
      return `${line}, ended by ${String(member.process.signalCode)}`;
    },
  };
}

/** A worker stands still at a step of its commit, until another one has gone on without it. */
export function stopAt(step: string, moment: string, nth = 2): Fault {
  return {
    name: `stop a worker ${moment} ${step}`,
    run: async (scene) => {
      const [{ process }, line] = await trap(scene, `stop:${step}:${moment}:${nth}`);
      if (line === null) throw new Error(`no worker came to ${moment} ${step}`);
      if (scene.fleet.running.length < 2) await scene.fleet.start();
      await sleep(SESSION_MS + 3_000);
      await scene.progress();
      process.kill('SIGCONT');
      return `${line}, went on after others had written`;
    },
  };
}

export const rescale: Fault = {
  name: 'rescale to 1, 3 and 2 workers',
  run: async ({ fleet, progress }) => {
    const counts: number[] = [];
    const scale = async (count: number): Promise<void> => {
      while (fleet.running.length > count) await fleet.running[0]!.stop();
      while (fleet.running.length < count) await fleet.start();
      await progress();
      counts.push(fleet.running.length);
    };
    for (const count of [1, 3, 2]) await scale(count);
    return `workers that ran: ${counts.join(', ')}`;
  },
};

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

export const slowPartition: Fault = {
  name: 'a slow partition',
  run: async ({ feed, progress }) => {
    const before = feed.sent;
    feed.isOneSided = true;
    for (let second = 0; second < 4; second++) {
      await sleep(1_000);
      await progress();
    }
    feed.isOneSided = false;
    return `${feed.sent - before} records, nine of ten for partition 0, one of five slow; outputs went on`;
  },
};

export const poison: Fault = {
  name: 'poison of twelve kinds',
  run: async ({ feed, progress }) => {
    const before = feed.sent;
    feed.poison(POISON_NAMES);
    while (feed.sent <= before) await progress();
    return `sent: ${POISON_NAMES.join(', ')}`;
  },
};

export const killLeader: Fault = {
  name: 'kill a broker, leader of some partitions',
  run: async ({ kafka, random, progress }) => {
    const { brokers } = kafka.kafka!;
    const broker = brokers[random.below(brokers.length)]!;
    const { pid } = broker;
    await broker.kill();
    await progress();
    await broker.restart();
    return `${broker.name} of three, each of which leads some partitions: pid ${pid} became ${broker.pid}; outputs went on without it`;
  },
};

export const restartBrokers: Fault = {
  name: 'restart all brokers, one after the other',
  run: async ({ kafka, progress }) => {
    const names: string[] = [];
    for (const broker of kafka.kafka!.brokers) {
      await broker.kill('SIGTERM');
      await broker.restart();
      await progress();
      names.push(`${broker.name} is pid ${broker.pid}`);
    }
    return names.join(', ');
  },
};

export const stepFaults: readonly Fault[] = STEPS.flatMap((step) => MOMENTS.map((moment) => killAt(step, moment)));
export const zombieFaults: readonly Fault[] = STEPS.flatMap((step) => MOMENTS.map((moment) => stopAt(step, moment)));

/** The faults of a long run, in an order that the seed decides. */
export function plan(count: number, random: { below(end: number): number }, hasThreeBrokers: boolean): Fault[] {
  const single = [killWorker, stopWorker, rescale, killRedis, failOverRedis, freezeRedis, slowPartition, poison];
  const brokers = hasThreeBrokers ? [killLeader, restartBrokers] : [];
  const kinds: readonly (readonly Fault[])[] = [...[...single, ...brokers].map((one) => [one]), stepFaults, stepFaults, zombieFaults];
  const planned = [...single, ...brokers, ...stepFaults].slice(0, count);
  while (planned.length < count) {
    const kind = kinds[random.below(kinds.length)]!;
    planned.push(kind[random.below(kind.length)]!);
  }
  for (let at = planned.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [planned[at], planned[other]] = [planned[other]!, planned[at]!];
  }
  return planned;
}
