/** The windows behind a learner's recommendations: engagement, mastery, and what else is known. */
import { bar, cell, element, part, row, setText, table } from './elements.js';
import { DAY_MS, countText, countOf, lengthText, spanText, timeText } from './words.js';

/** @typedef {import('./server.js').LearnerWindows} LearnerWindows */
/** @typedef {NonNullable<LearnerWindows['engagement']>} Engagement */
/** @typedef {NonNullable<LearnerWindows['mastery']>} Mastery */
/** @typedef {NonNullable<LearnerWindows['context']>} Context */

const DEADLINES = 5;
const SKILLS = 12;

// The names are for windows that nothing was in; the others tell their own length, which a changed topology may have changed.
/** @type {readonly { readonly name: string, readonly field: 'engagement1h' | 'engagement1d' | 'engagement7d' | 'engagement28d' }[]} */
const WINDOWS = [
  { name: '1 hour', field: 'engagement1h' },
  { name: '1 day', field: 'engagement1d' },
  { name: '7 days', field: 'engagement7d' },
  { name: '28 days', field: 'engagement28d' },
];

export class Windows {
  place = part('window-tables');
  facts = part('learner-facts');
  shown = '';

  clear() {
    this.shown = '';
    this.place.replaceChildren();
  }

  /**
   * Says why there are none.
   * @param {string} learner
   * @param {string} absent
   */
  leaveOut(learner, absent) {
    setText(this.facts, learner);
    if (this.shown === absent) return;
    this.shown = absent;
    this.place.replaceChildren(element('p', { class: 'note' }, absent));
  }

  /**
   * @param {LearnerWindows} windows
   * @param {number} nowMs event time
   */
  show(windows, nowMs) {
    const deadlines = windows.context === null ? [] : toCome(windows.context.courses, nowMs);
    const state = JSON.stringify([windows, deadlines]);
    if (state === this.shown) return;
    this.shown = state;
    setText(this.facts, factsText(windows));
    this.place.replaceChildren(
      element(
        'div',
        { class: 'pair' },
        element('div', { class: 'panel' }, engagementOf(windows)),
        element('div', { class: 'panel' }, masteryOf(windows)),
      ),
      ...(windows.context === null ? [] : [element('div', { class: 'panel' }, deadlinesOf(deadlines))]),
    );
  }
}

/** @param {LearnerWindows} windows */
function factsText({ learner, context }) {
  if (context === null) return `${learner}: nothing is known of enrolments, segment or consent.`;
  const { courses, segment, hoursPerWeek, consentProfiling } = context;
  return [
    `${learner}: ${courses.length === 0 ? 'no active course' : courses.map(({ course, cohort }) => (cohort === /** @type {string} */ (course) ? course : `${course} (cohort ${cohort})`)).join(', ')}`,
    segment === null ? 'no segment' : `segment ${segment}`,
    ...(hoursPerWeek === null ? [] : [`${countText(hoursPerWeek)} hours a week`]),
    consentProfiling ? 'agreed to be profiled' : 'not profiled: recommendations go by course only',
  ].join('; ');
}

/** @param {LearnerWindows} windows */
function engagementOf({ engagement }) {
  if (engagement === null) return element('p', { class: 'note' }, 'No engagement is known.');
  const seenIn = WINDOWS.map((window) => windowSeen(window, engagement[window.field]));
  const most = Math.max(...seenIn.map(({ perDay }) => perDay), 1);
  const rows = seenIn.map(({ name, seen, perDay }) => {
    const share = element('td', { class: 'share' }, bar(perDay / most, 'width'));
    const figures = seen === null ? ['0', '0', '0', '0'] : [seen.events, seen.clicks, seen.dwellMs / 60_000, seen.completions].map(countText);
    return row(name, ...figures.map(cell), share);
  });
  return table(`Engagement as of ${timeText(engagement.asOfMs)}`, ['Last', 'Events', 'Clicks', 'Minutes', 'Completed', 'Clicks a day'], rows);
}

/**
 * @param {typeof WINDOWS[number]} window
 * @param {Engagement['engagement1d']} seen
 */
function windowSeen({ name }, seen) {
  if (seen === null) return { name, seen, perDay: 0 };
  const lengthMs = seen.windowEndMs - seen.windowStartMs;
  return { name: lengthText(lengthMs), seen, perDay: (seen.clicks * DAY_MS) / lengthMs };
}

/** @param {LearnerWindows} windows */
function masteryOf({ mastery }) {
  if (mastery === null || mastery.skills.length === 0) return element('p', { class: 'note' }, 'No quiz has been answered.');
  const weakest = [...mastery.skills].sort((a, b) => a.mastery - b.mastery);
  const rows = weakest
    .slice(0, SKILLS)
    .map(({ skill, mastery: share, answers }) =>
      row(skill, cell(`${Math.round(share * 100)} %`), element('td', { class: 'share' }, bar(share, 'width')), cell(countText(answers))),
    );
  const more = weakest.length > SKILLS ? `, the ${SKILLS} weakest of ${weakest.length}` : ', weakest first';
  return table(`Mastery of skills${more}, as of ${timeText(mastery.asOfMs)}`, ['Skill', 'Mastery', 'Share', 'Answers'], rows);
}

/**
 * The deadlines that are still to come, the next one first.
 * @param {Context['courses']} courses
 * @param {number} nowMs event time
 */
function toCome(courses, nowMs) {
  const all = courses.flatMap(({ course, deadlines }) => deadlines.map(({ item, dueAtMs }) => ({ course, item, dueAtMs })));
  const next = all.filter(({ dueAtMs }) => dueAtMs >= nowMs).sort((a, b) => a.dueAtMs - b.dueAtMs);
  return next.map((deadline) => ({ ...deadline, left: spanText(deadline.dueAtMs - nowMs) }));
}

/** @param {ReturnType<typeof toCome>} next */
function deadlinesOf(next) {
  if (next.length === 0) return element('p', { class: 'note' }, 'No deadline is to come.');
  const rows = next.slice(0, DEADLINES).map(({ item, course, dueAtMs, left }) => row(item, cell(course), cell(timeText(dueAtMs)), cell(left)));
  return table(`Deadlines: ${countOf(next.length, 'deadline')} to come`, ['Item', 'Course', 'Due', 'Time left'], rows);
}
