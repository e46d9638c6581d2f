/** The parts of the page, and who may see which. */
import { SCOPES, type Principal, type Scope } from '../../http/access/principal.js';
import type { ConsoleSource } from '../consoleSource.js';

/** Parts that a page may have. */
export const CONSOLE_PARTS = ['recommendations', 'learners', 'decisions', 'topologies', 'replays', 'models', 'dead-letters'] as const;

/** One of {@link CONSOLE_PARTS}. */
export type ConsolePartName = (typeof CONSOLE_PARTS)[number];

/** Shows how things run, and nothing of a learner. */
export const OPERATE = 'console:read' satisfies Scope;
/** Shows what is known of learners. */
export const SEE_LEARNERS = 'console:learners' satisfies Scope;

/** What a part takes: a scope, and a source that has it. */
const NEEDS: Readonly<Record<ConsolePartName, { readonly scope: Scope; readonly has: (source: ConsoleSource) => boolean }>> = {
  recommendations: { scope: 'recommendations:read', has: () => true },
  learners: { scope: SEE_LEARNERS, has: () => true },
  decisions: { scope: SEE_LEARNERS, has: ({ decisions }) => decisions !== undefined },
  topologies: { scope: OPERATE, has: () => true },
  replays: { scope: OPERATE, has: ({ replays }) => replays !== undefined },
  models: { scope: OPERATE, has: ({ models }) => models !== undefined },
  'dead-letters': { scope: OPERATE, has: ({ deadLetters }) => deadLetters !== undefined },
};

/** Whether a caller has a scope. @param principal - `null` where nobody is asked for a credential */
export const mayUse = (principal: Principal | null | undefined, scope: Scope): boolean => principal?.scopes.has(scope) ?? true;

/** What the page may show to a caller. */
export function accessOfCaller(
  principal: Principal | null | undefined,
  source: ConsoleSource,
): { readonly scopes: readonly Scope[]; readonly parts: readonly ConsolePartName[] } {
  return {
    scopes: SCOPES.filter((scope) => mayUse(principal, scope)),
    parts: CONSOLE_PARTS.filter((part) => mayUse(principal, NEEDS[part].scope) && NEEDS[part].has(source)),
  };
}
