/** The topics that batch features are made of. */
import { topics } from '../../schemas/index.js';

/**
 * What a day of batch features is made of: `window` topics by what happened in the window that ends with the day, `history` topics by what was told
 * up to it.
 */
export const BATCH_INPUTS = {
  window: [topics.clicks.name, topics.quizResults.name],
  history: [topics.lmsEvents.name, topics.catalogue.name, topics.learnerContexts.name],
} as const;

/** What is archived where no topics are named. */
export const ARCHIVED_TOPICS: readonly string[] = [...BATCH_INPUTS.window, ...BATCH_INPUTS.history];
