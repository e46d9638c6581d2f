/** How the topologies are doing, as a graph and in words. */
import { cell, fillTables, part, row, setText, table, words } from './elements.js';
import { Graph } from './graph.js';
import { countText, rateText, timeText } from './words.js';

/** @typedef {import('./server.js').Overview} Overview */
/** @typedef {import('./server.js').ConsoleTopology} ConsoleTopology */
/** @typedef {import('./server.js').ConsoleTopic} ConsoleTopic */

export class Topologies {
  note = part('topologies-note');
  about = this.note.textContent ?? '';
  tables = part('topology-tables');
  graph = new Graph(part('graph'));

  /** @param {Overview} overview */
  async show(overview) {
    const { topologies, topics, absent } = overview;
    if (absent !== undefined) return this.leaveOut(absent);
    if (topologies.length === 0) return this.leaveOut('No topology has run in this folder yet.');
    setText(this.note, this.about);
    await this.graph.show(overview);
    fillTables(this.tables, [
      table('Topologies', ['Topology', 'In', 'Out', 'Waiting', 'Watermark', 'Late', 'Dead letters', 'Reads', 'Writes'], topologies.map(topologyRow)),
      table('Tasks', ['Part', 'In', 'Waiting', 'Watermark', 'Tasks', 'Most waits for', 'Reads'], topologies.flatMap(partRows)),
      table('Topics', ['Topic', 'Appended, with markers', 'Waiting', 'Seen up to', 'Offsets so far', 'Partitions'], topics.map(topicRow)),
    ]);
  }

  /**
   * Says why there are none: what was shown before may be long past.
   * @param {string} why
   */
  leaveOut(why) {
    setText(this.note, why);
    this.graph.clear();
    this.tables.replaceChildren();
  }
}

/** @param {number | null} watermarkMs */
const watermarkText = (watermarkMs) => (watermarkMs === null ? 'none yet' : timeText(watermarkMs));

/** @param {ConsoleTopology} topology */
function topologyRow({ id, recordsPerSecond, sentPerSecond, lag, watermarkMs, ended, late, deadLetters, reads, writes }) {
  const watermark = ended ? 'ended' : watermarkText(watermarkMs);
  const figures = [rateText(recordsPerSecond), rateText(sentPerSecond), countText(lag), watermark, countText(late), countText(deadLetters)];
  return row(id, ...figures.map(cell), ...[reads, writes].map((names) => words(names.join(', '))));
}

/**
 * The tasks that read the same topics have a row.
 * @param {ConsoleTopology} topology
 */
function partRows({ id, ended, parts }) {
  return parts.map(({ index, recordsPerSecond, lag, watermarkMs, tasks, slowest, reads }) => {
    const figures = [rateText(recordsPerSecond), countText(lag), ended ? 'ended' : watermarkText(watermarkMs), countText(tasks)];
    return row(`${id}/${index}`, ...figures.map(cell), cell(slowest === null ? 'none' : `partition ${slowest}`), words(reads.join(', ')));
  });
}

/** @param {ConsoleTopic} topic */
function topicRow({ name, appendedPerSecond, lag, watermarkMs, appended, partitions }) {
  const figures = [
    rateText(appendedPerSecond),
    lag === null ? 'not read' : countText(lag),
    watermarkText(watermarkMs),
    countText(appended),
    String(partitions),
  ];
  return row(name, ...figures.map(cell));
}
