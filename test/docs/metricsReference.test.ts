import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricDeclaration } from '../../runtime/observability/index.js';
import { metricsReference, metricsReferencePath } from '../../scripts/metricsReference/page.js';

const declared = Object.entries<MetricDeclaration>(METRICS);

describe('the metrics reference', () => {
  it('is as the declarations say: else run tsx scripts/metricsReference/page.ts', () => {
    expect(readFileSync(metricsReferencePath(), 'utf8') === metricsReference()).toBe(true);
  });
});

/** @see https://prometheus.io/docs/practices/naming/ */
describe('the name of a metric', () => {
  it.each(declared)('begins with that of the project and is in snake case: %s', (name) => {
    expect(name).toMatch(/^skillforge(_[a-z][a-z0-9]*)+$/);
  });

  it.each(declared)('ends in _total where it only grows, and only there: %s', (name, { type }) => {
    expect(name.endsWith('_total')).toBe(type === 'counter');
  });

  it.each(declared)('has no unit but base units, and an instant says so: %s', (name, { help }) => {
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|kb|mb|percent)(_|$)/);
    if (help.includes('since the epoch')) expect(name).toMatch(/_timestamp_seconds$/);
  });

  it.each(declared)('is explained: %s', (_, { help }) => {
    expect(help).toMatch(/^\S.*\.$/);
  });
});
