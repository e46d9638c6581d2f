import { declare, type FeatureDeclaration, type Rest } from './declarations.js';

const SCORE: Rest = { type: 'score', unit: 'none', personal: 'behavioural', reason: null };
const RANK: Rest = { type: 'rank', unit: '0..1', personal: 'behavioural', reason: null };
const OF_SEGMENT: Rest = { type: 'rank', unit: '0..1', personal: 'sensitive', reason: 'POPULAR_IN_SEGMENT' };

/** What was learnt in training of the item and of what the learner used lately. */
export const RETRIEVAL_FEATURES: readonly FeatureDeclaration[] = [
  declare(
    { ...SCORE, reason: 'LEARNERS_LIKE_YOU' },
    'als_score',
    null,
    'Product of the factors of the item and those that the learner is folded in with.',
  ),
  declare({ ...RANK, reason: 'LEARNERS_LIKE_YOU' }, 'als_rank', null, 'Place in the course by that product, 0 first.', 1),
  declare(
    { ...SCORE, reason: 'GOES_WITH_RECENT' },
    'covisit_score',
    '7d half-life',
    'Mean weight of the item beside what the learner used, each as heavy as its own_weight_7d.',
  ),
  declare({ ...RANK, reason: 'GOES_WITH_RECENT' }, 'covisit_rank', '7d half-life', 'Place in the course by that mean, 0 first.', 1),
  declare(
    { ...SCORE, reason: 'GOES_WITH_RECENT' },
    'covisit_front_score',
    '14d',
    'Mean weight of the item beside what the learner opened for the first time.',
  ),
  declare(
    { ...SCORE, reason: 'LIKE_YOUR_RECENT' },
    'recent_similarity',
    '7d half-life',
    'Cosine of the item and the mean of what the learner used, each as heavy as its own_weight_7d.',
  ),
  declare(OF_SEGMENT, 'segment_rank', '7d', 'Place in the list of the segment of the learner, 0 first, of 20.', 1),
  declare({ ...OF_SEGMENT, type: 'ratio' }, 'segment_share', '7d', 'Learner-days in the list of the segment, by those of the first item in it.'),
];
