/** Gates that score: through the code that serves, on the thread that serves. */
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import type { FeatureSet } from '../../../operators/features/declarations.js';
import { LISTS, type FeatureMatrix, type ListName, type Ranker } from '../../../operators/ports/ranker.js';
import { jsonOf, type Bundle } from '../../../runtime/models/bundle.js';
import { openModels } from '../../../runtime/models/index.js';
import { checked, failedClosed, skipped, type GateCheck } from './gate.js';
import type { Bounds } from './thresholds.js';

const PARITY = 'parity.json';

/** What serving is told besides the bundle. */
export interface ServingOptions {
  readonly region: string;
  /** The features that this version computes, by default. */
  readonly featureSet?: FeatureSet;
}

/** Rows, and the scores that the trainer gave them. */
type Parity = Readonly<Record<ListName, readonly number[]>> & { readonly features: readonly (readonly number[])[] };

/** Whether a run could serve the bundle; its scores are those of the trainer; it is fast enough. */
export async function servingGates(bundle: Bundle, options: ServingOptions, bounds: Bounds): Promise<GateCheck[]> {
  const unserved = (reason: string): GateCheck[] => [
    failedClosed('serving', reason),
    failedClosed('parity', 'nothing can be scored with it'),
    failedClosed('latency', 'nothing can be scored with it'),
  ];
  if (bundle.manifest.featureSet === null) return unserved('it has no rankers: the formula would rank');
  try {
    await using models = await openModels(bundle.folder, options);
    const { ranker } = models.at(bundle.manifest.trainedUntilMs);
    const serving = checked('serving', true, { value: ranker.version, bound: null, reason: 'a run can open it' });
    return [serving, parityGate(bundle, ranker, bounds), latencyGate(ranker, bounds)];
  } catch (error) {
    return unserved(`a run would refuse it: ${errorCodeOf(error)}: ${errorMessageOf(error)}`);
  }
}

/** Serving gives the rows of `parity.json` the scores that the trainer gave them, or puts them in the same order. */
export function parityGate(bundle: Bundle, ranker: Ranker, bounds: Bounds): GateCheck {
  let parity: unknown;
  try {
    parity = jsonOf(bundle, PARITY);
  } catch (error) {
    return failedClosed('parity', errorMessageOf(error));
  }
  if (parity === null) return skipped('parity', `the bundle has no ${PARITY}: it was trained before there was one`);
  const columns = ranker.featureSet.declarations.length;
  if (!isParity(parity, columns)) return failedClosed('parity', `${PARITY} has not some rows of ${columns} features with a score for each list`);
  const matrix = matrixOf(parity.features, columns);
  const scores = ranker.score(matrix);
  const found = LISTS.map((list) => differenceOf(parity[list], Array.from(scores[list].subarray(0, matrix.rows))));
  const largest = Math.max(...found.map(({ largest: one }) => one));
  const isEqual = found.every((one) => one.largest <= bounds.parity || one.isSameOrder);
  const reason = `largest difference over ${matrix.rows} rows and both lists; rows ${found.every((one) => one.isSameOrder) ? '' : 'not '}in the same order`;
  return checked('parity', isEqual, { value: largest, bound: bounds.parity, reason });
}

function isParity(value: unknown, columns: number): value is Parity {
  const { features, next, new: fresh } = (value ?? {}) as Partial<Parity>;
  const areNumbers = (list: unknown, length: number): boolean => Array.isArray(list) && list.length === length && list.every(Number.isFinite);
  if (!Array.isArray(features) || features.length === 0) return false;
  return features.every((row) => areNumbers(row, columns)) && [next, fresh].every((list) => areNumbers(list, features.length));
}

function matrixOf(rows: readonly (readonly number[])[], columns: number): FeatureMatrix {
  return { rows: rows.length, columns, values: Float32Array.from(rows.flat()) };
}

/** How far scores are from those expected, and whether they put rows in the same order, ties included. */
function differenceOf(expected: readonly number[], found: readonly number[]): { readonly largest: number; readonly isSameOrder: boolean } {
  const far = expected.map((score, row) => Math.abs(found[row]! - score) / Math.max(1, Math.abs(score)));
  const order = [...found.keys()].sort((a, b) => found[b]! - found[a]!);
  const isSameOrder = order.slice(1).every((row, at) => Math.sign(expected[order[at]!]! - expected[row]!) === Math.sign(found[order[at]!]! - found[row]!));
  // A score that is no number is far from any.
  return { largest: Math.max(...far.map((one) => (Number.isNaN(one) ? Infinity : one))), isSameOrder };
}

/** As many as a decision weighs, at most. */
const ROWS = 200;
const CALLS = 100;
/** Of some rounds the best: another process's turn is not the model's. */
const ROUNDS = 3;
const SLOWEST = 0.99;

/** Scoring takes no longer than it may. */
export function latencyGate(ranker: Ranker, bounds: Bounds): GateCheck {
  const columns = ranker.featureSet.declarations.length;
  // What the values are hardly matters to trees; they only should not all be alike.
  const values = Float32Array.from({ length: ROWS * columns }, (_, at) => (at * 7919) % 101);
  const matrix = { rows: ROWS, columns, values };
  const round = (): number => percentile(Float64Array.from({ length: CALLS }, () => elapsedMs(() => ranker.score(matrix))));
  round();
  const p99 = Math.min(...Array.from({ length: ROUNDS }, round));
  const reason = `ms, 99th percentile of scoring ${ROWS} rows for both lists, the best of ${ROUNDS} times ${CALLS}`;
  return checked('latency', p99 <= bounds.latency, { value: Number(p99.toFixed(3)), bound: bounds.latency, reason });
}

function elapsedMs(work: () => unknown): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

const percentile = (values: Float64Array): number => values.sort()[Math.ceil(SLOWEST * values.length) - 1]!;
