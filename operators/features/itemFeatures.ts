import { BATCH_FEATURES } from './batchFeatures.js';
import { COHORT_FEATURES } from './cohortFeatures.js';
import { COURSE_FEATURES } from './courseFeatures.js';
import { featureSet } from './declarations.js';
import { LEARNER_FEATURES, OWN_FEATURES } from './ownFeatures.js';
import { RETRIEVAL_FEATURES } from './retrievalFeatures.js';

/** What is known of a candidate when it is ranked for a learner; one row for each. */
export const itemFeatures = featureSet('item-features', [
  ...COHORT_FEATURES,
  ...OWN_FEATURES,
  ...COURSE_FEATURES,
  ...LEARNER_FEATURES,
  ...RETRIEVAL_FEATURES,
  ...BATCH_FEATURES,
]);
