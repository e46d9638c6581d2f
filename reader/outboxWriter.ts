/** Takes events by way of an outbox: on disk first, then into the log, in their order, as soon as it takes them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf, type DiskKeys, type ErrorCode, type SkillForgeError } from '../schemas/index.js';
import type { EventLog, EventPlace, EventWriter, NumberedLog, ReaderEvent } from './events.js';
import { Outbox, type OutboxDepth, type OutboxEntry } from './outbox.js';
import { inTime } from './patience.js';

/** Where events wait for the log; in brackets the defaults. */
export interface OutboxOptions {
  /** That of the view: a folder of this program's own. */
  readonly folder: string;
  readonly log: EventLog;
  /** Of events that wait, bytes: more are refused (256 MiB). */
  readonly mostBytes?: number;
  /** How long an answer waits for the log, ms (500): after that it says that the events are on disk. */
  readonly patienceMs?: number;
}

/** What a writer works with besides. */
export interface OutboxParts {
  readonly region: string;
  /** Learners of whom nothing is to be written, what they sent before they were denied neither. */
  readonly isDenied: (learner: string) => boolean;
  /** What wraps the key of the file; without it events lie in clear (`null`). */
  readonly keys?: DiskKeys | null;
  /** Why events are not to be written now, neither on the disk nor into the log; `null` where they may be (they may). One that is retriable passes. */
  readonly refusal?: () => SkillForgeError | null;
  /** Hears what became of events that have left the outbox. */
  readonly onGone?: (outcome: OutboxOutcome, events: number) => void;
  /** Hears when the log takes nothing, or the key of the file is not at hand, once until that is over. */
  readonly onTrouble?: (error: unknown) => void;
  /** Hears once, until it is mended, what went wrong with the file and keeps nothing from going. */
  readonly onWarning?: (what: string, error: unknown) => void;
}

/** `forwarded`: it is in the log. `denied`: left out, because its learner is on the deny list by now. */
export type OutboxOutcome = 'forwarded' | 'denied';

/** How much waits, and for what. */
export interface OutboxStatus extends OutboxDepth {
  /** Code of what keeps events from the log; `null` while it takes them. */
  readonly trouble: ErrorCode | null;
  /** At this size more are refused; `null` where none are taken. */
  readonly mostBytes: number | null;
}

/** The default of {@link OutboxOptions.mostBytes}. */
export const OUTBOX_BYTES = 256 * 2 ** 20;

const PATIENCE_MS = 500;
/** How long a start waits for the key of the file, ms: answers must not wait for it. */
const START_MS = 500;
/** Largest batch: of events, and of the bytes of their values. */
const [BATCH_EVENTS, BATCH_BYTES] = [500, 512 * 1024];
/** Between two looks for what another process has put into the file, ms. */
const LOOK_MS = 250;
/** Between two tries while the log takes nothing, ms. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 5_000];
/** How long a process that forwards keeps its turn without a sign of life, ms. */
const LEASE_MS = 3_000;
/** How long an end waits for the log to take what is left, ms. */
const CLOSE_MS = 5_000;

interface Waiting {
  readonly number: number;
  readonly done: (place: EventPlace) => void;
}

/** An event is accepted when it is on disk. One loop forwards; answers wait for it only as long as that is soon. */
export class OutboxWriter implements EventWriter {
  private readonly owner = randomUUID();
  private readonly running: Promise<void>;
  private waiting: Waiting[] = [];
  private log: NumberedLog | null = null;
  private trouble: ErrorCode | null = null;
  /** Whether an answer has waited for the log in vain since it took something last. */
  private isSlow = false;
  private pauseMs = FIRST_PAUSE_MS;
  private endPause: () => void = () => undefined;
  private isWoken = false;
  private isClosing = false;
  /** Nothing is asked of the outbox any more. */
  private isClosed = false;

  private constructor(
    private readonly outbox: Outbox,
    private readonly options: OutboxOptions,
    private readonly parts: OutboxParts,
  ) {
    this.running = this.run();
  }

  /**
   * Opens the outbox and begins to forward what waits in it. While its key is not at hand, for whatever reason, it takes nothing and forwards nothing, tells why, and tries again: a reader serves all the same.
   * @throws SFS_VIEW_UNUSABLE, SFS_REGION_MISMATCH
   */
  static async open(options: OutboxOptions, parts: OutboxParts): Promise<OutboxWriter> {
    const { folder, mostBytes = OUTBOX_BYTES } = options;
    const { region, keys = null, onWarning } = parts;
    let outbox = await Outbox.open(folder, region, { mostBytes, keys, ...(onWarning === undefined ? {} : { onWarning }) });
    try {
      if (await isUnlocked(outbox)) outbox = await outbox.withoutOldPages(region);
      return new OutboxWriter(outbox, options, parts);
    } catch (error) {
      await outbox.close();
      throw error;
    }
  }

  /** @throws SFS_OUTBOX_FULL, SFS_EVENTS_UNAVAILABLE; SFS_KEYS_UNAVAILABLE while the key of the file is not at hand, SFS_EVENTS_IN_CLEAR where it cannot be for want of keys; what refuses events */
  async write(events: readonly ReaderEvent[]): Promise<EventPlace> {
    const refusal = this.parts.refusal?.() ?? null;
    if (refusal !== null) throw refusal;
    const number = await this.outbox.append(events, Date.now());
    if (this.trouble !== null || this.isSlow) return 'outbox';
    this.wake();
    return this.soon(number);
  }

  /** How it is now. */
  status(): OutboxStatus {
    const { mostBytes = OUTBOX_BYTES } = this.options;
    return { ...this.outbox.depth(), trouble: this.trouble, mostBytes };
  }

  /** Forwards what the log takes within some seconds; the rest stays on disk for the next process. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.wake();
    const end = new AbortController();
    await Promise.race([this.running, sleep(CLOSE_MS, undefined, { signal: end.signal }).catch(() => undefined)]);
    end.abort();
    this.settle();
    this.isClosed = true;
    await this.outbox.release(this.owner);
    await this.outbox.close();
  }

  /** Where the events up to a number are: the log is waited for only while it is quick. */
  private soon(number: number): Promise<EventPlace> {
    const { patienceMs = PATIENCE_MS } = this.options;
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        this.isSlow = true;
        resolve('outbox');
      }, patienceMs);
      const done = (place: EventPlace): void => {
        clearTimeout(late);
        resolve(place);
      };
      this.waiting.push({ number, done });
    });
  }

  /** Answers those whose events have left the outbox; all of them where nothing is to be waited for. */
  private settle(): void {
    const first = this.oldest();
    const isOver = this.trouble !== null || this.isSlow || this.isClosing;
    const left: Waiting[] = [];
    for (const one of this.waiting) {
      if (one.number < first) one.done('log');
      else if (isOver) one.done('outbox');
      else left.push(one);
    }
    this.waiting = left;
  }

  /** Number of the oldest event that waits. What keeps the file from being read is told by the next step, and must not end the loop. */
  private oldest(): number {
    try {
      return this.outbox.first() ?? Infinity;
    } catch {
      return 0;
    }
  }

  private async run(): Promise<void> {
    for (;;) {
      const pauseMs = await this.step();
      if (this.isClosed || (this.isClosing && (this.trouble !== null || this.oldest() === Infinity))) break;
      this.settle();
      if (pauseMs > 0) await this.pause(pauseMs);
    }
    await this.closeLog();
  }

  /** Forwards a batch. @returns how long to wait before the next one, ms */
  private async step(): Promise<number> {
    try {
      await this.outbox.unlock();
      const refusal = this.parts.refusal?.() ?? null;
      if (refusal?.retriable) return this.well(LOOK_MS);
      if (refusal !== null) throw refusal;
      if (this.outbox.first() === null || !(await this.isOwnTurn())) return this.well(LOOK_MS);
      const log = await this.opened();
      if (log === null) return 0;
      await this.forward(log, this.batch());
      return this.well(0);
    } catch (error) {
      return this.failed(error);
    }
  }

  private async forward(log: NumberedLog, batch: readonly OutboxEntry[]): Promise<void> {
    const last = batch.at(-1);
    if (last === undefined) return;
    const kept = batch.map(({ event }) => event).filter(({ value: { learner } }) => !this.parts.isDenied(learner));
    if (kept.length > 0) await log.append(last.number, kept);
    // The next process hears it of the log.
    if (this.isClosed) return;
    await this.outbox.dropUpTo(last.number);
    this.parts.onGone?.('forwarded', kept.length);
    this.parts.onGone?.('denied', batch.length - kept.length);
  }

  private well(pauseMs: number): number {
    [this.trouble, this.isSlow, this.pauseMs] = [null, false, FIRST_PAUSE_MS];
    return pauseMs;
  }

  private async failed(error: unknown): Promise<number> {
    await this.closeLog();
    const isNew = this.trouble === null;
    this.trouble = errorCodeOf(error, 'SFS_EVENTS_UNAVAILABLE');
    if (isNew) this.parts.onTrouble?.(error);
    const { pauseMs } = this;
    this.pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    return pauseMs;
  }

  private async isOwnTurn(): Promise<boolean> {
    const turn = await this.outbox.claim(this.owner, Date.now(), LEASE_MS);
    // Another process has written under the name meanwhile.
    if (turn !== 'own') await this.closeLog();
    return turn !== 'other';
  }

  /** `null` where the outbox was closed meanwhile. */
  private async opened(): Promise<NumberedLog | null> {
    while (!this.isClosed) {
      if (this.log !== null) return this.log;
      this.log = await this.options.log.open(this.outbox.id);
      const { last } = this.log;
      if (this.isClosed) break;
      // The log may have what an earlier process could not forget any more.
      if (await this.outbox.isAsFarAs(last)) await this.outbox.dropUpTo(last);
      else await this.closeLog();
    }
    return null;
  }

  private batch(): OutboxEntry[] {
    const batch: OutboxEntry[] = [];
    let bytes = 0;
    for (const entry of this.outbox.waiting()) {
      batch.push(entry);
      bytes += entry.bytes;
      if (batch.length >= BATCH_EVENTS || bytes >= BATCH_BYTES) break;
    }
    return batch;
  }

  private async closeLog(): Promise<void> {
    const { log } = this;
    this.log = null;
    // It may have failed already; what it left open is settled by its successor.
    await log?.close().catch(() => undefined);
  }

  /** While the log is in trouble, new events do not end the pause. */
  private wake(): void {
    if (this.trouble !== null && !this.isClosing) return;
    this.isWoken = true;
    this.endPause();
  }

  private async pause(ms: number): Promise<void> {
    if (!this.isWoken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.isWoken = false;
  }
}

/** Whether the key of an outbox is at hand within some time. Where it is not, the loop tells why and tries again. */
function isUnlocked(outbox: Outbox): Promise<boolean> {
  const unlocked = outbox.unlock().then(
    () => true,
    () => false,
  );
  return inTime(unlocked, START_MS, false);
}
