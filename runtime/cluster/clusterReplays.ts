import { SkillForgeError } from '../../schemas/index.js';
import type { Broker } from '../kafka/broker.js';
import type { RedisState } from '../redis/index.js';
import type { ReplayPlace } from '../replay/replayPlace.js';
import type { Cluster } from './cluster.js';
import { consumerGroupId } from './memberGroup.js';

/** The servers of a region; they stay the caller's. */
export interface ReplayServers {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly cluster: Cluster;
}

/** Replays on Kafka and Redis. */
export async function clusterReplays({ broker, state, cluster }: ReplayServers, region: string): Promise<ReplayPlace> {
  const admin = await broker.admin();
  return {
    region,
    tools: cluster.tools(),
    documents: cluster.documents,
    append: (records) => cluster.log.append(records),
    assertIdle: async (version) => {
      if ((await admin.groupMembers(consumerGroupId(region, version))) === 0) return;
      throw new SkillForgeError('SFS_REPLAY_RUNNING', `${version} still runs: stop its processes first`, { context: { version } });
    },
    remove: async ({ topics, tasks }, version) => {
      await admin.deleteGroup(consumerGroupId(region, version));
      await admin.deleteTopics(topics);
      for (const task of tasks) await state.drop(task);
    },
  };
}
