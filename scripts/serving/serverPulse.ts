/** Whether a server answers: it is asked when somebody wants to know, one question at a time, and nobody waits while it is known to be away. */
import { errorCodeOf } from '../../schemas/index.js';
import { inTime } from '../../reader/patience.js';

/** How a pulse is taken, ms. */
export interface PulseTimes {
  /** What was found out holds for so long. */
  readonly freshMs: number;
  /** A server that takes longer to answer is away until it has answered. */
  readonly patienceMs: number;
}

/** What is known of a server: `null` where it answers, else why not. */
export type Trouble = string | null;

const SILENT = 'it does not answer';

/** The pulse of one server. */
export class ServerPulse {
  private trouble: Trouble = null;
  private asking: Promise<void> | null = null;
  private askedMs = -Infinity;

  /** @param ask - any question that the server itself answers */
  constructor(
    private readonly ask: () => Promise<unknown>,
    private readonly times: PulseTimes,
  ) {}

  /** Takes no longer than patience. */
  async now(): Promise<Trouble> {
    const { freshMs, patienceMs } = this.times;
    if (this.asking === null && performance.now() - this.askedMs >= freshMs) this.begin();
    if (this.trouble !== null || this.asking === null) return this.trouble;
    const answered = this.asking.then(() => true);
    if (!(await inTime(answered, patienceMs, false))) this.trouble = SILENT;
    return this.trouble;
  }

  private begin(): void {
    this.askedMs = performance.now();
    this.asking = this.ask()
      .then(
        () => (this.trouble = null),
        (error: unknown) => (this.trouble = errorCodeOf(error)),
      )
      .then(() => void (this.asking = null));
  }
}
