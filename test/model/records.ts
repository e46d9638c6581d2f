/**
 * The input of the model task, and what it makes of it. Two rows: records of even number change the first, those of odd number the
 * second, so that a batch may write one row only, and what is lost of the other shows. A row holds the number of the last record that it took, plus
 * one; a record that does not find its predecessor spoils the row for good. Each record has one output.
 */

/** -1 is a spoilt row. */
export type Rows = readonly [number, number];

export const EMPTY_ROWS: Rows = [0, 0];

/** Rows after the records from `from` to before `to`, and whether each of them found what it should: only then its output is right. */
export function fold(before: Rows, from: number, to: number): { readonly rows: Rows; readonly right: boolean } {
  const rows: [number, number] = [...before];
  let right = true;
  for (let record = from; record < to; record++) {
    const place = record % 2;
    const found = rows[place] === Math.max(0, record - 1);
    rows[place] = found ? record + 1 : -1;
    right &&= found;
  }
  return { rows, right };
}

/** What the state must be when the first `count` records have been taken. */
export const rowsAfter = (count: number): Rows => fold(EMPTY_ROWS, 0, count).rows;

export const sameRows = (one: Rows, other: Rows): boolean => one[0] === other[0] && one[1] === other[1];
