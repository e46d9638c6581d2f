/** Rows of a CSV file as ranges of bytes: text is made only of the fields that are asked for. */
import type { LineWindow } from './csvLines.js';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
/** Ten digits may be above 2^31. */
const MAX_DIGITS = 9;
/** Rows of a batch, at most: large enough to hide the cost of an asynchronous step, small enough to pause between. */
export const ROWS_PER_BATCH = 5_000;

/** What is wrong with a row, for people. */
type RowProblem = 'too few columns' | 'too many columns' | 'a quote that is not closed, or text outside of quotes';

/**
 * A batch of rows. One object per file is filled again and again: what it returns as string, number or Buffer is the
 * caller's; the batch itself is valid until the next step of the iteration.
 *
 * A row is one line: quoted fields hold commas and doubled quotes but no line breaks, so that a stray quote spoils one
 * row and not the rest of the file. An empty line is a row with too few columns.
 *
 * @typeParam C - the columns that the reader asked for
 */
export class CsvRows<C extends string> {
  /** Rows in this batch. */
  count = 0;
  readonly #width: number;
  readonly #lineStarts = new Int32Array(ROWS_PER_BATCH);
  readonly #lineEnds = new Int32Array(ROWS_PER_BATCH);
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #problems: (RowProblem | null)[] = new Array<RowProblem | null>(ROWS_PER_BATCH).fill(null);
  #bytes: Buffer = Buffer.alloc(0);
  #firstLine = 1;

  /** @param columns - place of each named column. @param width - columns of the file */
  constructor(
    readonly columns: Readonly<Record<C, number>>,
    width: number,
  ) {
    this.#width = width;
    this.#starts = new Int32Array(ROWS_PER_BATCH * width);
    this.#ends = new Int32Array(ROWS_PER_BATCH * width);
  }

  /** Takes the next lines out of the window; false when it holds no whole line. `isLast`: what is left is a line too. */
  fill(window: LineWindow, isLast: boolean): boolean {
    const bytes = (this.#bytes = window.rest);
    this.#firstLine = window.lines + 1;
    this.count = 0;
    let at = 0;
    while (this.count < ROWS_PER_BATCH && at < bytes.length) {
      const newline = bytes.indexOf(LF, at);
      if (newline < 0 && !isLast) break;
      const end = newline < 0 ? bytes.length : newline;
      this.#addLine(at, end > at && bytes[end - 1] === CR ? end - 1 : end);
      at = newline < 0 ? end : end + 1;
    }
    window.take(at, this.count);
    return this.count > 0;
  }

  /** Line of a row in the file; the header is line 1. */
  line(row: number): number {
    return this.#firstLine + row;
  }

  /** Why the fields of a row cannot be told; `null` when they can. Ask before anything but {@link line} and {@link raw}. */
  problem(row: number): RowProblem | null {
    return this.#problems[row]!;
  }

  /** A copy of the bytes of a row, without the line's end. */
  raw(row: number): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#lineStarts[row], this.#lineEnds[row]));
  }

  isEmpty(row: number, column: number): boolean {
    const field = row * this.#width + column;
    return this.#starts[field] === this.#ends[field];
  }

  /** A field as text, its quotes resolved. */
  text(row: number, column: number): string {
    const field = row * this.#width + column;
    const text = this.#bytes.toString('utf8', this.#starts[field], this.#ends[field]);
    return text.includes('"') ? text.replaceAll('""', '"') : text;
  }

  /** Whether a field has these bytes. For values that seldom change from row to row this is cheaper than {@link text}. */
  equals(row: number, column: number, expected: Buffer): boolean {
    const field = row * this.#width + column;
    const start = this.#starts[field]!;
    if (this.#ends[field]! - start !== expected.length) return false;
    for (let i = 0; i < expected.length; i++) if (this.#bytes[start + i] !== expected[i]) return false;
    return true;
  }

  /** A field as integer of at most 9 digits, `-` in front allowed; `NaN` for anything else. */
  integer(row: number, column: number): number {
    const field = row * this.#width + column;
    const start = this.#starts[field]!;
    const end = this.#ends[field]!;
    return this.#bytes[start] === MINUS ? -this.#digits(start + 1, end) : this.#digits(start, end);
  }

  /** A field that is a number in its only spelling, such as `546652`; `NaN` for `007`, `-1` and anything else. */
  canonicalNumber(row: number, column: number): number {
    const field = row * this.#width + column;
    const start = this.#starts[field]!;
    const end = this.#ends[field]!;
    return this.#bytes[start] === ZERO && end - start > 1 ? NaN : this.#digits(start, end);
  }

  #digits(start: number, end: number): number {
    if (end <= start || end - start > MAX_DIGITS) return NaN;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = this.#bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return NaN;
      value = value * 10 + digit;
    }
    return value;
  }

  #addLine(start: number, end: number): void {
    const row = this.count++;
    this.#lineStarts[row] = start;
    this.#lineEnds[row] = end;
    this.#problems[row] = this.#split(row * this.#width, start, end);
  }

  /** Finds the fields of a line; `first` is the place of the row's first field. */
  #split(first: number, start: number, end: number): RowProblem | null {
    let at = start;
    for (let column = 0; column < this.#width; column++) {
      const isQuoted = at < end && this.#bytes[at] === QUOTE;
      const close = isQuoted ? this.#quotedEnd(at + 1, end) : this.#plainEnd(at, end);
      if (close < 0) return 'a quote that is not closed, or text outside of quotes';
      this.#starts[first + column] = isQuoted ? at + 1 : at;
      this.#ends[first + column] = close;
      at = isQuoted ? close + 1 : close;
      if (at === end) return column === this.#width - 1 ? null : 'too few columns';
      at++; // the comma
    }
    return 'too many columns';
  }

  /** Place of the quote that closes a field; -1 when there is none or something else than a comma follows. */
  #quotedEnd(start: number, end: number): number {
    const bytes = this.#bytes;
    for (let at = start; at < end; at++) {
      if (bytes[at] !== QUOTE) continue;
      if (at + 1 === end || bytes[at + 1] === COMMA) return at;
      if (bytes[at + 1] !== QUOTE) return -1;
      at++; // a doubled quote
    }
    return -1;
  }

  /** Place behind an unquoted field; -1 when it holds a quote. */
  #plainEnd(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (at < end && bytes[at] !== COMMA) if (bytes[at++] === QUOTE) return -1;
    return at;
  }
}
