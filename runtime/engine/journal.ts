/**
 * What an input changed, so that it can be taken back. Keeps its array from one input to the next: emptying a JavaScript
 * array gives its memory away, and there are several journals and hundreds of thousands of inputs a second.
 */
export class Journal<T> {
  private readonly entries: T[] = [];
  private size = 0;

  add(entry: T): void {
    this.entries[this.size++] = entry;
  }

  clear(): void {
    this.size = 0;
  }

  /** Visits the entries, the last first, and clears. */
  takeBack(undo: (entry: T) => void): void {
    while (this.size > 0) undo(this.entries[--this.size]!);
  }

  forEach(visit: (entry: T) => void): void {
    for (let index = 0; index < this.size; index++) visit(this.entries[index]!);
  }
}
