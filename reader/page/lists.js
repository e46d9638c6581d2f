/** The recommendations of a learner, course by course. */
import { Changes } from './changes.js';
import { bar, element, part, setText } from './elements.js';
import { SERVED, countText, sharedText, sourceText, spanText } from './words.js';

/** @typedef {import('./server.js').Recommendations} Recommendations */
/** @typedef {import('./server.js').Item} Item */
/** @typedef {import('./server.js').ListName} ListName */
/** @typedef {import('./server.js').CohortTrend} CohortTrend */

/**
 * @typedef {object} CourseLists
 * @property {string | null} course `null` for all courses in one list
 * @property {Readonly<Record<ListName, Recommendations>>} lists
 * @property {CohortTrend | null} trend of the learner's cohort in the course
 * @property {string} [absent] why that cannot be told now
 */

/** @typedef {CohortTrend['items'][number]} ItemTrend */

/** @type {readonly { readonly list: ListName, readonly title: string }[]} */
const LISTS = [
  { list: 'next', title: 'Next: best to do now, repeats included' },
  { list: 'new', title: 'New: best among what was not opened before' },
];
const ANNOUNCED_MS = 5000;

export class Lists {
  place = part('lists');
  announcement = part('announcement');
  /** @type {Map<string, Changes>} */
  changes = new Map();
  shown = '';
  announcedMs = -Infinity;
  /** Changes that were not announced yet. */
  unannounced = 0;
  /** @type {readonly CourseLists[]} */
  courses = [];

  /** Another learner: what was shown is no comparison. */
  clear() {
    this.changes.clear();
    this.unannounced = 0;
    this.courses = [];
    this.shown = '';
    setText(this.announcement, '');
    this.place.replaceChildren();
  }

  /**
   * Shows lists, and marks what came or moved up since the last ones.
   * @param {readonly CourseLists[]} courses
   * @param {number} nowMs event time
   */
  show(courses, nowMs) {
    this.courses = courses;
    this.unannounced += courses.reduce((sum, one) => sum + this.changedIn(one), 0);
    if (this.unannounced > 0) this.announce();
    this.draw(nowMs);
  }

  /**
   * Draws anew where there is something else to say: a list, a mark that has had its time, or an age.
   * @param {number} nowMs event time
   */
  draw(nowMs) {
    const at = performance.now();
    const marks = this.courses.flatMap((one) =>
      LISTS.flatMap(({ list }) => one.lists[list].items.map(({ item }) => this.changesOf(one.course, list).markOf(item, at))),
    );
    const ages = this.courses.flatMap(({ lists }) => [ageText(lists.next, nowMs), ageText(lists.new, nowMs)]);
    const state = JSON.stringify([this.courses, marks, ages]);
    if (state === this.shown) return;
    this.shown = state;
    this.place.replaceChildren(...this.courses.map((one) => this.courseOf(one, nowMs)));
  }

  /** @param {CourseLists} one */
  changedIn({ course, lists }) {
    const at = performance.now();
    return LISTS.reduce(
      (sum, { list }) =>
        sum +
        this.changesOf(course, list).see(
          lists[list].items.map(({ item }) => item),
          at,
        ),
      0,
    );
  }

  /**
   * @param {string | null} course
   * @param {ListName} list
   */
  changesOf(course, list) {
    const id = `${list} ${course}`;
    const known = this.changes.get(id) ?? new Changes();
    this.changes.set(id, known);
    return known;
  }

  /** Some seconds apart, so that a screen reader gets to the end. */
  announce() {
    const at = performance.now();
    if (at - this.announcedMs < ANNOUNCED_MS) return;
    this.announcedMs = at;
    setText(this.announcement, `The recommendations changed: ${this.unannounced} came or moved up, at ${new Date().toLocaleTimeString('en')}.`);
    this.unannounced = 0;
  }

  /**
   * @param {CourseLists} one
   * @param {number} nowMs
   */
  courseOf({ course, lists, trend, absent }, nowMs) {
    const columns = LISTS.map(({ list, title }) => {
      const { items } = lists[list];
      const entries = items.map((item) => entryOf(item, course, trend, this.changesOf(course, list).markOf(item.item, performance.now())));
      const body = items.length === 0 ? element('p', { class: 'note' }, 'Nothing to recommend.') : element('ol', { class: 'items' }, ...entries);
      // The state above is that of the first list; the other one may have another fallback.
      const instead = lists[list].served === lists.next.served ? null : tagOf(lists[list].served);
      const shared = isOwn(lists[list].served) ? sharedText(items) : null;
      const note = shared === null ? null : element('p', { class: 'note' }, shared);
      return element('div', { 'data-list': list }, element('h4', {}, title, ' ', instead), note, body);
    });
    return element(
      'article',
      { class: 'course', 'data-course': course ?? '' },
      element('h3', {}, course ?? 'All courses'),
      stateOf(lists.next, nowMs),
      element('div', { class: 'pair' }, ...columns),
      barsNote(trend, absent),
    );
  }
}

/**
 * @param {Recommendations} list
 * @param {number} nowMs
 */
function ageText({ madeAt, validUntil }, nowMs) {
  if (madeAt === null) return '';
  const age = `made ${spanText(nowMs - Date.parse(madeAt))} ago`;
  const leftMs = validUntil === null ? 0 : Date.parse(validUntil) - nowMs;
  return leftMs > 0 ? `${age}, good for another ${spanText(leftMs)}` : age;
}

/**
 * What the bars say, or why there are none.
 * @param {CohortTrend | null} trend
 * @param {string | undefined} absent
 */
function barsNote(trend, absent) {
  if (absent !== undefined) return element('p', { class: 'note' }, `What the cohort uses: ${absent}`);
  if (trend === null) return null;
  const text = 'Bars: how much the cohort uses the item a day, over the last 1, 3 and 7 days, each item by its own measure. Below them the events.';
  return element('p', { class: 'note' }, text);
}

/** A list of the learner, and none that stands in for it. @param {import('./server.js').Served} served */
const isOwn = (served) => served === 'personal' || served === 'stale';

/** @param {import('./server.js').Served} served */
const tagOf = (served) => element('span', { class: `tag ${served === 'personal' ? 'is-fresh' : 'is-instead'}`, 'data-served': served }, served);

/**
 * What kind of list it is, how old, and what made it.
 * @param {Recommendations} list
 * @param {number} nowMs
 */
function stateOf(list, nowMs) {
  const { served, model, topologyVersion, variant } = list;
  const made = [
    model === null ? '' : `model ${model}`,
    topologyVersion === null ? '' : `topology version ${topologyVersion}`,
    variant ? `variant ${variant}` : '',
  ];
  return element(
    'p',
    { class: 'state' },
    tagOf(served),
    element('span', { class: 'age' }, ageText(list, nowMs)),
    element('span', {}, SERVED[served]),
    element('span', {}, made.filter((part) => part !== '').join(', ')),
  );
}

/**
 * @param {Item} item
 * @param {string | null} course
 * @param {CohortTrend | null} trend
 * @param {string | null} mark
 */
function entryOf({ item, course: own, title, kind, source, reasons = [] }, course, trend, mark) {
  const why = [sourceText(source), ...reasons.map(({ text }) => text)].filter((text, index, all) => all.indexOf(text) === index);
  const about = element(
    'div',
    {},
    element('span', { class: 'title' }, title ?? item),
    ' ',
    kind === undefined ? null : element('span', { class: 'tag' }, kind),
    ' ',
    course === null ? element('span', { class: 'tag' }, own) : null,
    mark === null ? null : element('span', { class: 'tag is-fresh' }, mark),
    element('p', { class: 'reasons' }, why.join(' · ')),
  );
  const used = trend?.items.find((one) => one.item === item);
  return element('li', { 'data-item': item, ...(mark === null ? {} : { class: 'is-changed' }) }, about, used === undefined ? null : barsOf(used));
}

/** Events a day in each window. @param {ItemTrend} trend */
const perDay = ({ events1d, events3d, events7d }) => [events1d, events3d / 3, events7d / 7];

/** What the cohort did with an item: whether that rises or falls, and how much it is. @param {ItemTrend} used */
function barsOf(used) {
  const most = Math.max(1, ...perDay(used));
  const { events1d, events3d, events7d } = used;
  const said = `The cohort: ${countText(events1d)} events in the last day, ${countText(events3d)} in 3 days, ${countText(events7d)} in 7 days`;
  return element(
    'div',
    { class: 'trend' },
    element('div', { class: 'bars', 'aria-hidden': 'true' }, ...perDay(used).map((events) => bar(events / most, 'height'))),
    element('span', { 'aria-hidden': 'true' }, [events1d, events3d, events7d].map(countText).join(' · ')),
    element('span', { class: 'unseen' }, said),
  );
}
