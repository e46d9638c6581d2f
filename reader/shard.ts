/** Several readers share the learners of a region: each holds the lists of some partitions, and all else whole. */
import { SkillForgeError, partitionOf, topics } from '../schemas/index.js';
import type { RecommendationLog } from './log.js';
import { isServable } from './viewTopics.js';

/** One of several parts of the learners. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

const PARTITIONS = topics.recommendations.partitions;

/** @throws SFS_SHARD_INVALID for a part that there is not, and for more parts than partitions: one of them would hold nobody */
export function assertShard({ index, of }: Shard): void {
  const isSound = Number.isInteger(of) && Number.isInteger(index) && of >= 1 && of <= PARTITIONS && index >= 0 && index < of;
  if (isSound) return;
  const message = `there is no shard ${index + 1} of ${of}: there are 1 to ${PARTITIONS} of them, as many as partitions at most`;
  throw new SkillForgeError('SFS_SHARD_INVALID', message, { context: { index, of, partitions: PARTITIONS } });
}

/** Which of the shards, from 0, holds a learner. @param of - how many there are */
export const shardOf = (learner: string, of: number): number => partitionOf(Buffer.from(learner), PARTITIONS) % of;

/** Whether a shard holds the lists in a partition. */
const isOfShard = (partition: number, { index, of }: Shard): boolean => partition % of === index;

/** Whether a shard reads a partition of a topic; what is no list of a learner every shard reads. @param name - logical */
export const isReadByShard = (name: string, partition: number, shard: Shard): boolean => !isServable(name) || isOfShard(partition, shard);

/** The learner is in another shard, whose reader is to be asked. @throws SFS_SHARD_OTHER */
export function assertInShard(learner: string, { index, of }: Shard): void {
  const held = shardOf(learner, of);
  if (held === index) return;
  throw new SkillForgeError('SFS_SHARD_OTHER', `the learner is in shard ${held + 1} of ${of}, and this is shard ${index + 1}`, {
    context: { shard: held + 1, of },
  });
}

/**
 * A log of which a shard is seen: partitions of lists that are in other shards look empty, and a view of another shard is one of another log.
 * @throws SFS_SHARD_INVALID
 */
export function shardedLog(log: RecommendationLog, region: string, shard: Shard): RecommendationLog {
  assertShard(shard);
  const isElsewhere = (topic: string, partition: number): boolean =>
    topic.startsWith(`${region}.`) && !isReadByShard(topic.slice(region.length + 1), partition, shard);
  return {
    topics: () => log.topics().map((topic) => withPartitions(topic, region)),
    range: (topic, partition) => (isElsewhere(topic, partition) ? { start: 0, end: 0 } : log.range(topic, partition)),
    read: (topic, partition, from, most) => (isElsewhere(topic, partition) ? [] : log.read(topic, partition, from, most)),
    identity: () => `${log.identity?.() ?? ''} shard ${shard.index + 1} of ${shard.of}`,
    ...(log.diskKeys === undefined ? {} : { diskKeys: () => log.diskKeys!() }),
    ...(log.onAppend === undefined ? {} : { onAppend: (listener: () => void) => log.onAppend!(listener) }),
  };
}

/** Clients reckon with the partitions of the catalogue. @throws SFS_TOPIC_MISMATCH where a topic of lists has others: learners would be sought in vain */
function withPartitions<T extends { readonly name: string; readonly partitions: number }>(topic: T, region: string): T {
  const isOfLists = topic.name.startsWith(`${region}.`) && isServable(topic.name.slice(region.length + 1));
  if (!isOfLists || topic.partitions === PARTITIONS) return topic;
  const message = `${topic.name} has ${topic.partitions} partitions and not ${PARTITIONS}: readers cannot share it`;
  throw new SkillForgeError('SFS_TOPIC_MISMATCH', message, { context: { topic: topic.name, partitions: topic.partitions, expected: PARTITIONS } });
}
