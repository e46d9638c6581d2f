import { describe, expect, it } from 'vitest';
import { choosesDay, choosesPresentation } from '../../../scripts/oulad/choice.js';

const DAY_0 = 16_344;
const OF = { module: 'AAA', presentation: '2014J', firstDay: DAY_0 };

describe('what is known up to a day of the calendar', () => {
  it('has a presentation from when its site opens, four weeks before its day 0, and its days up to that one', () => {
    expect(choosesPresentation({ untilEpochDay: DAY_0 - 29 }, OF)).toBe(false);
    expect(choosesPresentation({ untilEpochDay: DAY_0 - 28 }, OF)).toBe(true);
    expect([-18, -17, -16].map((date) => choosesDay({ untilEpochDay: DAY_0 - 17 }, OF, date))).toEqual([true, true, false]);
  });
});
