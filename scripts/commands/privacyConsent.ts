/** `skillforge privacy consent`. */
import type { Command } from 'commander';
import { statementCommand } from './privacyStatement.js';

/** Writes that a learner agrees to profiling, or does so no more. */
export const privacyConsentCommand = (): Command =>
  statementCommand({
    name: 'consent',
    summary: 'write that a learner agrees to profiling',
    description: `Consent to profiling (GDPR article 6(1)(a)). With it a learner's lists are made of what they do; without it they go by course only, and what the
recommender kept of the learner is forgotten. An objection and a restriction outweigh it.`,
    withdrawal: 'the learner takes the consent back',
    said: (consentProfiling) => ({ consentProfiling }),
  });
