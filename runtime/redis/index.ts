/**
 * The state of tasks in Redis, single or Cluster, for exactly-once processing together with Kafka's transactions.
 * The protocol and its reasons: `docs/adr/0011-commit-protocol.md`.
 */
export { ClaimedTask, randomId, type Recovery, type Standing, type TaskBatch } from './claimedTask.js';
export type { RedisNode, RedisOptions } from './options.js';
export { DEFAULT_PREFIX, openRedis, RedisState, type RedisDocuments } from './redisState.js';
export { literally } from './keyPattern.js';
export { MARK_BYTES, homesPattern, openRedisHomes, type BatchUnderWay, type RedisHomes } from './homes.js';
export type { RedisKeyStore } from './keyStore.js';
export type { RedisRefusals, RefusedOwner } from './refusals.js';
export { RegionKeys } from './taskKeys.js';
export type { StoredRow, WantedRow } from './rows.js';
export type { SnapshotChunk } from './snapshots.js';
export type { TaskRows } from './taskRows.js';
export type { SweepCounts, SweepRules, SweptRow } from './taskSweep.js';
export type { RegionBytes } from './regionBytes.js';
