import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf } from '../../operators/graph.js';
import { joinTable, reduceTable, schema, topology, withValue, type Topology } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { asides, event, events, lines, others, resultsOf, timed, toAsides, toResults, type Event } from './pipelines.js';

const tagged = (key: string, atMs: number, tag: string): Event => event(key, atMs, { tag });

/** Joins tags; `reset` deletes. */
const options = {
  state: schema.string,
  initial: '^',
  reduce: (state: string, { tag }: Event, timestamp: number) => (tag === 'reset' ? null : `${state}${tag}${timestamp}`),
};

const changes: Topology = topology('under-test', { version: 1 }, ({ source }) => {
  reduceTable('story', source(events, timed), options).changes.pipe(toResults());
});

/** `others` find the state that `events` have made of their key. */
const joined: Topology = topology('under-test', { version: 1 }, ({ source }) => {
  const story = reduceTable('story', source(events, timed), options);
  source(others, timed).pipe(
    joinTable('with-story', story, { miss: toAsides }, ({ tag }: Event, state) => `${tag} ${state}`),
    toResults(),
  );
});

describe('reduceTable', () => {
  it('folds the records of a key from the initial state on, and tells of each state with the event time of its record', async () => {
    await resultsOf(changes, [tagged('a', 1, 'x'), tagged('b', 2, 'y'), tagged('a', 3, 'z')], (driver, found) => {
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
    });
  });

  it('deletes the row on null, tells nothing then, and begins again from the initial state', async () => {
    await testTopology(changes, async (driver) => {
      driver.input(events).sendAll([tagged('a', 1, 'x'), tagged('a', 2, 'reset')]);
      await driver.run();
      expect(lines(driver)).toEqual([['a', 1, '^x1']]);
      expect(driver.rows('story/state').size).toBe(0);
      driver.input(events).send(tagged('a', 3, 'y'));
      await driver.run();
      expect(lines(driver)).toEqual([['a', 3, '^y3']]);
    });
  });

  it('is a table to other stages: they find the state as it stands in the merge order, and none after a deletion', async () => {
    await testTopology(joined, async (driver) => {
      driver.input(events).sendAll([tagged('a', 10, 'x'), tagged('a', 20, 'y'), tagged('a', 30, 'reset')]);
      driver.input(others).sendAll([9, 10, 19, 20, 30].map((atMs) => tagged('a', atMs, '?')));
      await driver.endInput();
      // Of one time, `events` come before `others`.
      expect(lines(driver)).toEqual([
        ['a', 10, '? ^x10'],
        ['a', 19, '? ^x10'],
        ['a', 20, '? ^x10y20'],
      ]);
      expect(lines(driver, asides).map(([, atMs]) => atMs)).toEqual([9, 30]);
    });
  });

  it('has changed its row before it tells: its own changes find themselves in it', async () => {
    const itself = topology('under-test', { version: 1 }, ({ source }) => {
      const story = reduceTable('story', source(events, timed), options);
      story.changes.pipe(
        joinTable('with-itself', story, { miss: 'dead-letter' }, (change, row) => change === row),
        toResults(),
      );
    });
    await resultsOf(itself, [tagged('a', 1, 'x'), tagged('a', 2, 'y'), tagged('a', 3, 'reset')], (driver, found) => {
      expect(found).toEqual([
        ['a', 1, true],
        ['a', 2, true],
      ]);
      expect(driver.deadLetters()).toEqual([]);
    });
  });

  it('takes a row back when what follows its changes throws', async () => {
    const failing = topology('under-test', { version: 1 }, ({ source }) => {
      reduceTable('story', source(events, timed), options).changes.pipe(
        map((record) => {
          if (record.timestamp === 2) throw new Error('not at 2');
          return withValue(record, record.value);
        }),
        toResults(),
      );
    });
    await resultsOf(failing, [tagged('a', 1, 'x'), tagged('a', 2, 'y'), tagged('a', 3, 'z')], (driver, found) => {
      expect(found.map(([, , state]) => state)).toEqual(['^x1', '^x1z3']);
      expect(driver.state('story/state', 'a')).toBe('^x1z3');
      expect(driver.deadLetters()).toMatchObject([{ sourceOffset: 1, reason: 'not at 2' }]);
    });
  });

  it('need not be read to the end: neither its changes nor its rows are missed', () => {
    expect(graphOf(joined).warnings).toEqual([]);
    expect(graphOf(changes).warnings).toEqual([]);
    expect(graphOf(changes).stages.find(({ id }) => id === 'story')).toMatchObject({ kind: 'reduce-table', parameters: { initial: '^' } });
  });
});
