import { describe, expect, it } from 'vitest';
import type { ComparedList, Comparison, Measured } from '../../../../scripts/models/gates/comparison.js';
import { groupRows, groupsText } from '../../../../scripts/models/gates/groupRows.js';
import { groupsGate } from '../../../../scripts/models/gates/statisticalGates.js';
import { boundsWith } from '../../../../scripts/models/gates/thresholds.js';
import { measured } from './measured.js';

const listOf = (groups: Readonly<Record<string, Measured | null>>): ComparedList => ({
  measured: measured(0.04, 0.01, 0.07),
  groups: Object.entries(groups).map(([value, of]) => ({ attribute: 'education', value, measured: of })),
  smallGroups: 1,
});
const LISTS = {
  next: listOf({ school: measured(0.02, -0.01, 0.05), degree: measured(-0.2, -0.3, -0.1), none: null }),
  new: listOf({ school: measured(-0.06, -0.2, 0.01) }),
};
const COMPARISON = { lists: LISTS } as unknown as Comparison;

describe('the rows of a comparison', () => {
  it('are the groups of both lists, the least good first, with what the gate says of each', () => {
    const rows = groupRows(COMPARISON, boundsWith());
    expect(rows.map(({ list, value, isWorse }) => [list, value, isWorse])).toEqual([
      ['next', 'none', true],
      ['next', 'degree', true],
      ['new', 'school', false],
      ['next', 'school', false],
    ]);
    expect(groupsGate(COMPARISON, boundsWith()).reason).toContain(`${rows.filter(({ isWorse }) => isWorse).length} of ${rows.length} groups worse`);
  });

  it('are a table that people can read', () => {
    const [text] = groupsText(groupRows(COMPARISON, boundsWith()));
    const lines = text!.split('\n');
    expect(lines[0]).toBe('by group of learners, the least good first:');
    expect(lines.find((line) => line.includes('degree'))!.split(/ {2,}/)).toEqual([
      'next',
      'education degree',
      '60',
      '200',
      '0.4800',
      '0.6000',
      '-20.0 %',
      '-30.0 % to -10.0 %',
      'worse',
    ]);
    expect(lines.find((line) => line.includes('none'))).toMatch(/not measurable$/);
    expect(groupsText([])).toEqual([]);
  });
});
