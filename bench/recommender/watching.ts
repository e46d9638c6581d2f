/** What it costs to watch a decision for drift, beside what scoring it costs. */
import type { FeatureMatrix } from '../../operators/ports/ranker.js';
import type { Models } from '../../operators/recommend/index.js';
import type { Distribution } from '../../runtime/models/reference.js';
import { STEP } from '../../runtime/observability/drift/driftWatch.js';
import { WindowCounts, binsOf } from '../../runtime/observability/drift/windowCounts.js';
import { SeededRandom } from '../../scripts/synthetic/random.js';
import { costOf } from '../measure.js';
import { progress, type Cell, type Table } from '../report.js';
import { AT_MS } from './busyCourse.js';

const ROWS = 200;
const DECISIONS = 2_000;
const TENTHS: Distribution = { edges: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], shares: Array<number>(10).fill(0.1) };

/** Costs a decision of 200 candidates. */
export async function watching(models: Models): Promise<Table> {
  progress('watching: a decision of 200 candidates');
  const { ranker } = models.at(AT_MS);
  const columns = ranker.featureSet.declarations.length;
  const random = new SeededRandom(1);
  const matrix: FeatureMatrix = { rows: ROWS, columns, values: Float32Array.from({ length: ROWS * columns }, () => random.unit()) };
  const counts = new WindowCounts(binsOf({ features: Array<Distribution>(columns).fill(TENTHS), scores: { next: TENTHS, new: TENTHS } }));
  const scores = ranker.score(matrix);
  const works: readonly (readonly [string, () => void])[] = [
    ['scoring both lists', () => void ranker.score(matrix)],
    [`watching one row in ${STEP}, as a run does`, () => counts.add(matrix, scores, 0, STEP)],
    ['watching every row', () => counts.add(matrix, scores, 0, 1)],
  ];
  const rows: Cell[][] = [];
  for (const [name, work] of works) {
    const { cpuNs, wallNs } = await costOf(DECISIONS, () => ({ work: () => times(DECISIONS, work) }));
    rows.push([name, (cpuNs / 1e3).toFixed(1), (wallNs / 1e3).toFixed(1)]);
  }
  return { title: `Drift: ${ROWS} candidates of ${columns} features by ${ranker.version}`, columns: ['a decision', 'µs CPU', 'µs wall'], rows };
}

function times(count: number, work: () => void): void {
  for (let n = 0; n < count; n++) work();
}
