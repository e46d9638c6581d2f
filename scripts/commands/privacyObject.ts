/** `skillforge privacy object`. */
import type { Command } from 'commander';
import { statementCommand } from './privacyStatement.js';

/** Writes that a learner objects to profiling, or does so no more. */
export const privacyObjectCommand = (): Command =>
  statementCommand({
    name: 'object',
    summary: 'write that a learner objects to profiling',
    description: `Objection to profiling (GDPR article 21). It holds whatever the consent says, and outlives later profiles of other writers, until it is withdrawn.
Lists go by course only, as without consent.`,
    withdrawal: 'the learner takes the objection back',
    said: (objectsToProfiling) => ({ objectsToProfiling }),
  });
