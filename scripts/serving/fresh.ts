/** Remembers an answer for a while. One question is under way at a time: who asks meanwhile gets the same answer. */
export class Fresh<T> {
  private latest: { readonly atMs: number; readonly answer: Promise<T> } | null = null;
  private isAsking = false;

  /**
   * @param freshMs - how old an answer may be, by when it was asked for
   * @param now - a clock that never goes back, ms
   */
  constructor(
    private readonly ask: () => Promise<T>,
    private readonly freshMs: number,
    private readonly now: () => number,
  ) {}

  get(): Promise<T> {
    const atMs = this.now();
    if (this.latest !== null && (this.isAsking || atMs - this.latest.atMs < this.freshMs)) return this.latest.answer;
    this.isAsking = true;
    const answer = this.ask().finally(() => (this.isAsking = false));
    this.latest = { atMs, answer };
    return answer;
  }
}
