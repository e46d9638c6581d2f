/** `skillforge privacy restrict`. */
import type { Command } from 'commander';
import { statementCommand } from './privacyStatement.js';

/** Writes that the data of a learner may only be kept, or may be used again. */
export const privacyRestrictCommand = (): Command =>
  statementCommand({
    name: 'restrict',
    summary: "write that a learner's data may only be kept",
    description: `Restriction of processing (GDPR article 18). The learner counts as one without courses and without consent: their lists become empty, and nothing is
decided for them until it is lifted. Windows of what they do and counts of cohorts go on. It outlives later profiles of other writers.`,
    withdrawal: 'lift the restriction',
    said: (restricted) => ({ restricted }),
  });
