/** What was decided for a learner, and what the decisions saw. */
import { cell, element, fold, part, row, table, words } from './elements.js';
import { countOf, scoreText, sourceText, timeText } from './words.js';

/** @typedef {import('./server.js').LearnerDecisions} LearnerDecisions */
/** @typedef {LearnerDecisions['decisions'][number]} Decision */
/** @typedef {LearnerDecisions['logged'][number]} Logged */

/** Items of a list that a row names. */
const FIRST = 3;

export class Decisions {
  place = part('decision-tables');
  shown = '';
  /** @type {Set<string>} */
  opened = new Set();

  clear() {
    this.shown = '';
    this.opened.clear();
    this.place.replaceChildren();
  }

  /** @param {LearnerDecisions} answer */
  show({ decisions, logged, absent = 'The log has no decision for this learner.' }) {
    const state = JSON.stringify([decisions, logged, absent]);
    if (state === this.shown) return;
    this.shown = state;
    if (decisions.length === 0) return this.place.replaceChildren(element('p', { class: 'note' }, absent));
    const heads = ['Made', 'Course', 'Next, the first', 'New, the first', 'Model', 'Topology version', 'Variant'];
    const list = element('div', { class: 'panel' }, table('Decisions, newest first', heads, decisions.flatMap(decisionRows)));
    this.place.replaceChildren(list, ...logged.map((one) => foldOf(one, this.opened)));
  }
}

/**
 * A row for each course.
 * @param {Decision} decision
 */
function decisionRows({ madeAtMs, modelVersion, topologyVersion, variant, courses }) {
  return courses.map(({ course, next, new: fresh }) =>
    row(
      timeText(madeAtMs),
      ...[course, firstOf(next), firstOf(fresh), modelVersion].map(words),
      cell(String(topologyVersion)),
      words(variant === '' ? 'none' : variant),
    ),
  );
}

/** @param {readonly { readonly item: string }[]} items */
function firstOf(items) {
  const names = items.slice(0, FIRST).map(({ item }) => item);
  return names.length === 0 ? 'nothing' : names.join(', ');
}

/**
 * @param {Logged} logged
 * @param {Set<string>} opened
 */
function foldOf(logged, opened) {
  const { decisionId, decidedAtMs, course, weighed, modelVersion, explored } = logged;
  const drawn = explored ? ', its last places drawn' : '';
  const summary = `What the decision of ${timeText(decidedAtMs)} saw of ${course}: ${countOf(weighed, 'candidate')}, model ${modelVersion}${drawn}`;
  return fold(`${decisionId} ${course}`, summary, opened, featuresOf(logged));
}

/**
 * A column for each of the best candidates, a row for each feature.
 * @param {Logged} logged
 */
function featuresOf({ candidates, features, course, decidedAtMs }) {
  /** @param {number | null} place */
  const placeText = (place) => (place === null ? 'none' : String(place));
  const heads = ['Feature', ...candidates.map(({ item }) => item), 'Meaning'];
  /** @type {readonly (readonly [name: string, figures: readonly string[], meaning: string])[]} */
  const rows = [
    ['place in next', candidates.map(({ nextPlace }) => placeText(nextPlace)), ''],
    ['place in new', candidates.map(({ newPlace }) => placeText(newPlace)), ''],
    ['proposed as', candidates.map(({ source }) => sourceText(source)), ''],
    ['score', candidates.map(({ score }) => scoreText(score)), 'for next'],
    ['probability', candidates.map(({ propensity }) => scoreText(propensity)), 'of this place in next'],
    ...features.map(({ name, unit, description }, index) => {
      const values = candidates.map((one) => scoreText(one.values[index] ?? 0));
      return /** @type {const} */ ([name, values, unit === '' || unit === 'none' ? description : `${description} (${unit})`]);
    }),
  ];
  const made = rows.map(([name, figures, meaning]) => row(name, ...figures.map(cell), words(meaning)));
  return table(`Candidates in ${course} at ${timeText(decidedAtMs)}, best first`, heads, made);
}
