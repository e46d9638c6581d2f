/** What the page asks the server. */

/** @typedef {import('../consoleSource.js').ConsoleOverview & { readonly nowMs: number }} Overview */
/** @typedef {import('../consoleSource.js').ConsoleTopology} ConsoleTopology */
/** @typedef {import('../consoleSource.js').ConsoleTopic} ConsoleTopic */
/** @typedef {import('../consoleSource.js').LearnerWindows} LearnerWindows */
/** @typedef {import('../consoleSource.js').LearnerDecisions} LearnerDecisions */
/** @typedef {import('../consoleSource.js').ConsoleReplays} ConsoleReplays */
/** @typedef {import('../consoleSource.js').ReplayDifference} ReplayDifference */
/** @typedef {import('../consoleSource.js').Absence} Absence */
/** @typedef {import('../consoleSource.js').CohortUse} CohortUse */
/** @typedef {import('../consoleSource.js').ConsoleModels} ConsoleModels */
/** @typedef {import('../consoleSource.js').ConsoleDeadLetters} ConsoleDeadLetters */
/** @typedef {{ readonly scopes: readonly string[], readonly parts: readonly string[] }} Access what the page may show */
/** @typedef {import('../../schemas/generated/types.js').CohortTrend} CohortTrend */
/** @typedef {'next' | 'new'} ListName */
/** @typedef {'personal' | 'stale' | 'segment' | 'popular' | 'paused' | 'override'} Served */

/**
 * @typedef {object} Item
 * @property {string} item
 * @property {string} course
 * @property {number} score
 * @property {string} source
 * @property {string} [title]
 * @property {string} [kind]
 * @property {readonly { readonly code: string, readonly text: string }[]} [reasons]
 */

/**
 * @typedef {object} Recommendations
 * @property {ListName} list
 * @property {Served} served
 * @property {string | null} madeAt
 * @property {string | null} validUntil
 * @property {string | null} model
 * @property {number | null} topologyVersion
 * @property {string | null} variant
 * @property {readonly Item[]} items
 */

const SHOWN = 10;
const TIMEOUT_MS = 10_000;
/** Comparing reads all results of two versions. */
const COMPARING_MS = 600_000;

/**
 * The browser keeps what it had, and the server says when that is still right: an answer that has not changed costs some bytes.
 * @template T
 * @param {string} path
 * @param {number} [timeoutMs]
 * @returns {Promise<T>}
 */
async function ask(path, timeoutMs = TIMEOUT_MS) {
  const response = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return /** @type {T} */ (await response.json());
}

/** @returns {Promise<Access>} */
export const askAccess = () => ask('/console/access');

/** @returns {Promise<ConsoleReplays>} */
export const askReplays = () => ask('/console/replays');

/**
 * @param {string} topology
 * @returns {Promise<ReplayDifference | Absence>}
 */
export const askDifference = (topology) => ask(`/console/replays/${encodeURIComponent(topology)}/difference`, COMPARING_MS);

/** @returns {Promise<ConsoleModels>} */
export const askModels = () => ask('/console/models');

/** @returns {Promise<ConsoleDeadLetters>} */
export const askDeadLetters = () => ask('/console/dead-letters');

/**
 * @param {string} learner
 * @returns {Promise<LearnerDecisions>}
 */
export const askDecisions = (learner) => ask(`/console/learners/${encodeURIComponent(learner)}/decisions`);

/** @returns {Promise<Overview>} */
export const askOverview = () => ask('/console/overview');

/**
 * @param {string} prefix
 * @param {number} limit
 * @returns {Promise<{ readonly learners: readonly string[] }>}
 */
export const askLearners = (prefix, limit) => ask(`/console/learners?prefix=${encodeURIComponent(prefix)}&limit=${limit}`);

/**
 * @param {string} learner
 * @returns {Promise<LearnerWindows>}
 */
export const askWindows = (learner) => ask(`/console/learners/${encodeURIComponent(learner)}`);

/**
 * @param {string} cohort
 * @returns {Promise<CohortUse>}
 */
export const askTrend = (cohort) => ask(`/console/trends/${encodeURIComponent(cohort)}`);

/**
 * @param {string} learner
 * @param {ListName} list
 * @param {string | null} course `null` for all courses in one list
 * @returns {Promise<Recommendations>}
 */
export function askRecommendations(learner, list, course) {
  const query = new URLSearchParams({ list, limit: String(SHOWN), explain: 'true' });
  if (course !== null) query.set('course', course);
  return ask(`/v1/learners/${encodeURIComponent(learner)}/recommendations?${query}`);
}
