/** SIGINT and SIGTERM of commands that run until they are stopped. */
import { EXIT } from './exitCodes.js';

const MESSAGE = '\nstopping after the commits in progress; once more to abort\n';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** A Ctrl+C may come twice: from the terminal, and from npm, which passes on what the terminal has told everybody. */
const SAME_MS = 500;

/** The first signal asks for a clean end, the second one takes none. */
export class StopSignals {
  stopped = false;
  private firstMs = 0;
  private readonly listener: () => void;

  constructor(stop: () => void) {
    this.listener = () => {
      if (this.stopped && performance.now() - this.firstMs < SAME_MS) return;
      if (this.stopped) process.exit(EXIT.aborted);
      this.stopped = true;
      this.firstMs = performance.now();
      stop();
    };
    for (const signal of SIGNALS) process.on(signal, this.listener);
  }

  /** Those of a run that commits: says what it waits for. */
  static ofCommits(stop: () => void): StopSignals {
    return new StopSignals(() => {
      process.stderr.write(MESSAGE);
      stop();
    });
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.listener);
  }
}

/** Does something that a first SIGINT or SIGTERM asks to end, by the signal that it is given; a second one ends the process. */
export async function untilStopped<T>(work: (stopped: AbortSignal) => Promise<T>): Promise<T> {
  const stopped = new AbortController();
  const signals = new StopSignals(() => stopped.abort());
  try {
    return await work(stopped.signal);
  } finally {
    signals.release();
  }
}
