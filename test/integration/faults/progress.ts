/** How far the topologies have come, partition by partition: a partition that stands still while the others go on is seen here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { consumerGroupId } from '../../../runtime/cluster/memberGroup.js';
import { Deployment } from '../../../runtime/engine/deployment.js';
import type { Admin } from '../../../runtime/kafka/broker.js';
import type { Parts } from './arena.js';
import { courses, echoes, totals, TOPOLOGIES } from './topologies.js';

/** No progress in a partition for so long after the end of a fault is a stall. */
export const STALL_MS = 60_000;
/** Of a machine that has too much to do: a run waits longer before it is given up, and still says what it saw. */
const GIVE_UP_MS = 5 * STALL_MS;
const LOOK_MS = 500;

/** Where something moves: the end of a partition of results, or what a group has committed of a partition that it reads. */
interface Place {
  readonly name: string;
  readonly at: number;
  /** How far it can move now. */
  readonly most: number;
  /** Whether it can move: false for a group that has committed all there is, and for results that nobody has written yet. */
  readonly isDue: boolean;
}

/** The place that moved last, and how long that took, ms. */
export interface Resumed {
  readonly place: string;
  readonly ms: number;
}

interface Reading {
  readonly group: string;
  readonly topic: string;
}

export class Places {
  private readonly readings: readonly Reading[];

  constructor(
    { cluster }: Parts,
    private readonly admin: Admin,
    private readonly region: string,
  ) {
    this.readings = TOPOLOGIES.flatMap((topology) => {
      const deployment = new Deployment(topology, region, cluster);
      const sources = deployment.build().stages.flatMap(({ source }) => source ?? []);
      return sources.map((source) => ({ group: consumerGroupId(region, deployment.id), topic: deployment.physicalName(source.topic) }));
    });
  }

  /** Ends of the partitions of results. */
  async ends(): Promise<readonly number[]> {
    return (await this.outputs()).map(({ at }) => at);
  }

  /** Records of each partition of a topic that its group has not committed yet. @param topic - its logical name */
  async lags(topic: string): Promise<readonly number[]> {
    const reading = this.readings.find((one) => one.topic === `${this.region}.${topic}`)!;
    return (await this.positions(reading)).map(({ committed, end }) => end - committed);
  }

  /**
   * Resolves when every place that has something has moved.
   *
   * @param onStall - hears of what stands still after {@link STALL_MS}, once: then there is still something to look at
   * @throws where one does not for {@link GIVE_UP_MS}
   */
  async moved(onStall: (places: string) => void): Promise<Resumed> {
    const startMs = performance.now();
    const untilMs = startMs + GIVE_UP_MS;
    let isTold = false;
    const waiting = new Map((await this.look(untilMs)).flatMap(({ name, at, isDue }) => (at > 0 || isDue ? [[name, at] as const] : [])));
    for (let place = 'none'; ; await sleep(LOOK_MS)) {
      const now = await this.look(untilMs);
      for (const { name } of now.filter((one) => one.at > (waiting.get(one.name) ?? Infinity) || !one.isDue)) {
        if (waiting.delete(name)) place = name;
      }
      const ms = Math.round(performance.now() - startMs);
      if (waiting.size === 0 && now.some(({ at }) => at > 0)) return { place, ms };
      if (ms > STALL_MS && !isTold) {
        isTold = true;
        onStall(now.flatMap((one) => (waiting.has(one.name) ? [`${one.name} at ${one.at} of ${one.most}`] : [])).join(', '));
      }
      if (startMs + ms > untilMs) throw new Error(`no progress for ${ms} ms in ${[...waiting.keys()].join(', ')}`);
    }
  }

  /** A broker may be away. @throws when that takes too long */
  private async look(untilMs: number): Promise<readonly Place[]> {
    for (;;) {
      try {
        return [...(await this.outputs()), ...(await Promise.all(this.readings.map((one) => this.commits(one)))).flat()];
      } catch (error) {
        if (performance.now() > untilMs) throw error;
        await sleep(LOOK_MS);
      }
    }
  }

  private async outputs(): Promise<readonly Place[]> {
    const topics = [totals, courses, echoes].map(async ({ name }) => {
      const ranges = await this.admin.ranges(`${this.region}.${name}`);
      return ranges.map(({ end }, partition) => ({ name: `the end of ${name}/${partition}`, at: end, most: end, isDue: end > 0 }));
    });
    return (await Promise.all(topics)).flat();
  }

  /** Markers of one task come into each partition of what it writes: the offsets of a task move by its own work alone. */
  private async commits(reading: Reading): Promise<readonly Place[]> {
    const name = reading.topic.slice(this.region.length + 1);
    const positions = await this.positions(reading);
    return positions.map(({ committed, end }, partition) => ({
      name: `what is done of ${name}/${partition}`,
      at: committed,
      most: end,
      isDue: committed < end,
    }));
  }

  private async positions({ group, topic }: Reading): Promise<readonly { readonly committed: number; readonly end: number }[]> {
    const ranges = await this.admin.ranges(topic);
    const asked = ranges.map((_, partition) => ({ topic, partition }));
    const known = await this.admin.committed(group, asked);
    return ranges.map(({ start, end }, partition) => {
      const offset = known.find((one) => one.partition === partition)?.offset ?? 0;
      return { committed: Math.max(start, offset), end };
    });
  }
}
