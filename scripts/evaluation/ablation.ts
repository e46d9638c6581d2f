/** What each part of the recommender is worth: the same evaluation without it. */
import { itemFeatures } from '../../operators/recommend/index.js';
import { PROPOSING_SOURCES, sourceBit } from '../../operators/recommend/candidateSources.js';
import type { Variant } from './productionFlow.js';

const namesOf = (holds: (declaration: (typeof itemFeatures.declarations)[number]) => boolean): string =>
  itemFeatures.declarations
    .filter(holds)
    .map(({ name }) => name)
    .join(',');

/** The whole. */
export const LEARNED: Variant = { name: 'learned', rankerArguments: [] };
/** Ranked by the formula. */
export const FORMULA: Variant = { name: 'formula', rankerArguments: null };

/** They propose what compares learners: what one of them alone adds may be little because the others propose the same. */
const COMPARING = ['ALS', 'NEIGHBOURS', 'COVISITED'] as const;

/** The recommender without each candidate source, with the ranker that was trained with all of them. What was used stays a candidate in all of them. */
export const sourceVariants = (): Variant[] =>
  PROPOSING_SOURCES.map((source) => ({ name: `without ${source}`, rankerArguments: [], without: sourceBit(source) }));

/** The same without all sources that compare learners. */
export const withoutComparing = (): Variant => ({
  name: `without ${COMPARING.join(', ')}`,
  rankerArguments: [],
  without: COMPARING.reduce((set, source) => set | sourceBit(source), 0),
});

/**
 * The recommender trained anew without groups of features, and with features that are in disorder, which must lose. Without mastery no feature
 * tells of it; that a quiz whose skills are mastered is left out is a rule of the course, as prerequisites are, and stays, and so does what the
 * formula proposes for a weak skill.
 */
export const featureVariants = (): Variant[] => [
  { name: 'without windowed features', rankerArguments: ['--drop-features', namesOf(({ window }) => window !== null)] },
  { name: 'without mastery', rankerArguments: ['--drop-features', namesOf(({ name }) => /mastery|skill|difficulty/.test(name))] },
  { name: 'with shuffled features', rankerArguments: ['--shuffle'] },
];

/** The recommender without each candidate source, then without the others of its parts. */
export const ablationVariants = (): Variant[] => [...sourceVariants(), ...featureVariants()];
