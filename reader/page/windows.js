/** The windows behind a learner's recommendations: engagement, mastery, and what else is known. */
import { bar, cell, element, part, row, setText, table } from './elements.js';
import { countText, countOf, spanText, timeText } from './words.js';

/** @typedef {import('./server.js').LearnerWindows} LearnerWindows */
/** @typedef {NonNullable<LearnerWindows['engagement']>} Engagement */
/** @typedef {NonNullable<LearnerWindows['mastery']>} Mastery */
/** @typedef {NonNullable<LearnerWindows['context']>} Context */

const DEADLINES = 5;
const SKILLS = 12;

/** @type {readonly { readonly name: string, readonly field: 'engagement1h' | 'engagement1d' | 'engagement7d' | 'engagement28d', readonly days: number }[]} */
const WINDOWS = [
  { name: '1 hour', field: 'engagement1h', days: 1 / 24 },
  { name: '1 day', field: 'engagement1d', days: 1 },
  { name: '7 days', field: 'engagement7d', days: 7 },
  { name: '28 days', field: 'engagement28d', days: 28 },
];

export class Windows {
  place = part('window-tables');
  facts = part('learner-facts');
  shown = '';

  clear() {
    this.shown = '';
    this.place.replaceChildren();
  }

  /** @param {LearnerWindows} windows */
  show(windows) {
    const state = JSON.stringify(windows);
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
      ...(windows.context === null ? [] : [element('div', { class: 'panel' }, deadlinesOf(windows.context))]),
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
  const most = Math.max(...WINDOWS.map(({ field, days }) => (engagement[field]?.clicks ?? 0) / days), 1);
  const rows = WINDOWS.map(({ name, field, days }) => {
    const seen = engagement[field];
    const share = element('td', { class: 'share' }, bar((seen?.clicks ?? 0) / days / most, 'width'));
    const figures = seen === null ? ['0', '0', '0', '0'] : [seen.events, seen.clicks, seen.dwellMs / 60_000, seen.completions].map(countText);
    return row(name, ...figures.map(cell), share);
  });
  return table(`Engagement as of ${timeText(engagement.asOfMs)}`, ['Last', 'Events', 'Clicks', 'Minutes', 'Completed', 'Clicks a day'], rows);
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

/** @param {Context} context */
function deadlinesOf({ courses, asOfMs }) {
  const due = courses.flatMap(({ course, deadlines }) => deadlines.map((deadline) => ({ course, ...deadline })));
  if (due.length === 0) return element('p', { class: 'note' }, 'No deadline is known.');
  const next = due.sort((a, b) => a.dueAtMs - b.dueAtMs).filter(({ dueAtMs }) => dueAtMs >= asOfMs);
  const rows = next
    .slice(0, DEADLINES)
    .map(({ item, course, dueAtMs }) => row(item, cell(course), cell(timeText(dueAtMs)), cell(spanText(dueAtMs - asOfMs))));
  return table(`Deadlines as of ${timeText(asOfMs)}: ${countOf(next.length, 'deadline')} to come`, ['Item', 'Course', 'Due', 'Time left'], rows);
}
