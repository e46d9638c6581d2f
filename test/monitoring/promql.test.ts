import { describe, expect, it } from 'vitest';
import { namesIn } from '../../scripts/monitoring/promql.js';

const names = (expression: string): [string[], string[]] => {
  const { metrics, labels } = namesIn(expression);
  return [[...metrics], [...labels]];
};

describe('the names in an expression', () => {
  it.each<[string, string[], string[]]>([
    ['up == 0', ['up'], []],
    ['up{job=~"a.+", instance!="b"} == 0', ['up'], ['job', 'instance']],
    ['sum by (topology, le) (rate(a_bucket[5m]))', ['a_bucket'], ['topology', 'le']],
    ['sum(rate(a_total{x="y{z}"}[$__rate_interval])) by (x)', ['a_total'], ['x']],
    ['a / on (job) group_left (code) b', ['a', 'b'], ['job', 'code']],
    ['a unless b offset 15m or c and d', ['a', 'b', 'c', 'd'], []],
    ['topk(10, max by (feature) (psi)) > 1e9', ['psi'], ['feature']],
    ['count(a == 0) or vector(0)', ['a'], []],
    ['time() - min by (t) (b_seconds{t=~"$t"}) * 1000', ['b_seconds'], ['t']],
    ['predict_linear(free[6h], 86400) < 0', ['free'], []],
    ['sum without (le) (a) > bool -Inf', ['a'], ['le']],
    ['job:a:rate5m', ['job:a:rate5m'], []],
  ])('are told: %s', (expression, metrics, labels) => {
    expect(names(expression)).toEqual([metrics, labels]);
  });
});
