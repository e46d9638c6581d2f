/** How the topologies are doing, as a graph and in words. */
import { cell, element, part, row, setText, table } from './elements.js';
import { Graph } from './graph.js';
import { countText, rateText, timeText } from './words.js';

/** @typedef {import('./server.js').Overview} Overview */
/** @typedef {import('./server.js').ConsoleTopology} ConsoleTopology */

export class Topologies {
  note = part('topologies-note');
  tables = part('topology-tables');
  graph = new Graph(part('graph'));
  /** @type {readonly HTMLTableElement[]} */
  drawn = [];

  /** @param {Overview} overview */
  async show(overview) {
    const { topologies, absent } = overview;
    if (absent !== undefined) return setText(this.note, absent);
    if (topologies.length === 0) return setText(this.note, 'No topology has run in this folder yet.');
    await this.graph.show(overview);
    this.fill([
      table('Topologies', ['Topology', 'In', 'Out', 'Waiting', 'Watermark', 'Late', 'Dead letters', 'Reads', 'Writes'], topologies.map(topologyRow)),
      table(
        'Topics',
        ['Topic', 'Appended, with markers', 'Offsets so far', 'Partitions'],
        overview.topics.map(({ name, appendedPerSecond, appended, partitions }) =>
          row(name, cell(rateText(appendedPerSecond)), cell(countText(appended)), cell(String(partitions))),
        ),
      ),
    ]);
  }

  /**
   * Puts the rows of new tables into those that are there, so that scrolling and focus stay.
   * @param {readonly HTMLElement[]} tables
   */
  fill(tables) {
    const bodies = tables.map((one) => one.querySelector('tbody'));
    const known = [...this.tables.querySelectorAll('tbody')];
    if (known.length !== bodies.length) return this.tables.replaceChildren(...tables.map((one) => element('div', { class: 'panel' }, one)));
    known.forEach((body, index) => {
      if (body.textContent !== bodies[index]?.textContent) body.replaceChildren(...(bodies[index]?.children ?? []));
    });
  }
}

/** @param {ConsoleTopology} topology */
function topologyRow({ id, recordsPerSecond, sentPerSecond, lag, watermarkMs, ended, late, deadLetters, reads, writes }) {
  const watermark = ended ? 'ended' : watermarkMs === null ? 'none yet' : timeText(watermarkMs);
  const figures = [rateText(recordsPerSecond), rateText(sentPerSecond), countText(lag), watermark, countText(late), countText(deadLetters)];
  return row(id, ...figures.map(cell), ...[reads, writes].map((names) => element('td', { class: 'words' }, names.join(', '))));
}
