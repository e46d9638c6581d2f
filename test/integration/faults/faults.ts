/** Faults of workers and of the input. Each tells what shows that it took effect, and throws where it took none. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Scene } from './campaign.js';
import { SESSION_MS } from './arena.js';
import type { Member } from './fleet.js';
import { POISON_NAMES, POISONS } from './poison.js';

const STEPS = ['claim', 'recover', 'stage', 'transact', 'apply'];
const MOMENTS = ['before', 'during', 'after'];
const SLOW_SECONDS = 5;
/** So far behind is a partition that has work, and none that is slow. */
const CAUGHT_UP = 300;
const CAUGHT_UP_MS = 60_000;
const LETTERS_MS = 60_000;
/** For a trap that no step comes to: a worker that gets no task. */
const TRAP_MS = 60_000;

export const anyOf = ({ fleet, random }: Scene): Member => fleet.running[random.below(fleet.running.length)]!;

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
      try {
        if (scene.fleet.running.length < 2) await scene.fleet.start();
        await sleep(SESSION_MS + 3_000);
        await scene.progress();
      } finally {
        process.kill('SIGCONT');
      }
      return `${line}, went on after others had written`;
    },
  };
}

/** As {@link stopAt}; then the others end, and it does the work of all: whoever was put out of its group joins again. */
export function stopAloneAt(step: string, moment: string, nth = 2): Fault {
  const { name, run } = stopAt(step, moment, nth);
  return {
    name: `${name}, and end the others`,
    run: async (scene) => {
      const evidence = await run(scene);
      const { running } = scene.fleet;
      const stopped = running.filter(({ said }) => said.some((text) => text.startsWith('trap stop'))).at(-1)!;
      for (const other of running.filter((one) => one !== stopped)) await other.kill();
      await scene.progress();
      return `${evidence}, and alone`;
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

/** A partition takes its records more slowly than they come, while the others go on. */
export const slowPartition: Fault = {
  name: 'a slow partition',
  run: async ({ feed, lags, progress }) => {
    // What the fault before has left behind would look like a slow partition, too.
    for (const until = performance.now() + CAUGHT_UP_MS; Math.max(...(await lags())) > CAUGHT_UP && performance.now() < until;) await sleep(500);
    const before = feed.sent;
    feed.isOneSided = true;
    let [most, beside] = [0, 0];
    try {
      for (let second = 0; second < SLOW_SECONDS; second++) {
        await sleep(1_000);
        const [slow, ...others] = await lags();
        if (slow! > most) [most, beside] = [slow!, Math.max(...others)];
      }
      await progress();
    } finally {
      feed.isOneSided = false;
    }
    if (most <= beside) throw new Error(`partition 0 was ${most} records behind, and another one ${beside}`);
    return `${feed.sent - before} records, nine of ten for partition 0 and a fifth of these slow: it was ${most} behind, the others at most ${beside}; all went on`;
  },
};

export const poison: Fault = {
  name: 'poison of twelve kinds',
  run: async ({ feed, letters }) => {
    const before = await letters();
    feed.poison(POISON_NAMES);
    const wanted = POISON_NAMES.filter((name) => POISONS[name]!.code !== null).length;
    for (const until = performance.now() + LETTERS_MS; ; await sleep(200)) {
      const more = (await letters()) - before;
      if (more >= wanted) return `sent: ${POISON_NAMES.join(', ')}; the topic of dead letters is ${more} longer`;
      if (performance.now() > until) throw new Error(`the topic of dead letters is ${more} longer instead of ${wanted}`);
    }
  },
};

export const stepFaults: readonly Fault[] = STEPS.flatMap((step) => MOMENTS.map((moment) => killAt(step, moment)));
export const zombieFaults: readonly Fault[] = STEPS.flatMap((step) => MOMENTS.map((moment) => stopAloneAt(step, moment)));
