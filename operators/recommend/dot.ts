/** Product of a vector with the row of a matrix that begins at `from`; a point of one row has its row at 0. */
export function dot(vector: Float32Array | Float64Array, rows: Float32Array, from: number): number {
  let sum = 0;
  for (let d = 0; d < vector.length; d++) sum += vector[d]! * rows[from + d]!;
  return sum;
}
