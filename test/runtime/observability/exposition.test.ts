/** The parser of the tests is strict: what it lets pass, Prometheus reads. */
import { describe, expect, it } from 'vitest';
import { familiesOf, valueOf } from './exposition.js';

const HEAD = '# HELP a_total Some.\n# TYPE a_total counter\n';
const HISTOGRAM = '# HELP h_seconds How long.\n# TYPE h_seconds histogram\n';

describe('the text format', () => {
  it('has metrics with their series', () => {
    const text = `${HEAD}a_total{x="1",y="a\\"b\\\\c\\nd"} 2\na_total{x="2"} 1e3\n`;
    const families = familiesOf(text);
    expect(families.get('a_total')!.samples).toEqual([
      { name: 'a_total', labels: { x: '1', y: 'a"b\\c\nd' }, value: 2 },
      { name: 'a_total', labels: { x: '2' }, value: 1_000 },
    ]);
    expect(valueOf(families, 'a_total', { x: '2' })).toBe(1_000);
    expect(() => valueOf(families, 'a_total')).toThrow('is there 2 times');
  });

  it.each([
    ['a line without an end', `${HEAD}a_total 1`],
    ['a sample before its type', 'a_total 1\n'],
    ['a metric without help', '# TYPE a_total counter\na_total 1\n'],
    ['a type twice', `${HEAD}a_total 1\n# TYPE a_total counter\n`],
    ['a sample of another metric', `${HEAD}b_total 1\n`],
    ['a series twice', `${HEAD}a_total{x="1"} 1\na_total{x="1"} 2\n`],
    ['a counter below 0', `${HEAD}a_total -1\n`],
    ['no number', `${HEAD}a_total one\n`],
    ['a label that is not closed', `${HEAD}a_total{x="1} 1\n`],
    ['a label twice', `${HEAD}a_total{x="1",x="2"} 1\n`],
    ['a histogram without infinity', `${HISTOGRAM}h_seconds_bucket{le="1"} 1\nh_seconds_sum 1\nh_seconds_count 1\n`],
    [
      'a histogram whose buckets descend',
      `${HISTOGRAM}h_seconds_bucket{le="1"} 2\nh_seconds_bucket{le="+Inf"} 1\nh_seconds_sum 1\nh_seconds_count 1\n`,
    ],
    ['a histogram whose count differs', `${HISTOGRAM}h_seconds_bucket{le="+Inf"} 1\nh_seconds_sum 1\nh_seconds_count 2\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => familiesOf(text)).toThrow();
  });

  it('takes a whole histogram', () => {
    const text = `${HISTOGRAM}h_seconds_bucket{le="1"} 1\nh_seconds_bucket{le="+Inf"} 3\nh_seconds_sum 9\nh_seconds_count 3\n`;
    expect(familiesOf(text).get('h_seconds')!.samples).toHaveLength(4);
  });
});
