/** A linear item-to-item model in closed form: the strongest of the simple baselines that learn from all that was ever used. */

/**
 * Weight of the squared norm. The paper chose among 200 to 1,000 for data of 100,000 users and more; courses have some hundreds or thousands
 * of learners.
 */
const REGULARISATION = 100;

/** Scores of all items for what a learner has used. */
export type ItemScorer = (used: readonly string[]) => ReadonlyMap<string, number>;

/**
 * Fits EASE to what each learner used, each item once: B = I - P diag(1 / P), P = (XᵀX + λI)⁻¹, X = 1 where a learner used an item; the score of an item is the sum of its weights
 * over what was used. Cost: items³.
 *
 * @see Steck: Embarrassingly Shallow Autoencoders for Sparse Data (WWW 2019)
 */
export function fitEase(used: readonly (readonly string[])[]): ItemScorer {
  const items = [...new Set(used.flat())].sort();
  const numbers = new Map(items.map((item, number) => [item, number]));
  const inverse = inverseOf(gramOf(used, numbers), items.length);
  return (taken) => {
    const scores = new Float64Array(items.length);
    for (const item of taken) {
      const from = numbers.get(item)!;
      for (let to = 0; to < items.length; to++) {
        if (to !== from) scores[to]! -= inverse[from * items.length + to]! / inverse[to * items.length + to]!;
      }
    }
    return new Map(items.map((item, number) => [item, scores[number]!]));
  };
}

function gramOf(used: readonly (readonly string[])[], numbers: ReadonlyMap<string, number>): Float64Array {
  const size = numbers.size;
  const gram = new Float64Array(size * size);
  for (const one of used) {
    const own = one.map((item) => numbers.get(item)!);
    for (const a of own) for (const b of own) gram[a * size + b]!++;
  }
  for (let at = 0; at < size; at++) gram[at * size + at]! += REGULARISATION;
  return gram;
}

/** The inverse of a symmetric positive definite matrix, by its Cholesky factor: A = LLᵀ, A⁻¹ = L⁻ᵀL⁻¹. */
function inverseOf(matrix: Float64Array, size: number): Float64Array {
  const inverted = invertedFactor(factorOf(matrix, size), size);
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = 0;
      for (let k = row; k < size; k++) sum += inverted[k * size + row]! * inverted[k * size + column]!;
      inverse[row * size + column] = inverse[column * size + row] = sum;
    }
  }
  return inverse;
}

/** Lower triangle L with A = LLᵀ. */
function factorOf(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = matrix[row * size + column]!;
      for (let k = 0; k < column; k++) rest -= factor[row * size + k]! * factor[column * size + k]!;
      factor[row * size + column] = row === column ? Math.sqrt(rest) : rest / factor[column * size + column]!;
    }
  }
  return factor;
}

/** The inverse of a lower triangle. */
function invertedFactor(factor: Float64Array, size: number): Float64Array {
  const inverted = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    inverted[column * size + column] = 1 / factor[column * size + column]!;
    for (let row = column + 1; row < size; row++) {
      let sum = 0;
      for (let k = column; k < row; k++) sum += factor[row * size + k]! * inverted[k * size + column]!;
      inverted[row * size + column] = -sum / factor[row * size + row]!;
    }
  }
  return inverted;
}
