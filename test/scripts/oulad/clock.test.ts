import { describe, expect, it } from 'vitest';
import { clockOf } from '../../../scripts/oulad/index.js';

const COURSES = ['AAA-2013J', 'AAA-2014J', 'BBB-2013B'];
const LAST_MS = Date.UTC(2015, 5, 27);

describe('the clock of the data', () => {
  it('stands at the midnight after the last event', () => {
    expect(clockOf(COURSES, {}, LAST_MS)).toBe(Date.UTC(2015, 5, 28));
    expect(clockOf(COURSES, {}, LAST_MS + 1)).toBe(Date.UTC(2015, 5, 28));
    expect(clockOf(COURSES, {}, LAST_MS - 1)).toBe(LAST_MS);
  });

  it('stands at the midnight after the last day chosen, in the latest presentation chosen, even where nothing happened on it', () => {
    expect(clockOf(COURSES, { untilDay: 60 }, LAST_MS)).toBe(Date.UTC(2014, 9, 1 + 61));
    expect(clockOf(COURSES, { untilDay: 60, presentation: '2013J' }, LAST_MS)).toBe(Date.UTC(2013, 9, 1 + 61));
    expect(clockOf(COURSES, { untilDay: -1, module: 'BBB' }, LAST_MS)).toBe(Date.UTC(2013, 1, 1));
  });

  it('stands at the midnight after the last day of the calendar, whatever the presentations', () => {
    expect(clockOf(COURSES, { untilEpochDay: Date.UTC(2013, 10, 30) / 86_400_000 }, LAST_MS)).toBe(Date.UTC(2013, 11, 1));
  });

  it('does not stand anywhere when nothing was chosen', () => {
    expect(clockOf(COURSES, {}, -Infinity)).toBeNull();
    expect(clockOf(COURSES, { untilDay: 60, module: 'ZZZ' }, -Infinity)).toBeNull();
    expect(clockOf([], { untilDay: 60 }, -Infinity)).toBeNull();
  });
});
