/** One run: servers, workers and a producer, faults one after the other, then the check. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from '../../../runtime/kafka/broker.js';
import { startServices, type Services } from '../../../scripts/services/index.js';
import { SeededRandom } from '../../../scripts/synthetic/index.js';
import { errorMessageOf, topics } from '../../../schemas/index.js';
import { openParts, prepare, type Address, type Parts } from './arena.js';
import { BrokerSet } from './brokerSet.js';
import { check, type Findings } from './check.js';
import type { Control } from './controls.js';
import { Feed } from './feed.js';
import { Fleet } from './fleet.js';
import { Places, type Resumed } from './progress.js';
import { RedisPair } from './redisPair.js';
import { RegistryWay } from './registryWay.js';
import { presses } from './topologies.js';

export interface CampaignOptions {
  readonly seed: number;
  readonly keys: number;
  readonly perSecond: number;
  readonly brokers: 1 | 3;
  readonly workers: number;
  /** With a schema registry, which can be away. */
  readonly hasRegistry?: boolean;
  readonly control?: Control;
  /** Takes each fault when it is over. */
  readonly onFault?: (entry: FaultEntry) => void;
}

/** A fault that was made, with what shows that it took effect. */
export interface FaultEntry {
  readonly fault: string;
  readonly at: string;
  readonly evidence: string;
  /** From the end of the fault until every partition of results had a new output, and every task had committed anew, ms. */
  readonly resumedMs: number;
  /** The partition that came last. */
  readonly last: string;
}

/** What a fault has at hand. */
export interface Scene {
  readonly region: string;
  readonly kafka: Services;
  readonly brokers: BrokerSet;
  /** `null` without a registry. */
  readonly registry: RegistryWay | null;
  readonly redis: RedisPair;
  readonly fleet: Fleet;
  readonly feed: Feed;
  readonly random: SeededRandom;
  readonly workers: number;
  /** Presses of each partition that are not counted yet. */
  readonly lags: () => Promise<readonly number[]>;
  /** Where the topic of dead letters ends, all partitions together. */
  readonly letters: () => Promise<number>;
  /** Resolves when the topologies go on, in every partition that has something. */
  readonly progress: () => Promise<Resumed>;
}

export interface Fault {
  readonly name: string;
  /** @returns the evidence */
  readonly run: (scene: Scene) => Promise<string>;
}

export interface Result extends Findings {
  readonly faults: readonly FaultEntry[];
  /** Faults that took no effect, or in which something stood still, each with the reason. */
  readonly failures: readonly string[];
  readonly records: number;
  /** The part of the records that is of one key. */
  readonly hotShare: number;
  readonly rollbacks: number;
  /** The longest that any partition stood still after a fault, ms. */
  readonly longestStallMs: number;
  readonly stalledLongest: string;
  readonly mostMemoryMiB: number;
  readonly workerFailures: readonly string[];
}

/** Of a run whose machine has too much to do: it ends all the same. */
const GIVE_UP_MS = 300_000;
const AT_REST_MS = 12_000;
const END_MS = 30_000;

export class Campaign {
  private readonly faults: FaultEntry[] = [];
  private readonly failures: string[] = [];
  private longest: Resumed = { place: 'none', ms: 0 };

  private constructor(
    private readonly options: CampaignOptions,
    private readonly address: Address,
    private readonly parts: Parts,
    private readonly admin: Admin,
    private readonly places: Places,
    readonly scene: Scene,
  ) {}

  static async open(options: CampaignOptions): Promise<Campaign> {
    const kafka = await startServices({ brokers: options.brokers, registry: options.hasRegistry ?? false });
    const redis = await RedisPair.start();
    const registry = kafka.registry === null ? null : await RegistryWay.open(kafka.registry);
    const region = `f${randomBytes(4).toString('hex')}`;
    const bootstrap = kafka.kafka!.bootstrapServers;
    const servers = { kafka: bootstrap, redis: redis.url, ...(registry === null ? {} : { registry: registry.url }) };
    const address = { ...servers, region, replication: options.brokers };
    const parts = await openParts(address);
    await prepare(parts, region);
    const admin = await parts.broker.admin();
    const places = new Places(parts, admin, region);
    const campaign = new Campaign(options, address, parts, admin, places, {
      region,
      kafka,
      brokers: await BrokerSet.open(bootstrap),
      registry,
      redis,
      fleet: new Fleet(address, options.control ?? null),
      feed: new Feed(parts, region, options),
      random: new SeededRandom(options.seed),
      workers: options.workers,
      lags: () => places.lags(presses.name),
      letters: async () => (await admin.ranges(`${region}.${topics.deadLetters.name}`)).reduce((sum, { end }) => sum + end, 0),
      progress: () => places.moved((text) => campaign.stalled(text)),
    });
    await campaign.begin();
    return campaign;
  }

  private async begin(): Promise<void> {
    const { fleet, feed, progress } = this.scene;
    await fleet.fillUp(this.options.workers);
    await feed.everyKey();
    await progress();
  }

  /** Makes a fault, and waits until the topologies go on. @throws where they do not */
  async run({ name, run }: Fault): Promise<void> {
    const { fleet, workers, progress } = this.scene;
    const at = new Date().toISOString();
    let evidence: string;
    try {
      evidence = await run(this.scene);
    } catch (error) {
      evidence = `FAILED: ${errorMessageOf(error)}`;
      this.failures.push(`${name}: ${errorMessageOf(error)}`);
    }
    await fleet.fillUp(workers);
    const resumed = await progress();
    if (resumed.ms > this.longest.ms) this.longest = resumed;
    const entry = { fault: name, at, evidence, resumedMs: resumed.ms, last: resumed.place };
    this.faults.push(entry);
    this.options.onFault?.(entry);
  }

  private stalled(places: string): void {
    const { fleet, feed } = this.scene;
    console.error(`stands still: ${places}; ${feed.sent} records were sent; workers write what they are at into ${fleet.tellState()}`);
  }

  /** Ends the input, waits until all is done or nothing moves any more, and compares. */
  async finish(): Promise<Result> {
    const { feed, fleet, redis } = this.scene;
    await feed.end();
    const findings = await this.atRest();
    for (const member of fleet.running) {
      const code = await member.stop();
      if (code !== 0) fleet.failures.push(`a worker that was told to stop ended with ${String(code)}`);
    }
    return {
      ...findings,
      faults: this.faults,
      failures: this.failures,
      records: feed.sent,
      hotShare: feed.hot / feed.sent,
      rollbacks: redis.rollbacks,
      longestStallMs: this.longest.ms,
      stalledLongest: this.longest.place,
      mostMemoryMiB: Math.round(fleet.mostMemory),
      workerFailures: fleet.failures,
    };
  }

  async close(): Promise<void> {
    const { feed, fleet, redis, kafka, brokers, registry } = this.scene;
    await fleet.close();
    // Where no broker comes back it would never end.
    await Promise.race([feed.end().catch(() => undefined), sleep(END_MS)]);
    await this.admin.close().catch(() => undefined);
    await brokers.close().catch(() => undefined);
    await this.parts.close().catch(() => undefined);
    await redis.close();
    await registry?.close();
    await kafka.close();
  }

  private async atRest(): Promise<Findings> {
    const { redis, lags } = this.scene;
    const options = { region: this.address.region, mayRepeat: redis.rollbacks > 0 };
    let [last, sinceMs] = ['', performance.now()];
    for (const until = performance.now() + GIVE_UP_MS; ; await sleep(1_000)) {
      const now = (await this.places.ends()).join();
      if (now !== last) [last, sinceMs] = [now, performance.now()];
      const isStill = performance.now() - sinceMs > AT_REST_MS && (await lags()).every((lag) => lag === 0);
      if (isStill || performance.now() > until) return check(this.parts, options);
    }
  }
}
