/** What each part of the recommender is worth: the same evaluation without it. */
import { itemFeatures } from '../../operators/recommend/index.js';
import { CANDIDATE_SOURCES, sourceBit } from '../../operators/recommend/candidateSources.js';
import type { Variant } from './ouladFlow.js';

const namesOf = (holds: (declaration: (typeof itemFeatures.declarations)[number]) => boolean): string =>
  itemFeatures.declarations
    .filter(holds)
    .map(({ name }) => name)
    .join(',');

/**
 * The recommender without each candidate source, without groups of features, and with features that are in disorder, which must lose.
 * POPULAR is no source of candidates: it names shared lists. What was used stays a candidate whatever is left out, without REVIEW, too.
 * Without mastery no feature tells of it and no weak skill proposes anything; that a quiz whose skills are mastered is left out is a rule of the
 * course, as prerequisites are, and stays.
 */
export function ablationVariants(): Variant[] {
  const sources = CANDIDATE_SOURCES.filter((source) => source !== 'POPULAR').map((source) => ({
    name: `without ${source}`,
    rankerArguments: [],
    without: sourceBit(source),
  }));
  return [
    ...sources,
    { name: 'without windowed features', rankerArguments: ['--drop-features', namesOf(({ window }) => window !== null)] },
    {
      name: 'without mastery (features and reviews)',
      rankerArguments: ['--drop-features', namesOf(({ name }) => /mastery|skill|difficulty/.test(name))],
      without: sourceBit('REVIEW'),
    },
    { name: 'with shuffled features', rankerArguments: ['--shuffle'] },
  ];
}
