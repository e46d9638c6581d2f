import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again at something outside, until it is closed. It keeps no process alive. */
export class Looking {
  private readonly closing = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  /**
   * @param everyMs - time between the end of a look and the next one, ms
   * @param look - must not reject
   */
  constructor(
    private readonly everyMs: number,
    private readonly look: () => Promise<void>,
  ) {}

  /** The first look is after `everyMs`. */
  begin(): void {
    this.ended = this.goOn();
  }

  /** Resolves when no look is under way, and none will be. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.ended;
  }

  private async goOn(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await sleep(this.everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.look();
    }
  }
}
