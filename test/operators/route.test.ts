import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { StageContext } from '../../operators/ports/stage.js';
import { routeParameter, sendAlong, type Route } from '../../operators/route.js';
import { joinTable, topology } from '../../operators/index.js';
import { testTopology } from '../../runtime/testing/index.js';
import { asides, event, events, lines, others, timed, toAsides, toResults, type Event } from './pipelines.js';

const record = { key: 'a', value: 1, timestamp: 5 };

/** What a stage did with a record on a route. */
function sent(route: Route<never, string>): unknown[] {
  const calls: unknown[] = [];
  const context = {
    count: (event: string) => calls.push(['count', event]),
    deadLetter: (code: string, reason: string, of: unknown) => calls.push(['dead letter', code, reason, of]),
    emit: (port: number, of: unknown) => calls.push(['emit', port, of]),
  } as unknown as StageContext;
  sendAlong(context, route, 1, record, { event: 'miss', code: 'SFS_MISS', reason: 'none', value: () => 'told' });
  return calls;
}

describe('a route', () => {
  it('to the dead letters names code and reason, and counts as a dead letter alone', () => {
    expect(sent('dead-letter')).toEqual([['dead letter', 'SFS_MISS', 'none', record]]);
  });

  it('that discards counts', () => {
    expect(sent('discard')).toEqual([['count', 'miss']]);
  });

  it('into a pipeline counts, and hands on what the operator tells under the key and event time of the record', () => {
    expect(sent((records) => toAsides(records as never))).toEqual([
      ['count', 'miss'],
      ['emit', 1, { key: 'a', value: 'told', timestamp: 5 }],
    ]);
  });

  it('is compared by plan by its kind: functions are not seen', () => {
    expect([routeParameter('dead-letter'), routeParameter('discard'), routeParameter(toAsides as never)]).toEqual([
      'dead-letter',
      'discard',
      'pipeline',
    ]);
  });

  it.each<[string, Route<string, Event>]>([
    ['a pipeline', toAsides],
    ['the dead letters', 'dead-letter'],
    ['nowhere', 'discard'],
  ])('to %s is undone with its record when something later fails', async (_, miss) => {
    const routed = topology('under-test', { version: 1 }, ({ source, table }) => {
      const all = source(events, timed);
      all.pipe(
        joinTable('row', table(others, timed), { miss }, (value) => value),
        toResults(),
      );
      all.pipe(
        map((one) => {
          if (one.value.tag === 'bad') throw new Error('later');
          return one;
        }),
        toResults('later'),
      );
    });
    await testTopology(routed, { partitions: 1 }, async (driver) => {
      driver.input(events).send(event('a', 1, { tag: 'bad' }));
      await driver.endInput();
      expect(lines(driver, asides)).toEqual([]);
      expect(driver.deadLetters()).toMatchObject([{ code: 'SFS_PROCESSING_FAILED', reason: 'later', stage: 'later' }]);
      expect(driver.counters()).toMatchObject({ misses: 0, deadLetters: 1 });
    });
  });
});
