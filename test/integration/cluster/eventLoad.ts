/** Learners who tell a reader what they were shown and what they did, one event after the other, whatever it answers. */
import { setTimeout as sleep } from 'node:timers/promises';

const COURSE = 'AAA-2014J';
const PAUSE_MS = 25;
/** An answer that takes so long is an error for who waits for it, ms. */
const PATIENCE_MS = 30_000;
const LEARNERS = ['lea', 'mia', 'noe', 'oda'] as const;
/** What is found of an event in the bytes of a record. */
const ID = /(?:lea|mia|noe|oda)-\d{6}/;

export class EventLoad {
  /** Sentences, one for each answer that must not be. */
  readonly troubles: string[] = [];
  /** Ids of events that were accepted, by learner, in their order. */
  readonly accepted = new Map<string, string[]>();
  /** How many were on the reader's disk alone when the answer came. */
  kept = 0;
  /** How many were in the log. */
  logged = 0;
  slowestMs = 0;
  private isOver = false;
  private sending: Promise<void>[] = [];

  constructor(private readonly url: string) {}

  start(): void {
    this.sending = LEARNERS.map((learner) => this.sendAll(learner));
  }

  /** Sends no more, and waits for what is under way. */
  async pause(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.sending);
  }

  private async sendAll(learner: string): Promise<void> {
    const accepted: string[] = [];
    this.accepted.set(learner, accepted);
    for (let n = 0; !this.isOver; n++) {
      const eventId = `${learner}-${String(n).padStart(6, '0')}`;
      const trouble = await this.trouble(eventId, learner, n).catch((error: unknown) => `is not answered: ${String(error)}`);
      if (trouble === null) accepted.push(eventId);
      else this.troubles.push(`${eventId} ${trouble}`);
      await sleep(PAUSE_MS);
    }
  }

  private async trouble(eventId: string, learner: string, n: number): Promise<string | null> {
    const event = { eventId, learner, course: COURSE, occurredAt: new Date().toISOString(), list: 'next' };
    const [path, sent] =
      n % 2 === 0
        ? ['exposures', { ...event, madeAt: event.occurredAt, items: ['n1', 'n2'] }]
        : ['feedback', { ...event, kind: 'OPENED', item: 'n1', position: 0 }];
    const startMs = performance.now();
    const init = { method: 'POST', body: JSON.stringify({ events: [sent] }), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${this.url}/v1/${path}`, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
    if (response.status === 202) this.kept++;
    if (response.status === 200) this.logged++;
    return response.status === 200 || response.status === 202 ? null : `is answered with ${response.status}: ${text}`;
  }
}

/** The ids of events in the values of records, in their order. */
export const eventIdsIn = (values: readonly (Buffer | null)[]): string[] =>
  values.flatMap((value) => ID.exec(value?.toString('latin1') ?? '')?.[0] ?? []);
