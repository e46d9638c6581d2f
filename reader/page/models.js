/** The models of the registry, and what their gates said. */
import { cell, element, fold, part, row, setText, table, words } from './elements.js';
import { timeText } from './words.js';

/** @typedef {import('./server.js').ConsoleModels} ConsoleModels */
/** @typedef {ConsoleModels['versions'][number]} Model */
/** @typedef {NonNullable<Model['gates']>} Gates */

const HEADS = ['Version', 'Gates', 'Aliases', 'Bundle', 'Region', 'Registered', 'Trained until'];

export class Models {
  place = part('model-tables');
  note = part('models-note');
  shown = '';
  /** @type {Set<string>} */
  opened = new Set();

  /** @param {ConsoleModels} models */
  show(models) {
    setText(this.note, noteOf(models));
    const state = JSON.stringify(models);
    if (state === this.shown) return;
    this.shown = state;
    const { versions, moves } = models;
    this.place.replaceChildren(
      ...(versions.length === 0 ? [] : [panel(table('Versions, newest first', HEADS, versions.map(modelRow)))]),
      ...versions.flatMap(({ number, gates }) => (gates === null ? [] : [gatesOf(number, gates, this.opened)])),
      ...(moves.length === 0
        ? []
        : [panel(table('Moves of aliases, newest first', ['When', 'Alias', 'From', 'To', 'By', 'Why'], moves.map(moveRow)))]),
    );
  }
}

/** @param {HTMLElement} inside */
const panel = (inside) => element('div', { class: 'panel' }, inside);

/** @param {ConsoleModels} models */
function noteOf({ ranking, trouble, versions }) {
  return [
    ...(ranking === null ? [] : [`What ranks here: ${ranking}.`]),
    ...(trouble === null ? [] : [`The registry of models does not answer (${trouble}): this is what it said last.`]),
    versions.length === 0 ? 'The registry holds no version.' : 'A run that follows the registry decides with what is production.',
  ].join(' ');
}

/** @param {number | null} timeMs */
const timeOr = (timeMs) => (timeMs === null ? 'not told' : timeText(timeMs));

/** @param {Model} model */
function modelRow({ number, gates, aliases, bundleVersion, region, createdAtMs, trainedUntilMs }) {
  const verdict = element('td', {}, gates === null ? 'not asked' : verdictOf(gates.status));
  return row(number, verdict, ...[aliases.join(', ') || 'none', bundleVersion, region, timeText(createdAtMs), timeOr(trainedUntilMs)].map(cell));
}

/** @param {string} status */
const verdictOf = (status) => element('span', { class: `tag ${status === 'passed' ? 'is-fresh' : status === 'failed' ? 'is-instead' : ''}` }, status);

/**
 * @param {string} number
 * @param {Gates} gates
 * @param {Set<string>} opened
 */
function gatesOf(number, { status, atMs, champion, checks }, opened) {
  const against = champion === null ? 'the order that was shown' : `version ${champion}`;
  const rows = checks.map((check) =>
    row(
      check.name,
      element('td', {}, verdictOf(check.status)),
      ...[check.value ?? 'none', check.bound ?? 'none'].map(cell),
      words(check.reason ?? ''),
    ),
  );
  const inside = rows.length === 0 ? element('p', { class: 'note' }, 'The checks were not kept.') : checksTable(number, rows);
  return fold(`gates ${number}`, `Gates of version ${number}: ${status}, compared with ${against}, ${timeOr(atMs)}`, opened, inside);
}

/**
 * @param {string} number
 * @param {readonly HTMLTableRowElement[]} rows
 */
const checksTable = (number, rows) => table(`Gates of version ${number}`, ['Gate', 'Verdict', 'Value', 'Bound', 'Why'], rows);

/** @param {ConsoleModels['moves'][number]} move */
function moveRow({ atMs, alias, from, to, by, reason }) {
  return row(timeText(atMs), ...[alias, from ?? 'nothing', to ?? 'nothing', by, reason ?? ''].map(words));
}
