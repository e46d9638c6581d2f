import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { describe as graphOf, stageOf } from '../../operators/graph.js';
import { aggregate, branch, count, merge, topology, withValue } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { around, asides, event, events, lines, resultsOf, timed, toAsides, toResults } from './pipelines.js';

const bySize = topology('under-test', { version: 1 }, ({ source }) => {
  const { large, even, otherwise } = branch('by-size', source(events, timed), {
    large: ({ value }) => value.n >= 10,
    even: ({ value }) => value.n % 2 === 0,
  });
  const named = (branchName: string) => map((record: Parameters<typeof withValue>[0]) => withValue(record, branchName));
  large.pipe(named('large'), toResults('to-large'));
  even.pipe(named('even'), toResults('to-even'));
  otherwise.pipe(toAsides);
});

describe('branch', () => {
  it('gives a record to the first branch whose predicate holds, and to no other', async () => {
    const sent = [9, 10, 12, 8].map((n, at) => event('a', at, { n }));
    await resultsOf(bySize, sent, (_, found) => {
      expect(found).toEqual([
        ['a', 1, 'large'],
        ['a', 2, 'large'],
        ['a', 3, 'even'],
      ]);
    });
  });

  it('gives what no branch takes to otherwise, as it came', async () => {
    await testTopology(bySize, async (driver) => {
      driver.input(events).sendAll([event('a', 5, { n: 3, tag: 'odd' }), event('b', 6, { n: 2 })]);
      await driver.run();
      expect(lines(driver, asides)).toEqual([['a', 5, { key: 'a', atMs: 5, n: 3, tag: 'odd' }]]);
    });
  });

  it('sees key and event time in its predicates', async () => {
    const split = around((source) => {
      const { early, mine, otherwise } = branch('split', source, {
        early: ({ timestamp }) => timestamp < 10,
        mine: ({ key }) => key === 'me',
      });
      return merge(
        'labelled',
        early.pipe(map((record) => withValue(record, 'early'))),
        mine.pipe(map((record) => withValue(record, 'mine'))),
        otherwise.pipe(map((record) => withValue(record, 'other'))),
      );
    });
    await resultsOf(split, [event('me', 9), event('me', 10), event('you', 10)], (_, found) => {
      expect(found).toEqual([
        ['me', 9, 'early'],
        ['me', 10, 'mine'],
        ['you', 10, 'other'],
      ]);
    });
  });

  it('sends a record to the dead letters whose predicate throws, and to no branch', async () => {
    const failing = around((source) => {
      const { odd, otherwise } = branch('parity', source, {
        odd: ({ value }) => {
          if (value.n < 0) throw new RangeError('negative');
          return value.n % 2 === 1;
        },
      });
      return merge('both', odd, otherwise).pipe(aggregate('seen', { n: count() }));
    });
    await resultsOf(failing, [event('a', 1), event('a', 2, { n: -1 }), event('a', 3, { n: 2 })], (driver, found) => {
      expect(found).toEqual([
        ['a', 1, { n: 1 }],
        ['a', 3, { n: 2 }],
      ]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', stage: 'parity', reason: 'negative', failedAtEventTimeMs: 2 }]);
    });
  });

  it('keeps no state, and shows its branches in the graph', () => {
    expect(stageOf(graphOf(bySize), 'by-size')).toMatchObject({
      kind: 'branch',
      ports: ['large', 'even', 'otherwise'],
      parameters: { branches: ['large', 'even', 'otherwise'] },
      stores: [],
    });
  });
});
