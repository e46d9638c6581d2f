/** Feast's online store in Redis: rows that the stream writes, and those that Feast materialised. Its reasons: `docs/adr/0018-feast-online-store.md`. */
export {
  FeastStore,
  feastProjectOf,
  openFeastStore,
  type FeastStoreOptions,
  type FoundRow,
  type PlacedRow,
  type SourcePosition,
  type WriteCounts,
} from './feastStore.js';
export type { FeastEntity } from './layout.js';
export { FeatureProjection, type ProjectionCounts, type ProjectionOptions, type ProjectionProgress } from './projection.js';
export { viewsByTopic, type TopicViews, type ViewRow } from './viewRows.js';
