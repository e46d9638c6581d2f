/** Keeps each identifier once and names it by a small number. */
import type { CsvRows } from './csvRows.js';

/**
 * Identifiers of one column. Those that are plain numbers, as all of the data set are, are found without making a string.
 * Memory grows with the distinct identifiers: some 100 bytes each.
 */
export class IdTable<K extends string> {
  readonly #ids: K[] = [];
  readonly #byNumber = new Map<number, number>();
  readonly #byText = new Map<string, number>();
  readonly #key: (text: string) => K;

  /** @param key - makes the identifier of its text */
  constructor(key: (text: string) => K) {
    this.#key = key;
  }

  /** Place of a field's identifier. The field must not be empty. */
  indexOf(rows: CsvRows<string>, row: number, column: number): number {
    const number = rows.canonicalNumber(row, column);
    if (Number.isNaN(number)) return this.#indexOfText(rows.text(row, column));
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    this.#byNumber.set(number, this.#ids.length);
    return this.#add(String(number));
  }

  /** The identifier at a place that {@link indexOf} gave. */
  at(index: number): K {
    return this.#ids[index]!;
  }

  #indexOfText(text: string): number {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    this.#byText.set(text, this.#ids.length);
    return this.#add(text);
  }

  #add(text: string): number {
    return this.#ids.push(this.#key(text)) - 1;
  }
}
