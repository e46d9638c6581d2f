import type { Models } from '../ports/models.js';
import { NO_RETRIEVAL } from '../ports/retrieval.js';
import { formulaRanker } from './formulaRanker.js';

/** Where nothing was trained: the formula, at all times. */
export const formulaModels: Models = {
  at: () => ({ version: formulaRanker.version, ranker: formulaRanker, retrieval: NO_RETRIEVAL, segments: null }),
};
