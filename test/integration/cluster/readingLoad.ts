/** Requests to a reader at a steady rate, whatever it answers, and what is wrong with each answer. */

/** What a request asks for, and what its answer must be. */
export interface Asked {
  readonly name: string;
  readonly path: string;
  readonly body?: object;
  /**
   * What is wrong with an answer; `null` for nothing.
   * @param body - parsed; `null` for 304
   * @param times - when it was asked for and when it came, ms since epoch
   */
  readonly troubleOf: (body: unknown, times: readonly [askedMs: number, answeredMs: number]) => string | null;
}

/** How a phase went. */
export interface Phase {
  readonly name: string;
  answers: number;
  unchanged: number;
  slowestMs: number;
  /** By where an answer for a learner comes from. */
  readonly served: Record<string, number>;
}

const TICK_MS = 20;
/** An answer that takes so long is an error for who waits for it, ms. */
const PATIENCE_MS = 30_000;
/** Requests that wait for their answers at a time: on a machine that is busy with other work no more are sent meanwhile. */
const MOST_WAITING = 60;

export class ReadingLoad {
  /** Sentences, one for each answer that must not be. */
  readonly troubles: string[] = [];
  readonly phases: Phase[] = [];
  private readonly tags = new Map<string, string>();
  /** How often each path was asked for. */
  private readonly turns = new Map<string, number>();
  private readonly waiting = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private sent = 0;

  /** @param asked - in turn */
  constructor(
    private readonly url: string,
    private readonly asked: readonly Asked[],
    private readonly perSecond: number,
  ) {}

  /** From now on answers are counted under this name. */
  enter(name: string): void {
    this.phases.push({ name, answers: 0, unchanged: 0, slowestMs: 0, served: {} });
  }

  start(): void {
    const startMs = performance.now();
    let due = 0;
    this.timer = setInterval(() => {
      for (; due < ((performance.now() - startMs) / 1_000) * this.perSecond; due++) if (this.waiting.size < MOST_WAITING) this.send();
    }, TICK_MS);
  }

  /** Sends no more, and waits for what is under way. */
  async pause(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await Promise.all(this.waiting);
  }

  private send(): void {
    const asked = this.asked[this.sent++ % this.asked.length]!;
    const done = this.answered(asked, this.phases.at(-1)!).catch(
      (error: unknown) => void this.troubles.push(`${asked.name} is not answered: ${String(error)}`),
    );
    this.waiting.add(done);
    void done.then(() => this.waiting.delete(done));
  }

  /** Every other time, as a client that keeps nothing asks. */
  private conditional(path: string): Record<string, string> {
    const tag = this.tags.get(path);
    const turn = (this.turns.get(path) ?? 0) + 1;
    this.turns.set(path, turn);
    return tag !== undefined && turn % 2 === 0 ? { 'if-none-match': tag } : {};
  }

  private async answered({ name, path, body, troubleOf }: Asked, phase: Phase): Promise<void> {
    const askedMs = Date.now();
    const conditional = this.conditional(path);
    const init =
      body === undefined ? { headers: conditional } : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${this.url}${path}`, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    const answeredMs = Date.now();
    phase.answers++;
    phase.slowestMs = Math.max(phase.slowestMs, answeredMs - askedMs);
    if (response.status === 304) {
      phase.unchanged++;
      return;
    }
    if (response.status !== 200) return void this.troubles.push(`${name} is answered with ${response.status} while ${phase.name}: ${text}`);
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = (isJson ? JSON.parse(text) : {}) as { readonly served?: string };
    const etag = response.headers.get('etag');
    if (etag !== null) this.tags.set(path, etag);
    if (answer.served !== undefined) phase.served[answer.served] = (phase.served[answer.served] ?? 0) + 1;
    const trouble = troubleOf(answer, [askedMs, answeredMs]);
    if (trouble !== null) this.troubles.push(`${name} while ${phase.name}: ${trouble}`);
  }
}
