import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInRun, newRun, takeIntoRun } from '../../../runtime/engine/sequenceRun.js';

/** A record as a log of one producer and one partition holds it. */
interface Numbered {
  readonly number: number;
  readonly key: number;
}

/** Reads on as a channel does. */
function takenOf(log: readonly Numbered[], run = newRun()): Numbered[] {
  return log.filter(({ number }) => {
    if (isInRun(run, number)) return false;
    takeIntoRun(run, number);
    return true;
  });
}

/** What the latest record of each key is. */
const tableOf = (records: readonly Numbered[]): Record<number, number> => Object.fromEntries(records.map(({ key, number }) => [key, number]));

/** The records of a producer that goes back: each time it computes again from some place to some later one. */
const logs = fc.array(fc.record({ on: fc.integer({ min: 1, max: 6 }), back: fc.nat(8) }), { minLength: 1, maxLength: 8 }).chain((steps) => {
  const numbers: number[] = [];
  let next = 1;
  for (const { on, back } of steps) {
    for (let n = 0; n < on; n++) numbers.push(next++);
    next = Math.max(1, next - back);
  }
  // Until all is there again that ever was: a producer does not stop before.
  for (const last = Math.max(...numbers); next <= last;) numbers.push(next++);
  return fc.array(fc.nat(3), { minLength: next, maxLength: next }).map((keys) => numbers.map((number) => ({ number, key: keys[number - 1]! })));
});

describe('a reader of a producer that goes back', () => {
  it('takes every record once, in order', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const last = Math.max(...log.map(({ number }) => number));
        expect(takenOf(log).map(({ number }) => number)).toEqual(Array.from({ length: last }, (_, n) => n + 1));
      }),
    );
  });

  it('goes on where retention left the log, and takes what is there once', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (log, at) => {
        const rest = log.slice(at % log.length);
        const taken = takenOf(rest).map(({ number }) => number);
        const first = rest[0]!.number;
        // What was before the first of the rest is no harm: nobody has taken it.
        expect(taken.filter((number) => number >= first).at(-1)).toBe(Math.max(...rest.map(({ number }) => number)));
        if (Math.min(...rest.map(({ number }) => number)) === first) expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  it('has the latest record of each key also where compaction left gaps, wherever it stopped', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (log, at) => {
        // Compaction has gone through the log up to a place: a record stays where none of its key comes after it and before that place.
        const until = at % (log.length + 1);
        const compacted = log.filter(({ key }, index) => index >= until || !log.slice(index + 1, until).some((later) => later.key === key));
        expect(tableOf(takenOf(compacted))).toEqual(tableOf(takenOf(log)));
      }),
    );
  });

  it('would not have it if it went by the greatest number that it has seen', () => {
    const compacted = [
      { number: 10, key: 2 },
      { number: 9, key: 1 },
      { number: 10, key: 2 },
    ];
    expect(tableOf(takenOf(compacted))).toEqual({ 1: 9, 2: 10 });
    expect(compacted.filter(({ number }, index) => compacted.slice(0, index).every((before) => before.number < number))).toEqual([
      { number: 10, key: 2 },
    ]);
  });
});
