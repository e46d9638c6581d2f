import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { reduce, schema, withValue } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { around, event, events, lines, resultsOf, type Event } from './pipelines.js';

/** Joins tags with the times that they came at; `reset` forgets. */
const story = reduce<string, Event, string>('story', {
  state: schema.string,
  initial: '^',
  reduce: (state, { tag }, timestamp) => (tag === 'reset' ? null : `${state}${tag}${timestamp}`),
});
const tagged = (key: string, atMs: number, tag: string): Event => event(key, atMs, { tag });

describe('reduce', () => {
  it('folds the records of a key from the initial state on, and publishes the state after each with its event time', async () => {
    await resultsOf(
      around((source) => source.pipe(story)),
      [tagged('a', 1, 'x'), tagged('b', 2, 'y'), tagged('a', 3, 'z')],
      (driver, found) => {
        expect(found).toEqual([
          ['a', 1, '^x1'],
          ['b', 2, '^y2'],
          ['a', 3, '^x1z3'],
        ]);
        expect([...driver.rows('story/state')]).toEqual([
          ['a', '^x1z3'],
          ['b', '^y2'],
        ]);
        expect(driver.pendingTimers()).toBe(0);
      },
    );
  });

  it('forgets a key on null, publishes nothing then, and begins again from the initial state', async () => {
    await testTopology(
      around((source) => source.pipe(story)),
      async (driver) => {
        driver.input(events).sendAll([tagged('a', 1, 'x'), tagged('a', 2, 'reset')]);
        await driver.run();
        expect(lines(driver)).toEqual([['a', 1, '^x1']]);
        expect(driver.rows('story/state').size).toBe(0);
        driver.input(events).sendAll([tagged('b', 3, 'reset'), tagged('a', 4, 'y')]);
        await driver.run();
        expect(lines(driver)).toEqual([['a', 4, '^y4']]);
        expect([...driver.rows('story/state').keys()]).toEqual(['a']);
      },
    );
  });

  it('folds in the order of the task, late records too', async () => {
    await resultsOf(
      around((source) => source.pipe(story)),
      [tagged('a', 5, 'x'), tagged('a', 1, 'y'), tagged('a', 5, 'z')],
      (driver) => {
        expect(driver.state('story/state', 'a')).toBe('^x5y1z5');
        expect(driver.deadLetters()).toEqual([]);
      },
    );
  });

  it('keeps states that look like nothing', async () => {
    const zero = reduce<string, Event, number>('zero', { state: schema.double, initial: 5, reduce: (state, { n }) => state * n });
    await resultsOf(
      around((source) => source.pipe(zero)),
      [event('a', 1, { n: 0 }), event('a', 2, { n: 3 })],
      (_, found) => {
        expect(found.map(([, , value]) => value)).toEqual([0, 0]);
      },
    );
  });

  it('buries a record whose state does not fit the schema or whose function throws, and keeps the state before it', async () => {
    const picky = reduce<string, Event, { last: number }>('picky', {
      state: schema.record({ last: schema.long }),
      initial: { last: 0 },
      reduce: (state, { n }) => {
        if (n < 0) throw new Error('no debts');
        return { last: state.last + n };
      },
    });
    await resultsOf(
      around((source) => source.pipe(picky)),
      [event('a', 1, { n: 2 }), event('a', 2, { n: 0.5 }), event('a', 3, { n: -1 }), event('a', 4, { n: 3 })],
      (driver, found) => {
        expect(found).toEqual([
          ['a', 1, { last: 2 }],
          ['a', 4, { last: 5 }],
        ]);
        expect(driver.deadLetters().map(({ sourceOffset }) => sourceOffset)).toEqual([1, 2]);
        expect(driver.deadLetters()[1]).toMatchObject({ code: 'SFS_PROCESSING_FAILED', stage: 'picky', reason: 'no debts' });
      },
    );
  });

  it('takes a state back when a later operator throws', async () => {
    const failing = around((source) =>
      source.pipe(
        story,
        map((record) => {
          if (record.timestamp === 2) throw new Error('not at 2');
          return withValue(record, record.value);
        }),
      ),
    );
    await resultsOf(failing, [tagged('a', 1, 'x'), tagged('a', 2, 'y'), tagged('a', 3, 'z')], (_, found) => {
      expect(found).toEqual([
        ['a', 1, '^x1'],
        ['a', 3, '^x1z3'],
      ]);
    });
  });
});
