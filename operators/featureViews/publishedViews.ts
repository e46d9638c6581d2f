import { topics } from '../../schemas/index.js';
import { SEEN_OF_COHORTS, SEEN_OF_ITEMS, type SeenView } from '../features/batchFeatures.js';
import { seenRows } from '../recommend/batchColumns.js';
import { streamView, type FeatureRow, type StoredFeature } from './featureView.js';

/** What was published of a batch view, from when decisions could see it: the features of the ranker, under their names. */
const publishedView = (seen: SeenView, description: string) => {
  const { view, group, features } = seen;
  const [entity] = view.entities;
  return streamView({
    name: `published_${view.name}`,
    description,
    // An item that moves to another course is another entity there: a decision finds what was told of its own course, and so does a join.
    entities: [...new Set([group, entity!])],
    ttlMs: view.ttlMs,
    features: features.map(({ declaration: { name, description: of } }): StoredFeature => ({ name, type: 'FLOAT', description: of })),
    topic: topics.batchFeatures,
    eventTimeMs: ({ knownFromMs }) => knownFromMs,
    *rowsOf(record): Generator<FeatureRow> {
      if (record.view !== view.name) return;
      for (const [about, values] of seenRows(seen, record)) yield { entity: { [group]: record.group, [entity!]: about }, values };
    },
  });
};

/** How hard an item is, as decisions could know it. */
export const publishedItemDifficulty = publishedView(
  SEEN_OF_ITEMS,
  'How hard an item of a course is, by the last day of the batch that decisions could know.',
);
/** How fast a cohort goes, as decisions could know it. */
export const publishedCohortPace = publishedView(SEEN_OF_COHORTS, 'How fast a cohort goes, by the last day of the batch that decisions could know.');
