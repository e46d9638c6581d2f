import { describe, expect, it } from 'vitest';
import type { ComparedList, Comparison, Measured, MeasuredGroup } from '../../../../scripts/models/gates/comparison.js';
import type { GateCheck, GateName } from '../../../../scripts/models/gates/gate.js';
import { statisticalGates } from '../../../../scripts/models/gates/statisticalGates.js';
import { boundsWith, type Bounds } from '../../../../scripts/models/gates/thresholds.js';
import { measured } from './measured.js';

const group = (value: string, of: Measured | null): MeasuredGroup => ({ attribute: 'education', value, measured: of });
const BETTER = measured(0.04, 0.01, 0.07);
const LIST: ComparedList = { measured: BETTER, groups: [group('school', BETTER), group('degree', measured(-0.02, -0.09, 0.05))], smallGroups: 1 };

/** What Python says where all is well. */
const FINE: Comparison = {
  candidate: 'ranker@1',
  opponent: 'ranker@0',
  fromMs: 0,
  untilMs: 1,
  knownUntilMs: 2,
  decisions: 300,
  labelled: 250,
  lists: { next: LIST, new: LIST },
  inputs: [
    { name: 'opened', type: 'flag', psi: 0.01 },
    { name: 'cohort_age', type: 'duration', psi: 9 },
    { name: 'cohort_events_7d', type: 'count', psi: 0.05 },
  ],
  scores: { next: 0.05, new: 0.1 },
};

function checksOf(change: Partial<Comparison>, bounds: Bounds = boundsWith()): Record<GateName, GateCheck> {
  const checks = statisticalGates({ ...FINE, ...change }, bounds);
  return Object.fromEntries(checks.map((check) => [check.name, check])) as Record<GateName, GateCheck>;
}

const withNew = (change: Partial<ComparedList>): Partial<Comparison> => ({ lists: { next: LIST, new: { ...LIST, ...change } } });

describe('gates over a comparison', () => {
  it('pass where all is well', () => {
    expect(Object.values(checksOf({})).map(({ name, status }) => [name, status])).toEqual([
      ['decisions', 'passed'],
      ['quality-next', 'passed'],
      ['quality-new', 'passed'],
      ['groups', 'passed'],
      ['inputs', 'passed'],
      ['scores', 'passed'],
    ]);
  });

  it('want decisions enough, in the list that has fewer', () => {
    expect(checksOf(withNew({ measured: measured(0, 0, 0, 49) })).decisions).toMatchObject({ status: 'failed', value: 49, bound: 50 });
    expect(checksOf(withNew({ measured: null })).decisions).toMatchObject({ status: 'failed', value: 0 });
  });

  it('fail a list that may be worse by more than the bound, and only that one', () => {
    const checks = checksOf(withNew({ measured: measured(-0.01, -0.051, 0.01) }));
    expect(checks['quality-new']).toMatchObject({ status: 'failed', value: -0.051, bound: -0.05 });
    expect(checks['quality-new'].reason).toContain('-1.0 % (-5.1 % to +1.0 %)');
    expect(checks['quality-next'].status).toBe('passed');
    expect(checksOf(withNew({ measured: measured(-0.01, -0.05, 0.01) }))['quality-new'].status).toBe('passed');
    expect(checksOf({}, boundsWith({ quality: 0.02 }))['quality-next'].status).toBe('failed');
  });

  it('fail closed where a list was not measured, or its interval has no end', () => {
    expect(checksOf(withNew({ measured: null }))['quality-new']).toMatchObject({ status: 'failed', value: null });
    expect(checksOf(withNew({ measured: { ...BETTER, low: null } }))['quality-new'].status).toBe('failed');
  });

  it('fail where a group of either list lost, although all together gained', () => {
    const checks = checksOf(withNew({ groups: [...LIST.groups, group('none', measured(-0.2, -0.3, -0.1))] }));
    expect(checks['quality-new'].status).toBe('passed');
    expect(checks.groups).toMatchObject({ status: 'failed', value: -0.2, bound: -0.05 });
    expect(checks.groups.reason).toContain('1 of 5 groups worse');
    expect(checks.groups.reason).toContain('new, education none: NDCG@10 0.4800 against 0.6000, -20.0 %');
  });

  it('forgive a group a loss that may be chance, or is small', () => {
    expect(checksOf(withNew({ groups: [group('few', measured(-0.2, -0.5, 0.1))] })).groups.status).toBe('passed');
    expect(checksOf(withNew({ groups: [group('many', measured(-0.04, -0.045, -0.035))] })).groups.status).toBe('passed');
  });

  it('fail closed where no group can be measured', () => {
    const none = { ...LIST, groups: [], smallGroups: 4 };
    expect(checksOf({ lists: { next: none, new: none } }).groups).toMatchObject({ status: 'failed', reason: expect.stringContaining('8 are too small') as string });
    expect(checksOf(withNew({ groups: [group('odd', null)] })).groups).toMatchObject({ status: 'failed', value: null });
  });

  it('fail where more features have moved than may, durations left out', () => {
    const inputs = [0.1, 0.2, 0.26, 0.3].map((psi, at) => ({ name: `feature-${at}`, type: 'count', psi }));
    expect(checksOf({ inputs: [...inputs, ...FINE.inputs!] }).inputs).toMatchObject({ status: 'passed', value: Number((2 / 6).toFixed(4)) });
    const moved = checksOf({ inputs: [...inputs.slice(2), ...FINE.inputs!.slice(1)] }).inputs;
    expect(moved).toMatchObject({ status: 'failed', value: Number((2 / 3).toFixed(4)) });
    expect(moved.reason).toContain('feature-3 0.30, feature-2 0.26');
    expect(moved.reason).not.toContain('cohort_age');
  });

  it('fail where the scores of a list have moved', () => {
    expect(checksOf({ scores: { next: 0.1, new: 0.51 } }).scores).toMatchObject({ status: 'failed', value: 0.51, bound: 0.5 });
  });

  it('skip drift of a bundle that has nothing to compare with, and say so', () => {
    const checks = checksOf({ inputs: null, scores: null });
    for (const name of ['inputs', 'scores'] as const)
      expect(checks[name]).toMatchObject({ status: 'skipped', reason: expect.stringContaining('no reference.json') as string });
  });
});
