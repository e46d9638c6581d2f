/** One run: servers, workers and a producer, faults one after the other, then the check. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from '../../../runtime/kafka/broker.js';
import { startServices, type Services } from '../../../scripts/services/index.js';
import { SeededRandom } from '../../../scripts/synthetic/index.js';
import { createTopics, lagOf, openParts, type Address, type Parts } from './arena.js';
import { check, type Findings } from './check.js';
import type { Control } from './controls.js';
import { Feed } from './feed.js';
import { Fleet } from './fleet.js';
import { RedisPair } from './redisPair.js';
import { courses, echoes, totals } from './topologies.js';

export interface CampaignOptions {
  readonly seed: number;
  readonly keys: number;
  readonly perSecond: number;
  readonly brokers: 1 | 3;
  readonly workers: number;
  readonly control?: Control;
  /** Takes each fault when it is over. */
  readonly onFault?: (entry: FaultEntry) => void;
}

/** A fault that was made, with what shows that it took effect. */
export interface FaultEntry {
  readonly fault: string;
  readonly at: string;
  readonly evidence: string;
  /** From the end of the fault until every partition had a new output, ms. */
  readonly resumedMs: number;
}

/** What a fault has at hand. */
export interface Scene {
  readonly kafka: Services;
  readonly redis: RedisPair;
  readonly fleet: Fleet;
  readonly feed: Feed;
  readonly random: SeededRandom;
  readonly workers: number;
  /** Ends of the topics of results, partition by partition. */
  readonly outputs: () => Promise<readonly number[]>;
  /** Resolves when the topologies have written something new into each partition that has something. */
  readonly progress: () => Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** @returns the evidence */
  readonly run: (scene: Scene) => Promise<string>;
}

export interface Result extends Findings {
  readonly faults: readonly FaultEntry[];
  readonly records: number;
  readonly rollbacks: number;
  /** The longest wait for outputs in all partitions after a fault, ms. */
  readonly longestStallMs: number;
  readonly mostMemoryMiB: number;
  readonly workerFailures: readonly string[];
}

/** No output in a partition for so long after the end of a fault is a stall. */
export const STALL_MS = 60_000;
/** Of a run whose machine has too much to do: it ends all the same. */
const GIVE_UP_MS = 300_000;
const AT_REST_MS = 12_000;

export class Campaign {
  private readonly faults: FaultEntry[] = [];
  private longestStallMs = 0;

  private constructor(
    private readonly options: CampaignOptions,
    private readonly address: Address,
    private readonly parts: Parts,
    private readonly admin: Admin,
    readonly scene: Scene,
  ) {}

  static async open(options: CampaignOptions): Promise<Campaign> {
    const kafka = await startServices({ brokers: options.brokers });
    const redis = await RedisPair.start();
    const region = `f${randomBytes(4).toString('hex')}`;
    const address = { kafka: kafka.kafka!.bootstrapServers, redis: redis.url, region, replication: options.brokers };
    const parts = await openParts(address);
    await createTopics(parts, region);
    const admin = await parts.broker.admin();
    const fleet = new Fleet(address, options.control ?? null);
    const feed = new Feed(parts, region, options);
    const outputs = async (): Promise<readonly number[]> => {
      const ranges = await Promise.all([totals, courses, echoes].map(({ name }) => admin.ranges(`${region}.${name}`)));
      return ranges.flat().map(({ end }) => end);
    };
    const progress = (): Promise<void> => moved(outputs);
    const random = new SeededRandom(options.seed);
    const campaign = new Campaign(options, address, parts, admin, {
      kafka,
      redis,
      fleet,
      feed,
      random,
      workers: options.workers,
      outputs,
      progress,
    });
    await Promise.all(Array.from({ length: options.workers }, () => fleet.start()));
    await feed.everyKey();
    await progress();
    return campaign;
  }

  /** Makes a fault, and waits until the topologies go on. */
  async run({ name, run }: Fault): Promise<void> {
    const { fleet, workers } = this.scene;
    const at = new Date().toISOString();
    const evidence = await run(this.scene);
    while (fleet.running.length < workers) await fleet.start();
    const endedMs = performance.now();
    await this.scene.progress();
    const resumedMs = Math.round(performance.now() - endedMs);
    this.longestStallMs = Math.max(this.longestStallMs, resumedMs);
    fleet.sampleMemory();
    const entry = { fault: name, at, evidence, resumedMs };
    this.faults.push(entry);
    this.options.onFault?.(entry);
  }

  /** Ends the input, waits until all is done or nothing moves any more, and compares. */
  async finish(): Promise<Result> {
    const { feed, fleet, redis } = this.scene;
    await feed.end();
    const findings = await this.atRest();
    fleet.sampleMemory();
    for (const member of fleet.running) {
      const code = await member.stop();
      if (code !== 0) fleet.failures.push(`a worker that was told to stop ended with ${String(code)}`);
    }
    return {
      ...findings,
      faults: this.faults,
      records: feed.sent,
      rollbacks: redis.rollbacks,
      longestStallMs: this.longestStallMs,
      mostMemoryMiB: Math.round(fleet.mostMemory),
      workerFailures: fleet.failures,
    };
  }

  async close(): Promise<void> {
    const { feed, fleet, redis, kafka } = this.scene;
    await fleet.close();
    await feed.end().catch(() => undefined);
    await this.admin.close().catch(() => undefined);
    await this.parts.close().catch(() => undefined);
    await redis.close();
    await kafka.close();
  }

  private async atRest(): Promise<Findings> {
    const { outputs, redis } = this.scene;
    const options = { region: this.address.region, mayRepeat: redis.rollbacks > 0 };
    let [last, sinceMs] = ['', performance.now()];
    for (const until = performance.now() + GIVE_UP_MS; ; await sleep(1_000)) {
      const now = (await outputs()).join();
      if (now !== last) [last, sinceMs] = [now, performance.now()];
      const isStill = performance.now() - sinceMs > AT_REST_MS && (await lagOf(this.admin, this.address.region)) === 0;
      if (isStill || performance.now() > until) return check(this.parts, options);
    }
  }
}

/** Markers are records, too, but come with outputs alone or with a commit that had none: a partition that stands still has neither. */
async function moved(outputs: () => Promise<readonly number[]>): Promise<void> {
  const before = await persistently(outputs);
  const standing = (now: readonly number[]): number[] => before.flatMap((end, at) => (end > 0 && now[at]! <= end ? [at] : []));
  for (const until = performance.now() + 5 * STALL_MS; ; await sleep(250)) {
    const now = await persistently(outputs);
    const still = standing(now);
    if (still.length === 0 && now.some((end) => end > 0)) return;
    if (performance.now() > until) throw new Error(`no output for ${(5 * STALL_MS) / 1000} s in ${still.length} partitions`);
  }
}

/** A broker may be away. */
async function persistently(outputs: () => Promise<readonly number[]>): Promise<readonly number[]> {
  for (;;) {
    try {
      return await outputs();
    } catch {
      await sleep(500);
    }
  }
}
