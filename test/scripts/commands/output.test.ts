import { describe, expect, it } from 'vitest';
import { secondsText } from '../../../scripts/commands/output.js';

describe('a span of time for people', () => {
  it.each([
    [0.0123, '12 ms'],
    [59.94, '59.9 s'],
    [59.96, '1 min 0 s'],
    [119.7, '2 min 0 s'],
    [3599.6, '1 h 0 min'],
    [7199, '2 h 0 min'],
    [Infinity, 'unknown'],
  ])('%d s is %s', (seconds, text) => {
    expect(secondsText(seconds)).toBe(text);
  });
});
