/** The topology language: what analysts import. Pure: no I/O, no clock, no randomness. */
export * from './aggregate.js';
export * from './aggregates/aggregate.js';
export * from './aggregates/basic.js';
export * from './aggregates/collections.js';
export * from './aggregates/ewma.js';
export * from './aggregates/grouped.js';
export * from './batch.js';
export * from './branch.js';
export * from './debounce.js';
export * from './dedupe.js';
export * from './duration.js';
export * from './inTimeOrder.js';
export * from './joins/foreignKeyChanges.js';
export * from './joins/joinAsOf.js';
export * from './joins/joinInterval.js';
export * from './joins/joinTable.js';
export * from './joins/lookup.js';
export * from './joins/lookupAll.js';
export * from './keyBy.js';
export * from './merge.js';
export * from './record.js';
export * from './reduce.js';
export * from './reduceTable.js';
export type { Late, Route } from './route.js';
export * from './schema.js';
export * from './timer.js';
export * from './to.js';
export { topicSchema, topology } from './topology.js';
export type {
  GlobalTable,
  GlobalVersionedTable,
  SourceOptions,
  Sources,
  Table,
  Topology,
  TopologyOptions,
  VersionedTable,
  VersionedTableOptions,
  Versions,
} from './topology.js';
export * from './windows/emission.js';
export * from './windows/hopping.js';
export * from './windows/sessions.js';
export * from './windows/sliding.js';
