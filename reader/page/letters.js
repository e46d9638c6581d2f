/** What could not be processed. */
import { cell, fillTables, part, row, setText, table, words } from './elements.js';
import { countOf, countText, timeText } from './words.js';

/** @typedef {import('./server.js').ConsoleDeadLetters} ConsoleDeadLetters */
/** @typedef {ConsoleDeadLetters['letters'][number]} Letter */

const HEADS = ['Written', 'Code', 'Topology', 'Stage', 'Event time', 'Sent back', 'Record'];
const PERSONAL_HEADS = ['Key', 'Why'];

export class Letters {
  place = part('dead-letter-tables');
  note = part('dead-letters-note');

  /**
   * @param {ConsoleDeadLetters} answer
   * @param {boolean} seesLearners whether keys and reasons, which may name learners, are told
   */
  show({ total, sentBack, byCode, letters, absent }, seesLearners) {
    setText(this.note, absent ?? noteOf(total, sentBack, seesLearners));
    if (total === 0) return this.place.replaceChildren();
    fillTables(this.place, [
      table(
        'By code',
        ['Code', 'Letters'],
        byCode.map(({ code, count }) => row(code, cell(countText(count)))),
      ),
      table(
        'The last ones, newest first',
        [...HEADS, ...(seesLearners ? PERSONAL_HEADS : [])],
        letters.map((letter) => letterRow(letter, seesLearners)),
      ),
    ]);
  }
}

/**
 * @param {number} total
 * @param {number} sentBack
 * @param {boolean} seesLearners
 */
function noteOf(total, sentBack, seesLearners) {
  if (total === 0) return 'There is none: all that came was processed.';
  const hidden = seesLearners ? '' : ' Keys and reasons may name learners: they take the scope console:learners.';
  return `${countOf(total, 'letter')}; ${countOf(sentBack, 'record')} sent back. Their bytes are shown by "skillforge dlq show" alone.${hidden}`;
}

/**
 * @param {Letter} letter
 * @param {boolean} seesLearners
 */
function letterRow({ id, code, topology, stage, eventTimeMs, writtenAtMs, sentBackAtMs, key, reason }, seesLearners) {
  const personal = seesLearners ? [key ?? 'none', reason ?? 'not told'] : [];
  const place = id.split('/').slice(0, 3).join('/');
  return row(
    timeText(writtenAtMs),
    ...[code, topology ?? 'none', stage ?? 'none'].map(words),
    ...[eventTimeMs, sentBackAtMs].map((timeMs) => cell(timeMs === null ? 'none' : timeText(timeMs))),
    ...[place, ...personal].map(words),
  );
}
