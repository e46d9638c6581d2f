/** What the simulation replays: the topologies, their region, and a seeded input with some records that cannot be used. */
import type { OutputRecord, LocalStorage } from '../../runtime/ports.js';
import { Deployment } from '../../runtime/engine/deployment.js';
import { clockMarkers } from '../../runtime/engine/clock.js';
import { partitionOf } from '../../schemas/partitioner.js';
import { topics, type Click, type Opened } from '../../schemas/index.js';
import { SeededRandom, syntheticClicks } from '../../scripts/synthetic/index.js';
import engagement from '../../topologies/learner-engagement.js';
import trends from '../../topologies/item-trends.js';

export const REGION = 'eu-west';
export const TOPOLOGIES = [engagement, trends] as const;
const DAY_MS = 86_400_000;
const OUT_OF_ORDER_MS = 30 * 60_000;

export interface InputOptions {
  readonly seed: number;
  readonly days: number;
  readonly clicksPerDay: number;
  readonly learners: number;
  /** {@link REGION} unless given. */
  readonly region?: string;
}

/** Every topic that the topologies touch, as they are deployed on `storage`. */
export function deploymentsOn(storage: LocalStorage, region = REGION): readonly Deployment[] {
  return TOPOLOGIES.map((topology) => new Deployment(topology, region, storage));
}

/** Appends the input to the clicks topic. @returns the number of records */
export async function appendInput(storage: LocalStorage, { seed, region = REGION, ...synthetic }: InputOptions): Promise<number> {
  const [deployment] = deploymentsOn(storage, region);
  const random = new SeededRandom(seed);
  const codec = deployment!.codecOf(topics.clicks);
  const name = deployment!.physicalName(topics.clicks);
  for (const spec of deployment!.topicSpecs()) storage.log.ensureTopic(spec);
  const recordOf = (click: Opened<Click>): OutputRecord => {
    const key = Buffer.from(click.learner);
    const value = codec.encode(click.learner, click);
    if (random.chance(1 / 400)) value[0] = 0xff; // cannot be decoded
    return { topic: name, partition: partitionOf(key, topics.clicks.partitions), key, value, header: null };
  };
  let records = 0;
  let promisedMs = -Infinity;
  for (const clicks of syntheticClicks({ ...synthetic, seed, region, outOfOrderMs: OUT_OF_ORDER_MS })) {
    await storage.log.append(clicks.map((click) => recordOf(random.chance(1 / 300) ? late(click) : click)));
    records += clicks.length;
    // What may still come, but for the late ones, as its writer knows: no click is further behind an earlier one.
    promisedMs = Math.max(promisedMs, ...clicks.map(({ occurredAtMs }) => occurredAtMs - OUT_OF_ORDER_MS));
    await storage.log.append(clockMarkers(name, topics.clicks.partitions, promisedMs));
  }
  return records;
}

/** Behind the windows of an hour and of a day. */
const late = (click: Opened<Click>): Opened<Click> => ({ ...click, occurredAtMs: click.occurredAtMs - 3 * DAY_MS });
