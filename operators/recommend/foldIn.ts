import type { ItemFactors } from '../ports/retrieval.js';

/**
 * Factors of a learner from what they used: the x that minimises the sum over all items of c (p - x·y)² plus lambda |x|², where an item that was
 * used has p = 1 and confidence c = 1 + alpha * weight, and any other p = 0 and c = 1. With the item factors Y that is
 * (YᵀY + Yᵀ(C - I)Y + lambda I) x = YᵀCp, of which YᵀY is known beforehand: O(k² n + k³) for n uses and k dimensions.
 *
 * @see Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008), section 4
 * @param rows - of the items in the matrix; what is less than 0 is passed over
 * @param weights - of their uses, 0 or more
 */
export function foldIn(factors: ItemFactors, rows: Int32Array, weights: Float64Array): Float64Array {
  const { dimensions: k, regularisation, alpha, matrix, gram } = factors;
  const system = Float64Array.from(gram);
  for (let d = 0; d < k; d++) system[d * k + d]! += regularisation;
  const solution = new Float64Array(k);
  for (let n = 0; n < rows.length; n++) {
    if (rows[n]! >= 0) addUse(system, solution, matrix, rows[n]! * k, alpha * weights[n]!);
  }
  solveInPlace(system, solution);
  return solution;
}

/** Adds the outer product of an item's factors, as heavy as its confidence exceeds 1: below the diagonal, which is all that the solver reads. */
function addUse(system: Float64Array, right: Float64Array, matrix: Float32Array, at: number, excess: number): void {
  const k = right.length;
  for (let row = 0; row < k; row++) {
    const factor = matrix[at + row]!;
    right[row]! += (1 + excess) * factor;
    const weighted = excess * factor;
    for (let column = 0; column <= row; column++) system[row * k + column]! += weighted * matrix[at + column]!;
  }
}

/** Solves A x = b for a symmetric, positive definite A by its Cholesky factors; A is read below the diagonal, b becomes x. */
function solveInPlace(a: Float64Array, b: Float64Array): void {
  const k = b.length;
  for (let row = 0; row < k; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = a[row * k + column]!;
      for (let d = 0; d < column; d++) sum -= a[row * k + d]! * a[column * k + d]!;
      a[row * k + column] = row === column ? Math.sqrt(sum) : sum / a[column * k + column]!;
    }
  }
  for (let row = 0; row < k; row++) {
    let sum = b[row]!;
    for (let d = 0; d < row; d++) sum -= a[row * k + d]! * b[d]!;
    b[row] = sum / a[row * k + row]!;
  }
  for (let row = k - 1; row >= 0; row--) {
    let sum = b[row]!;
    for (let d = row + 1; d < k; d++) sum -= a[d * k + row]! * b[d]!;
    b[row] = sum / a[row * k + row]!;
  }
}
