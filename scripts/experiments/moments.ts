/** Count, mean and variance of numbers that come one by one. @see Welford: Note on a method for calculating corrected sums of squares and products. Technometrics 4, 1962 */
export class Moments {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.squares += before * (value - this.mean);
  }

  /** Of the sample, with n - 1; 0 for less than two. */
  get variance(): number {
    return this.count < 2 ? 0 : this.squares / (this.count - 1);
  }
}
