import { describe, expect, it } from 'vitest';
import { explore, type Model, type Step } from './explore.js';

/** Counts up to `end` by ones, or by twos where that goes wrong. */
const counter = (change: Partial<Model<number>> = {}): Model<number> => ({
  initial: 0,
  stepsFrom: (state) =>
    [1, 2].filter((by) => state + by <= 6).map((by): Step<number> => ({ label: `adds ${by}`, state: state + by, fault: by === 2 })),
  keyOf: (state) => String(state),
  violationOf: () => null,
  isDone: (state) => state === 6,
  describe: (state) => [`at ${state}`],
  ...change,
});

describe('exploring a model', () => {
  it('visits every state once and finds nothing wrong where nothing is', () => {
    expect(explore(counter())).toEqual({ states: 7, steps: 11, doneStates: 1, counterexample: null });
  });

  it('gives a shortest way to a violation, with what each step changes', () => {
    const { counterexample } = explore(counter({ violationOf: (state) => (state === 5 ? 'five' : null) }));
    expect(counterexample?.message).toBe('five');
    expect(counterexample?.trace).toEqual(['  1. adds 1\n       at 1', '  2. adds 2\n       at 3', '  3. adds 2\n       at 5']);
  });

  it('finds a state from which the work cannot be finished', () => {
    const stepsFrom = (state: number): Step<number>[] => (state === 4 ? [] : [...counter().stepsFrom(state)]);
    const { counterexample } = explore(counter({ stepsFrom, isDone: (state) => state === 5 }));
    expect(counterexample?.message).toMatch(/cannot be finished/);
  });

  it('lets no work depend on a fault', () => {
    const onlyByFault = (state: number): Step<number>[] =>
      counter()
        .stepsFrom(state)
        .map((step) => ({ ...step, fault: true }));
    expect(explore(counter({ stepsFrom: onlyByFault })).counterexample?.trace).toEqual([]);
  });

  it('takes states of one key for one', () => {
    expect(explore(counter({ keyOf: (state) => String(Math.floor(state / 2)) })).states).toBe(4);
  });

  it('gives up rather than half an answer', () => {
    const endless = counter({ stepsFrom: (state) => [{ label: 'adds 1', state: state + 1, fault: false }] });
    expect(() => explore(endless, 100)).toThrow('more than 100 states');
  });
});
