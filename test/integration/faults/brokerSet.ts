/** The brokers of a run as they see themselves: who leads a partition, and whose replicas are in sync. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { kafkaOf } from '../../../runtime/kafka/kafkajs/client.js';
import { withDefaults } from '../../../runtime/kafka/options.js';

const DEADLINE_MS = 180_000;
const LOOK_MS = 200;

/** A partition, as `topic/number`, and the node ids of its brokers. */
export interface Led {
  readonly name: string;
  readonly leader: number;
  readonly inSync: number;
  readonly replicas: number;
}

export class BrokerSet {
  private constructor(private readonly admin: Admin) {}

  static async open(bootstrapServers: string): Promise<BrokerSet> {
    const admin = kafkaOf(withDefaults({ brokers: bootstrapServers.split(','), markerIdOf: () => null })).admin();
    await admin.connect();
    return new BrokerSet(admin);
  }

  /** Every partition, those of Kafka's own topics too. */
  async partitions(): Promise<readonly Led[]> {
    const { topics } = await this.admin.fetchTopicMetadata();
    return topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionId, leader, isr, replicas }) => ({
        name: `${name}/${partitionId}`,
        leader,
        inSync: isr.length,
        replicas: replicas.length,
      })),
    );
  }

  /** @returns who leads the partition instead of `before` */
  async nextLeader(name: string, before: number): Promise<number> {
    const found = await this.until((all) => all.some((one) => one.name === name && one.leader !== before && one.leader >= 0), `a leader of ${name}`);
    return found.find((one) => one.name === name)!.leader;
  }

  /** Resolves when a broker can be taken away: every replica has all there is. @returns how many partitions there are */
  async inSync(): Promise<number> {
    return (await this.until((all) => all.every(({ inSync, replicas }) => inSync === replicas), 'replicas in sync')).length;
  }

  close(): Promise<void> {
    return this.admin.disconnect();
  }

  private async until(holds: (all: readonly Led[]) => boolean, what: string): Promise<readonly Led[]> {
    for (const until = performance.now() + DEADLINE_MS; ; await sleep(LOOK_MS)) {
      // The one that is asked may be the one that is away.
      const all = await this.partitions().catch(() => []);
      if (all.length > 0 && holds(all)) return all;
      if (performance.now() > until) throw new Error(`the brokers did not come to ${what}`);
    }
  }
}
