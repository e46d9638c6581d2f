/**
 * A part that the secrets of the tests have in common. What a process of the product prints, and what tests log, is searched for it: whoever
 * finds it there has found a secret in a log.
 */
export const KNOWN_SECRET = 'never-in-a-log';
