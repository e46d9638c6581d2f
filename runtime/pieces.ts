/** Cuts a sequence into arrays of `most` elements, in their order; the last one may be shorter, and none is empty. */
export async function* inPieces<T>(all: AsyncIterable<T>, most: number): AsyncGenerator<readonly T[]> {
  let piece: T[] = [];
  for await (const one of all) {
    piece.push(one);
    if (piece.length < most) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
