/** Numbers names in the order in which they are met: arrays of numbers are smaller than arrays of names. */
export class Numbering {
  private readonly numbers = new Map<string, number>();

  /** The number of a name, from 0 on; a new name gets the next. */
  of(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.numbers.size);
    return this.numbers.size - 1;
  }

  /** By number. */
  get names(): readonly string[] {
    return [...this.numbers.keys()];
  }
}

/** Names by number, over all tables. */
export interface Numberings {
  readonly learners: Numbering;
  readonly items: Numbering;
  readonly courses: Numbering;
  readonly cohorts: Numbering;
  readonly sources: Numbering;
}
