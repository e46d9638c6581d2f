import type { PartitionName } from './ports.js';

/** A partition as a key of maps and in messages: `topic/partition`. */
export const partitionName = ({ topic, partition }: PartitionName): string => `${topic}/${partition}`;
