import { describe, expect, it } from 'vitest';
import {
  engagementAt,
  initialLearnerState,
  lookupKeys,
  usesIn,
  withActivity,
  withContext,
  withFeatures,
  withMastery,
  type LearnerState,
} from '../../../operators/recommend/index.js';
import { courseId } from '../../../schemas/index.js';
import { contextOf, dayEndOf, hourOf, masteryOf } from '../../topologies/learning.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const AAA = courseId('AAA-2024J');
const BBB = courseId('BBB-2024J');
const enrolled = withContext(initialLearnerState, contextOf('ada', 0)[0]);
const after = (state: LearnerState, hourMs: number, items: readonly string[], course?: string): LearnerState =>
  withActivity(state, hourOf('ada', hourMs, items, course)[0]);
const usesOf = (state: LearnerState, course = AAA) => usesIn(state, course).map(({ item, days, weight }) => [item, days, weight]);

describe('the state of a learner', () => {
  it('counts the days on which an item was used, each half as heavy after 28 days', () => {
    const once = after(enrolled, 0, ['a']);
    expect(usesOf(once)).toEqual([['a', 1, 1]]);
    expect(usesOf(after(once, 5 * HOUR_MS, ['a']))).toEqual([['a', 1, 1]]);
    expect(usesOf(after(once, 28 * DAY_MS, ['a', 'b']))).toEqual([
      ['a', 2, 1.5],
      ['b', 1, 1],
    ]);
  });

  it('remembers the first use, all events, and which of the last days it was', () => {
    const often = [0, 5, DAY_MS, 9 * DAY_MS + 5, 3 * DAY_MS].reduce((state, hourMs) => after(state, hourMs, ['a']), enrolled);
    expect(usesIn(often, AAA)).toEqual([
      expect.objectContaining({ firstMs: 0, lastMs: 9 * DAY_MS + 5, events: 5, days: 3, recentDays: 0b1101000001 }),
    ]);
  });

  it('keeps courses apart, and forgets that of no course', () => {
    const both = after(after(enrolled, 0, ['a']), HOUR_MS, ['b'], 'BBB-2024J');
    expect([usesOf(both), usesOf(both, BBB)]).toEqual([[['a', 1, 1]], [['b', 1, 1]]]);
  });

  it('counts an hour that comes too late, and does not move the last use back', () => {
    const late = after(after(enrolled, 3 * DAY_MS, ['a']), 0, ['a', 'b']);
    expect(usesIn(late, AAA).map(({ item, lastMs }) => [item, lastMs])).toEqual([
      ['a', 3 * DAY_MS],
      ['b', 0],
    ]);
  });

  it('keeps the 400 items of a course that were used last', () => {
    let state = enrolled;
    for (let day = 0; day < 5; day++)
      state = after(
        state,
        day * DAY_MS,
        Array.from({ length: 100 }, (_, n) => `${day}-${n}`),
      );
    const kept = usesIn(state, AAA).map(({ item }) => item[0]);
    expect([kept.length, new Set(kept)]).toEqual([400, new Set(['1', '2', '3', '4'])]);
  });

  it('never changes a state that was there', () => {
    const before = after(enrolled, 0, ['a', 'b']);
    const kept = structuredClone(before);
    withMastery(after(before, DAY_MS, ['a', 'c']), masteryOf('ada', DAY_MS, { algebra: 0.5 })[0]);
    expect(before).toEqual(kept);
  });

  it('forgets all but the context when consent is withdrawn, and takes nothing in without it', () => {
    const known = withMastery(after(enrolled, 0, ['a']), masteryOf('ada', 0, { algebra: 0.5 })[0]);
    const refused = withContext(known, contextOf('ada', DAY_MS, { consent: false })[0]);
    expect(refused).toEqual({ ...initialLearnerState, context: refused.context });
    expect(after(refused, DAY_MS, ['b'])).toBe(refused);
    expect(withMastery(refused, masteryOf('ada', DAY_MS, { algebra: 0.5 })[0])).toBe(refused);
    expect(withFeatures(refused, dayEndOf('ada', DAY_MS)[0])).toBe(refused);
  });

  it('takes in what a learner does before the first context', () => {
    expect(usesOf(after(initialLearnerState, 0, ['a']))).toEqual([['a', 1, 1]]);
  });

  it('knows how busy the learner was up to the last midnight; a day later nothing is left of it', () => {
    const state = withFeatures(enrolled, dayEndOf('ada', DAY_MS)[0]);
    expect(engagementAt(state, DAY_MS - 1)).toMatchObject({ events1d: 0, events28d: 1 });
    expect(engagementAt(state, 2 * DAY_MS - 1)).toMatchObject({ events28d: 1 });
    expect(engagementAt(state, 2 * DAY_MS)).toEqual({ events1d: 0, events7d: 0, events28d: 0 });
    expect(engagementAt(enrolled, 0)).toEqual({ events1d: 0, events7d: 0, events28d: 0 });
  });
});

describe('the look-ups of a decision', () => {
  const ofTwo = (segment: string | null, consent = true): LearnerState =>
    withContext(initialLearnerState, contextOf('ada', 0, { courses: [AAA, BBB], segment, consent })[0]);

  it('are the trend and the curriculum of each course', () => {
    expect([lookupKeys.trends(ofTwo(null)), lookupKeys.curricula(ofTwo(null))]).toEqual([
      [AAA, BBB],
      [AAA, BBB],
    ]);
    expect([lookupKeys.trends(initialLearnerState), lookupKeys.segments(initialLearnerState)]).toEqual([[], []]);
  });

  it('are lists of segments for every course, whatever the learner has done there', () => {
    expect(lookupKeys.segments(ofTwo('he'))).toEqual(['AAA-2024J|he', 'AAA-2024J|all', 'BBB-2024J|he', 'BBB-2024J|all']);
    expect(lookupKeys.segments(after(ofTwo('he'), 0, ['a']))).toEqual(['AAA-2024J|he', 'AAA-2024J|all', 'BBB-2024J|he', 'BBB-2024J|all']);
  });

  it('are the list of the whole course alone for a learner who does not agree to profiling', () => {
    expect(lookupKeys.segments(ofTwo('he', false))).toEqual(['AAA-2024J|all', 'BBB-2024J|all']);
  });
});
