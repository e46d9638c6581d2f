/** Kafka and Redis as the storage of topologies that several processes share. See ADR 0011 and ADR 0012. */
export { followTopics, type FollowedTopics, type FollowedTopicsOptions } from './followedTopics.js';
export { openCluster, type Cluster, type ClusterOptions, type Guarantee } from './cluster.js';
