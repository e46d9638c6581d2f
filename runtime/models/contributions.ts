import type { FeatureMatrix } from '../../operators/ports/ranker.js';
import { damaged } from './manifest.js';

/** The trees of a ranker, one after the other: those of the ONNX file, with the expected score at each node. */
interface Forest {
  readonly bias: number;
  readonly roots: Int32Array;
  /** Column that a node splits on; -1 for leaves. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly defaultLeft: Uint8Array;
  readonly value: Float64Array;
}

/** What the features of a row added to its score, by column. */
export interface Contributions {
  /** The score where nothing is known of a row: with the contributions it makes the row's score. */
  readonly base: number;
  /** The caller reads them before the next call. */
  of(matrix: FeatureMatrix, row: number): Float64Array;
}

/** A tree as training writes it: one array a property, node 0 is the root. */
interface Tree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly value: readonly number[];
  readonly defaultLeft: readonly (number | boolean)[];
}

/**
 * Contributions by the path of a row through each tree: each step adds to the feature that it splits on by how much it changes the expected
 * score. Exact in sum, and as cheap as scoring.
 *
 * @see A. Saabas, "Interpreting random forests", 2014, http://blog.datadive.net/interpreting-random-forests/
 * @throws SFS_MODEL_DAMAGED with the file, and the number of the tree
 */
export function readContributions(path: string, json: unknown, columns: number): Contributions {
  const forest = readForest(path, json, columns);
  const contributions = new Float64Array(columns);
  let base = forest.bias;
  for (const root of forest.roots) base += forest.value[root]!;
  return {
    base,
    of: ({ values, columns: width }, row) => {
      contributions.fill(0);
      for (const root of forest.roots) follow(forest, root, values, row * width, contributions);
      return contributions;
    },
  };
}

function follow(
  { feature, threshold, left, right, defaultLeft, value }: Forest,
  root: number,
  values: Float32Array,
  at: number,
  into: Float64Array,
): void {
  for (let node = root; feature[node]! >= 0;) {
    const column = feature[node]!;
    const x = values[at + column]!;
    const isLeft = Number.isNaN(x) ? defaultLeft[node]! === 1 : x <= threshold[node]!;
    const child = isLeft ? left[node]! : right[node]!;
    into[column]! += value[child]! - value[node]!;
    node = child;
  }
}

function readForest(path: string, json: unknown, columns: number): Forest {
  const { bias, trees } = (json ?? {}) as { bias?: unknown; trees?: unknown };
  if (typeof bias !== 'number' || !Array.isArray(trees)) throw damaged(path, 'it has no bias, or no trees');
  const bad = trees.findIndex((tree) => !isTree(tree as Tree, columns));
  if (bad >= 0) throw damaged(path, `tree ${bad} is none`);
  const all = trees as readonly Tree[];
  const offsets = new Int32Array(all.length);
  let nodes = 0;
  all.forEach((tree, at) => {
    offsets[at] = nodes;
    nodes += tree.feature.length;
  });
  const of = (property: keyof Tree): number[] => all.flatMap((tree) => tree[property].map(Number));
  const moved = (property: 'left' | 'right'): number[] => all.flatMap((tree, at) => tree[property].map((node) => node + offsets[at]!));
  return {
    bias,
    roots: offsets,
    feature: Int32Array.from(of('feature')),
    threshold: Float64Array.from(of('threshold')),
    left: Int32Array.from(moved('left')),
    right: Int32Array.from(moved('right')),
    defaultLeft: Uint8Array.from(of('defaultLeft')),
    value: Float64Array.from(of('value')),
  };
}

/** Children come behind their parent, so that every path ends. */
function isTree(tree: Tree, columns: number): boolean {
  const properties = ['feature', 'threshold', 'left', 'right', 'value', 'defaultLeft'] as const;
  const nodes = tree?.feature?.length ?? 0;
  if (nodes === 0 || !properties.every((property) => Array.isArray(tree[property]) && tree[property].length === nodes)) return false;
  return tree.feature.every((feature, node) => {
    if (feature === -1) return Number.isFinite(tree.value[node]);
    const isInside = (child: number): boolean => Number.isInteger(child) && child > node && child < nodes;
    return Number.isInteger(feature) && feature >= 0 && feature < columns && isInside(tree.left[node]!) && isInside(tree.right[node]!);
  });
}
