/** Places that are remembered; one more forgets the oldest. */
const MOST_PLACES = 10_000;

/**
 * Decoded rows of global tables. Every task reads all of them at about the same time: what one task of the process has decoded and some
 * task still holds is not decoded, and kept in memory, once more for each of the others. Rows are never changed, so nobody can tell.
 */
export class SharedRows {
  private readonly rows = new Map<string, WeakRef<object>>();

  constructor(private readonly most = MOST_PLACES) {}

  /** The row at a place of the log. */
  at(place: string, decode: () => unknown): unknown {
    const known = this.rows.get(place)?.deref();
    if (known !== undefined) return known;
    const row = decode();
    if (typeof row === 'object' && row !== null) this.remember(place, row);
    return row;
  }

  private remember(place: string, row: object): void {
    // Set anew, a place that was there would keep its old turn.
    this.rows.delete(place);
    this.rows.set(place, new WeakRef(row));
    if (this.rows.size <= this.most) return;
    for (const oldest of this.rows.keys()) {
      this.rows.delete(oldest);
      return;
    }
  }
}
