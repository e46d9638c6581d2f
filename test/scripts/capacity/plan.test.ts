import { describe, expect, it } from 'vitest';
import { topics } from '../../../schemas/index.js';
import { COSTS } from '../../../scripts/capacity/costs.js';
import { planCapacity, type Plan } from '../../../scripts/capacity/plan.js';
import { FIGURE_NAMES, figureText } from '../../../scripts/capacity/planText.js';

const valueOf = (plan: Plan, name: keyof Plan): number => plan[name].value;

describe('a plan of capacity', () => {
  const plan = planCapacity({ eventsPerDay: 50e6, learners: 10e6 });

  it('is what the formulae give, reckoned by hand', () => {
    expect(valueOf(plan, 'peakEvents')).toBeCloseTo((50e6 * 5) / 86_400, 6);
    // 0.66 decisions of ten million learners within an hour, at 3.73 ms, with four tenths of a core left free.
    expect(valueOf(plan, 'closingCores')).toBeCloseTo(((10e6 * 0.66) / 3_600) * 0.00373, 6);
    expect(valueOf(plan, 'workers')).toBe(Math.ceil(6.838333 / 0.6));
    expect(valueOf(plan, 'logBytesPerDay')).toBeCloseTo(50e6 * (119 + 105 + 76) + 10e6 * 1.66 * 1_194, 0);
    expect(valueOf(plan, 'redisPerLearner')).toBeCloseTo(1_440 + 100 * 67 + 8.5 * 90 + 2.1 * 150, 6);
    expect(valueOf(plan, 'brokers')).toBe(7);
    // 2,894 events/s at 83 µs are a quarter of a core.
    expect(valueOf(plan, 'gateways')).toBe(1);
  });

  it('keeps a list of a learner within 2 KB', () => {
    expect(COSTS.recommendationBytes.value).toBeLessThanOrEqual(2_048);
  });

  it('fits the partitions of the catalogue at the load that the project is made for', () => {
    expect(valueOf(plan, 'workers')).toBeLessThanOrEqual(topics.clicks.partitions);
    expect(valueOf(plan, 'partitions')).toBe(topics.clicks.partitions);
  });

  it('asks for more partitions where more workers must share the work', () => {
    const larger = planCapacity({ eventsPerDay: 500e6, learners: 100e6 });
    expect(valueOf(larger, 'workers')).toBeGreaterThan(topics.clicks.partitions);
    expect(valueOf(larger, 'partitions')).toBeGreaterThanOrEqual(valueOf(larger, 'workers'));
    expect(valueOf(larger, 'partitions') % 12).toBe(0);
    expect(valueOf(larger, 'gateways')).toBe(Math.ceil((500e6 * 5 * 83e-6) / 86_400 / 0.6));
  });

  it('never falls below what survives the loss of one', () => {
    const smallest = planCapacity({ eventsPerDay: 1, learners: 1 });
    expect(['workers', 'brokers', 'readers', 'redisNodes'].map((name) => valueOf(smallest, name as keyof Plan))).toEqual([2, 3, 3, 2]);
  });

  it('grows with each of the two numbers', () => {
    const more = [planCapacity({ eventsPerDay: 100e6, learners: 10e6 }), planCapacity({ eventsPerDay: 50e6, learners: 20e6 })];
    for (const one of more) {
      for (const name of Object.keys(plan) as (keyof Plan)[]) expect(valueOf(one, name), name).toBeGreaterThanOrEqual(valueOf(plan, name));
      expect(valueOf(one, 'brokerDisk')).toBeGreaterThan(valueOf(plan, 'brokerDisk'));
    }
  });

  it.each([0, -1, NaN, Infinity])('refuses %s events', (eventsPerDay) => {
    expect(() => planCapacity({ eventsPerDay, learners: 1 })).toThrow(RangeError);
  });
});

describe('the formulae of a plan', () => {
  const plan = planCapacity({ eventsPerDay: 50e6, learners: 10e6 });
  /** Words of a formula that name nothing. */
  const WORDS = /\b(max|rounded|up|one|core|each|multiple|least|the|of|to|at|and|a|not|compressed|catalogue|row|record|replica|on|disk|reader|s)\b/g;

  it.each(Object.entries(plan))('name costs, loads and figures alone: %s', (_, { formula }) => {
    const names = formula.replace(WORDS, '').match(/[a-z]\w+/gi) ?? [];
    const known = [...Object.keys(COSTS), ...Object.keys(plan), 'eventsPerDay', 'learners'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });

  it('use every cost', () => {
    const all = Object.values(plan).map(({ formula }) => formula);
    expect(Object.keys(COSTS).filter((name) => !all.some((formula) => formula.includes(name)))).toEqual([]);
  });

  it('have names for people', () => {
    expect(Object.keys(FIGURE_NAMES)).toEqual(Object.keys(plan));
  });
});

describe('a figure as text', () => {
  it.each([
    [{ value: 98.5e9, unit: 'bytes' }, '98.5 GB'],
    [{ value: 3.7e6, unit: 'bytes/s' }, '3.7 MB/s'],
    [{ value: 6.838, unit: 'cores' }, '6.8 cores'],
    [{ value: 2_893.5, unit: 'events/s' }, '2,894 events/s'],
    [{ value: 357, unit: 'seconds' }, '5 min 57 s'],
    [{ value: 1_200, unit: 'brokers' }, '1,200'],
  ] as const)('%o is %s', (figure, text) => {
    expect(figureText({ ...figure, formula: '' })).toBe(text);
  });
});
