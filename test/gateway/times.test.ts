import { describe, expect, it } from 'vitest';
import { durationOf, instantOf } from '../../gateway/xapi/times.js';

describe('an instant', () => {
  it.each([
    ['2026-01-05T00:00:00Z', '2026-01-05T00:00:00.000Z'],
    ['2026-01-05T00:00:00.1234567Z', '2026-01-05T00:00:00.123Z'],
    ['2026-01-05T02:00:00+02:00', '2026-01-05T00:00:00.000Z'],
    ['2026-01-05T02:00:00+0200', '2026-01-05T00:00:00.000Z'],
    ['2026-01-05T02:00:00+02', '2026-01-05T00:00:00.000Z'],
    ['2026-01-05T00:00', '2026-01-05T00:00:00.000Z'],
  ])('is read: %s', (text, expected) => {
    expect(new Date(instantOf(text, 'timestamp')).toISOString()).toBe(expected);
  });

  it.each(['2026-01-05', '2026-13-05T00:00:00Z', 'yesterday', '1969-12-31T00:00:00Z', '2026-01-05T25:00:00Z', 5, null])('is none: %s', (value) => {
    expect(() => instantOf(value, 'timestamp')).toThrow(expect.objectContaining({ code: 'SFS_EVENT_INVALID' }) as Error);
  });
});

describe('a duration', () => {
  it.each([
    ['PT0S', 0],
    ['PT1.25S', 1_250],
    ['PT2M', 120_000],
    ['P1DT2H3M4S', 93_784_000],
    ['P2W', 1_209_600_000],
  ])('is read: %s', (text, expected) => {
    expect(durationOf(text, 'result.duration')).toBe(expected);
  });

  it.each(['P', 'PT', 'P1Y', 'P1M', '5', 'PT-1S', 'PT99999999999999S', 7])('is none: %s', (value) => {
    expect(() => durationOf(value, 'result.duration')).toThrow(expect.objectContaining({ code: 'SFS_EVENT_INVALID' }) as Error);
  });
});
