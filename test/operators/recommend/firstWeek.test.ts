import { describe, expect, it } from 'vitest';
import { earlyBehaviourOf, withHour, type FirstWeek } from '../../../operators/recommend/index.js';
import { nearestSegment } from '../../../operators/recommend/segments.js';
import { HOUR_MS, at } from '../../topologies/clicks.js';
import { hourOf } from '../../topologies/learning.js';

const kindOf = (item: string): string | undefined => ({ p: 'page', q: 'quiz' })[item[0]!];
/** The week after hours of activity, `[start, items]`; each use of an item is one event. */
const weekAfter = (...hours: readonly (readonly [number, readonly string[]])[]): FirstWeek =>
  hours.reduce<FirstWeek | null>((week, [startMs, items]) => withHour(week, hourOf('a', startMs, items)[0], kindOf), null)!;

describe('the first week', () => {
  it('counts days, events, distinct items, kinds and quarters of the day, of all courses together', () => {
    const week = weekAfter([at(0, 23 * HOUR_MS), ['p1', 'q1']], [at(1, HOUR_MS), ['p1', 'x']], [at(3, 12 * HOUR_MS), ['q2']]);
    expect(earlyBehaviourOf(week)).toEqual({
      activeDays: 3,
      events: 5,
      items: 4,
      eventsOfKind: new Map([
        ['page', 2],
        ['quiz', 2],
      ]),
      eventsOfQuarter: [2, 0, 1, 2],
    });
  });

  it('ends 168 hours after its first hour began, and then takes no more room', () => {
    const within = weekAfter([at(0, 5 * HOUR_MS), ['p1']], [at(7, 4 * HOUR_MS), ['p2']]);
    const after = withHour(within, hourOf('a', at(7, 5 * HOUR_MS), ['p3'])[0], kindOf);
    expect([earlyBehaviourOf(within).items, earlyBehaviourOf(after).items, after.items]).toEqual([2, 2, []]);
    expect(withHour(after, hourOf('a', at(40), ['p4'])[0], kindOf)).toBe(after);
  });
});

describe('the nearest segment', () => {
  const segments = nearestSegment({
    names: ['idle', 'busy', 'busy too'],
    features: [
      { name: 'attribute:education=a = b', mean: 0.5, scale: 0.5 },
      { name: 'early:events', mean: 2, scale: 1 },
    ],
    centroids: [
      [-1, -1],
      [1, 1],
      [1, 1],
    ],
  });
  const doing = (events: number) => ({ activeDays: 1, events, items: 1, eventsOfKind: new Map(), eventsOfQuarter: [] });

  it('is that of the nearest centre, the first of equals', () => {
    expect([segments.of({}, doing(0)), segments.of({}, doing(500)), segments.of({ education: 'a = b' }, doing(7))]).toEqual(['idle', 'busy', 'busy']);
  });

  it('takes what early behaviour would tell for average where there is none', () => {
    expect([segments.of({}, null), segments.of({ education: 'a = b' }, null)]).toEqual(['idle', 'busy']);
  });

  it('knows no other features than those of the stream', () => {
    for (const name of ['early:shoes', 'early:kind', 'late:kind=page', 'education'])
      expect(() => nearestSegment({ names: ['s'], features: [{ name, mean: 0, scale: 1 }], centroids: [[0]] })).toThrow(RangeError);
  });
});
