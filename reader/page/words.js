/** Figures and codes as people read them. Times are event time, in UTC. */

/** Events may say times for which there is no date. */
const LAST_DATE_MS = 8.64e15;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/**
 * A score, or the value of a feature.
 * @param {number} score
 */
export const scoreText = (score) => short.format(score);

/** @param {number} count */
export const countText = (count) => whole.format(count);

/** @param {number | null} perSecond */
export function rateText(perSecond) {
  if (perSecond === null) return '…/s';
  return `${(perSecond < 10 ? tenths : whole).format(perSecond)}/s`;
}

/**
 * Such as `2014-10-05 13:00`; `no date` for what has none.
 * @param {number} timeMs
 */
export const timeText = (timeMs) => (Math.abs(timeMs) > LAST_DATE_MS ? 'no date' : new Date(timeMs).toISOString().slice(0, 16).replace('T', ' '));

/**
 * Such as `3 h` or `12 d`; less than a minute is `now`.
 * @param {number} spanMs
 */
export function spanText(spanMs) {
  if (spanMs < MINUTE_MS) return 'less than a minute';
  if (spanMs < HOUR_MS) return `${Math.floor(spanMs / MINUTE_MS)} min`;
  if (spanMs < 2 * DAY_MS) return `${Math.floor(spanMs / HOUR_MS)} h`;
  return `${countText(Math.floor(spanMs / DAY_MS))} d`;
}

/**
 * The length of a window, such as `1 hour` or `7 days`.
 * @param {number} lengthMs
 */
export const lengthText = (lengthMs) => (lengthMs % DAY_MS === 0 ? countOf(lengthMs / DAY_MS, 'day') : countOf(lengthMs / HOUR_MS, 'hour'));

/**
 * A count with its noun, such as `1 record` or `2 records`.
 * @param {number} count
 * @param {string} noun
 */
export const countOf = (count, noun) => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;

/** @typedef {import('../answer.js').AnswerSource} CandidateSource */

/** @type {Readonly<Record<CandidateSource, string>>} */
const SOURCES = {
  TRENDING: 'trending in the cohort',
  CURRICULUM: 'from the plan of the course',
  ALS: 'used by learners with similar habits',
  NEIGHBOURS: 'similar to what was used',
  COVISITED: 'goes along with what was used',
  REVIEW: 'worth another look',
  SEGMENT: 'used a lot in the segment',
  NEW: 'new in the course',
  POPULAR: 'popular in the course',
  PINNED: 'chosen by a person',
};
/** Sources of lists that many share: they stand in where too little is known of a learner. */
const SHARED = ['SEGMENT', 'POPULAR'];

/**
 * Where a candidate came from. A source that the page does not know yet keeps its name.
 * @param {string} source
 */
export const sourceText = (source) =>
  Object.hasOwn(SOURCES, source) ? SOURCES[/** @type {CandidateSource} */ (source)] : source.toLowerCase().replaceAll('_', ' ');

/**
 * How much of a learner's own list is what others use; `null` where that is nothing.
 * @param {readonly { readonly source: string }[]} items
 */
export function sharedText(items) {
  const shared = items.filter(({ source }) => SHARED.includes(source)).length;
  if (shared === 0) return null;
  const count = shared === items.length ? 'all items' : `${countText(shared)} of ${countOf(items.length, 'item')}`;
  return `What the segment or the whole course uses: ${count}. Too little is known of this learner for more.`;
}

/** @type {Readonly<Record<import('./server.js').Served, string>>} */
export const SERVED = {
  personal: 'Made for this learner.',
  stale: 'Made for this learner, but past its time: the last good list is served until there is a new one.',
  segment: 'Nothing personal is known: the list of the segment is served.',
  popular: 'Nothing personal is known: what is popular is served.',
  paused: 'People paused the recommender: what is popular is served.',
  override: 'A person decided for this learner: what is popular is served.',
};
