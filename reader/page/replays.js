/** The replays of topologies: how far each is, and how its results differ when somebody asks. */
import { cell, element, part, row, setText, table, words } from './elements.js';
import { askDifference } from './server.js';
import { countOf, countText, rateText, spanText, timeText } from './words.js';

/** @typedef {import('./server.js').ConsoleReplays} ConsoleReplays */
/** @typedef {ConsoleReplays['replays'][number]} Replay */
/** @typedef {import('./server.js').ReplayDifference} ReplayDifference */

/** @type {Readonly<Record<Replay['status'], string>>} */
const STATES = {
  running: 'It has not been at the end of the log yet.',
  'caught-up': 'It has caught up.',
  promoted: 'It is promoted: its results are served.',
  dropping: 'The version that lost is being deleted.',
};
/** @type {Readonly<Record<'added' | 'removed' | 'changed', string>>} */
const KINDS = { added: 'only in the replay', removed: 'only in the live version', changed: 'differs' };

export class Replays {
  place = part('replay-panels');
  note = part('replays-note');
  /** @type {Map<string, ReplayPanel>} */
  panels = new Map();

  /** @param {ConsoleReplays} answer */
  show({ replays, absent }) {
    setText(this.note, absent ?? noteOf(replays.length));
    const ids = replays.map(({ replay }) => replay);
    for (const [id, panel] of this.panels) {
      if (ids.includes(id)) continue;
      panel.article.remove();
      this.panels.delete(id);
    }
    for (const replay of replays) this.panelOf(replay).show(replay);
  }

  /** @param {Replay} replay */
  panelOf({ replay, topology }) {
    const known = this.panels.get(replay);
    if (known !== undefined) return known;
    const made = new ReplayPanel(replay, topology);
    this.panels.set(replay, made);
    this.place.append(made.article);
    return made;
  }
}

/** @param {number} count */
const noteOf = (count) =>
  count === 0
    ? 'No topology is replayed. "skillforge replay run <topology>" runs a version beside the live one.'
    : 'A replay runs a version beside the live one, from the beginning of the log, with results of its own.';

/** Figures change in place, so that the button keeps the focus. */
class ReplayPanel {
  state = element('p', { class: 'state' });
  figures = element('p', { class: 'facts' });
  button = element('button', { type: 'button' }, 'Compare the results');
  outcome = element('p', { class: 'note', role: 'status' });
  difference = element('div', { class: 'stack' });
  isComparing = false;

  /**
   * @param {string} id
   * @param {string} topology
   */
  constructor(id, topology) {
    this.topology = topology;
    this.progress = element('progress', { max: '1', value: '0', 'aria-label': `How far ${id} is` });
    this.article = element(
      'article',
      { class: 'panel', 'data-replay': id },
      element('h3', {}, id),
      ...[this.state, this.progress, this.figures, this.button, this.outcome, this.difference],
    );
    this.button.addEventListener('click', () => void this.compare());
  }

  /** @param {Replay} replay */
  show({ status, live, range, records, taken, behind, recordsPerSecond, remainingSeconds, results }) {
    const only = range === null ? '' : ` Only results from ${timeText(range[0])} to ${timeText(range[1])} are made anew.`;
    setText(this.state, `Beside ${live}. ${STATES[status]}${only}`);
    this.progress.value = records === 0 ? 1 : taken / records;
    setText(
      this.figures,
      [
        `${countText(taken)} of ${countOf(records, 'record')} taken, markers included`,
        rateText(recordsPerSecond),
        ...(remainingSeconds === null ? [] : [`${spanText(remainingSeconds * 1000)} left`]),
        ...(behind === 0 ? [] : [`${countOf(behind, 'record')} behind the live version`]),
        `results in ${results.map(({ shadow }) => shadow).join(', ')}`,
      ].join('; '),
    );
  }

  async compare() {
    if (this.isComparing) return;
    this.isComparing = true;
    this.button.setAttribute('aria-disabled', 'true');
    setText(this.outcome, 'Comparing: this reads the results of both versions.');
    try {
      const found = await askDifference(this.topology);
      if ('absent' in found) setText(this.outcome, found.absent);
      else this.showDifference(found);
    } catch {
      setText(this.outcome, 'The results could not be compared.');
    }
    this.isComparing = false;
    this.button.removeAttribute('aria-disabled');
  }

  /** @param {ReplayDifference} found */
  showDifference({ replay, live, share, topics, ignored, comparedAtMs }) {
    const percent = `${Number((share * 100).toFixed(2))} %`;
    setText(
      this.outcome,
      `Compared at ${timeText(comparedAtMs)}: ${percent} of the keys differ${ignored.length === 0 ? '' : `, where ${ignored.join(', ')} may`}.`,
    );
    const counts = topics.map(({ topic, same, added, removed, changed }) => row(topic, ...[same, added, removed, changed].map(countText).map(cell)));
    const examples = topics.flatMap(({ topic, examples: some }) =>
      some.map(({ kind, key, eventTimeMs, fields }) =>
        row(key, ...[topic, KINDS[kind], eventTimeMs === null ? 'the last one' : timeText(eventTimeMs), fields.join(', ')].map(words)),
      ),
    );
    this.difference.replaceChildren(
      table(`${replay} against ${live}, by key`, ['Topic', 'Same', 'Only in the replay', 'Only in the live version', 'Changed'], counts),
      ...(examples.length === 0 ? [] : [table(`Some keys that differ in ${replay}`, ['Key', 'Topic', 'How', 'Event time', 'Fields'], examples)]),
    );
  }
}
