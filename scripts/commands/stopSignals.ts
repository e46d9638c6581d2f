/** SIGINT and SIGTERM of commands that run until they are stopped. */
import { EXIT } from './exitCodes.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The first signal asks for a clean end, the second one takes none. */
export class StopSignals {
  stopped = false;
  private readonly listener: () => void;

  constructor(stop: () => void) {
    this.listener = () => {
      if (this.stopped) process.exit(EXIT.aborted);
      this.stopped = true;
      stop();
    };
    for (const signal of SIGNALS) process.on(signal, this.listener);
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.listener);
  }
}
