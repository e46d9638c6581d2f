import { SkillForgeError } from '../../schemas/index.js';
import { batchViews } from '../featureViews/batchViews.js';
import type { BatchFeature, BatchView, EntityName } from '../featureViews/featureView.js';
import type { FeatureDeclaration } from './declarations.js';

/** A feature of a batch view as the ranker sees it. */
export interface SeenFeature {
  /** In its view. */
  readonly stored: BatchFeature;
  /** Features of the view that count whose doings it is made of: below the floor in any of them, it is not told. */
  readonly counts: readonly string[];
  /** In the set of item features. */
  readonly declaration: FeatureDeclaration;
}

/** A batch view of which decisions see something: its rows are published. */
export interface SeenView {
  readonly view: BatchView;
  /** What its rows are published by, and decisions find them by: the course of items, or the cohort itself. */
  readonly group: EntityName;
  readonly features: readonly SeenFeature[];
}

/** Where nothing is known, and the view has nothing that could stand in. */
const NOT_KNOWN = -1;

/**
 * Everything but the name comes from the declaration of the view; names of a view are unique with its entity before them.
 * @param countsOf - by feature: see {@link SeenFeature.counts}
 */
function seen(viewName: string, group: EntityName, countsOf: Readonly<Record<string, readonly string[]>>): SeenView {
  const view = batchViews.find(({ name }) => name === viewName);
  const featureOf = (name: string): BatchFeature => {
    const found = view?.features.find((feature) => feature.name === name);
    if (found === undefined) throw new SkillForgeError('SFS_FEATURE_UNKNOWN', `no feature ${name} in the batch view ${viewName}`);
    return found;
  };
  const features = Object.entries(countsOf).map(([name, counts]): SeenFeature => {
    const stored = featureOf(name);
    counts.forEach(featureOf);
    const { unit, window, fallback, personal, description } = stored;
    const common = { type: 'ratio', unit, window, personal, description, reason: null } as const;
    return { stored, counts, declaration: { name: `${view!.entities[0]!}_${name}`, ...common, fallback: fallback ?? NOT_KNOWN } };
  });
  return { view: view!, group, features };
}

/** How hard items are, by the results of enough learners. */
export const SEEN_OF_ITEMS = seen('item_difficulty', 'course', {
  // Of learners, not of first attempts: whose client never tells attempts has several first ones.
  difficulty: ['first_learners_28d'],
  mean_score_28d: ['learners_28d'],
});
/** How fast the cohort goes. */
export const SEEN_OF_COHORTS = seen('cohort_pace', 'cohort', {
  events_per_learner_7d: ['active_learners_7d'],
  active_days_per_learner_7d: ['active_learners_7d'],
  completed_items_median_28d: ['active_learners_28d'],
});

/** What the ranker sees of the daily batch, as of the last day that was known then; -1 where a view declares no default. */
export const BATCH_FEATURES: readonly FeatureDeclaration[] = [SEEN_OF_ITEMS, SEEN_OF_COHORTS].flatMap(({ features }) =>
  features.map(({ declaration }) => declaration),
);
