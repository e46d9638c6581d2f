/** The features that are stored, for Feast and whoever reads its online store: declared once, for the projection, the export and the repository in `ml/feast`. */
import { batchViews } from './batchViews.js';
import { cohortActivity, cohortItem } from './cohortViews.js';
import type { FeatureService, StreamView } from './featureView.js';
import { publishedCohortPace, publishedItemDifficulty } from './publishedViews.js';
import { learnerContext, learnerEngagement, learnerLastHour, learnerMastery } from './learnerViews.js';

export * from './featureView.js';
export { batchViews };

/** Views that the stream writes. */
export const streamViews: readonly StreamView[] = [
  learnerEngagement,
  learnerLastHour,
  learnerMastery,
  learnerContext,
  cohortItem,
  cohortActivity,
  publishedItemDifficulty,
  publishedCohortPace,
];

/** What is asked for together. */
export const featureServices: readonly FeatureService[] = [
  {
    name: 'ranking',
    description: 'What the ranker sees of a candidate and is stored: features have the names of the item features.',
    views: [learnerEngagement, learnerContext, cohortItem, cohortActivity, publishedItemDifficulty, publishedCohortPace],
  },
];
