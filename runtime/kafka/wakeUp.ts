/** Lets a loop sleep until somebody has work for it. */
export class WakeUp {
  private called = false;
  private wake: (() => void) | null = null;

  /** Ends the present sleep, or the next one before it begins. */
  call(): void {
    this.called = true;
    this.wake?.();
  }

  /** Sleeps until {@link call}, at most `ms`. */
  async sleep(ms: number): Promise<void> {
    if (!this.called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = null;
    }
    this.called = false;
  }
}
