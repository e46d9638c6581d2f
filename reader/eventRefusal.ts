/** When a reader takes no events of clients: in a region with data keys they are sealed, or nowhere. */
import { SkillForgeError } from '../schemas/index.js';
import type { RecommendationLog } from './log.js';
import type { ViewHead } from './viewStore.js';

/** The region has data keys, and this reader has none. */
export const eventsInClear = (): SkillForgeError =>
  new SkillForgeError(
    'SFS_EVENTS_IN_CLEAR',
    'the region has data keys and this reader has none, so that events would be written in clear: start it with --redis, where the keys are',
  );

/**
 * Why events are not taken now; `null` where they are. A reader that has the keys, or hears that there are none, takes them. Another one can tell by its view alone: sealed records in it say that there are keys, and
 * none of them at the end of the log that there are none.
 */
export function eventRefusal(head: ViewHead | null, log: RecommendationLog): SkillForgeError | null {
  if ((log.diskKeys?.() ?? null) !== null) return null;
  if (head?.isClosed === true || head?.wrapped !== undefined) return eventsInClear();
  if (head?.isWhole === true) return null;
  const message = 'events are taken when the view was at the end of the log: before that nobody can tell whether they have to be sealed';
  return new SkillForgeError('SFS_NOT_READY', message, { retriable: true });
}
