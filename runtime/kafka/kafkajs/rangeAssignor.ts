/**
 * Kafka's range assignor, which kafkajs lacks: consecutive partitions of each topic go to one member, so that equal numbers of topics with
 * equal numbers of partitions meet.
 * @see org.apache.kafka.clients.consumer.RangeAssignor
 */
import type { Assigner, Cluster, PartitionAssigner } from 'kafkajs';
import { kafkajs } from './client.js';

const VERSION = 0;

/** Assigns ranges. @param beforeJoin - called before every joining of the group; what it throws is tried again */
export function rangeAssignor(beforeJoin: () => void): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: 'range',
    version: VERSION,
    protocol: ({ topics }) => {
      beforeJoin();
      return { name: 'range', metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }) };
    },
    assign: ({ members, topics }) => {
      const ids = members.map(({ memberId }) => memberId);
      const shares = rangesOf(ids, new Map(topics.map((topic) => [topic, partitionsOf(cluster, topic)])));
      return Promise.resolve(
        ids.map((memberId) => ({
          memberId,
          memberAssignment: kafkajs.AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment: shares.get(memberId) ?? {},
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

function partitionsOf(cluster: Cluster, topic: string): number[] {
  return cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => partitionId)
    .sort((a, b) => a - b);
}

/** By member: of each topic its range, the first members one more where they do not divide evenly. Members go by their ids. */
export function rangesOf(members: readonly string[], topics: ReadonlyMap<string, readonly number[]>): Map<string, Record<string, number[]>> {
  const sorted = [...members].sort();
  return new Map(
    sorted.map((member, index) => {
      const ranges = [...topics].map(([topic, partitions]) => {
        const each = Math.floor(partitions.length / sorted.length);
        const more = partitions.length % sorted.length;
        const start = each * index + Math.min(index, more);
        return [topic, partitions.slice(start, start + each + (index < more ? 1 : 0))] as const;
      });
      return [member, Object.fromEntries(ranges)];
    }),
  );
}
