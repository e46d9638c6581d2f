import type { LogEntry, RecommendationLog } from './log.js';

type Place = Parameters<RecommendationLog['read']>;
type Found = readonly LogEntry[] | null;

/** What is looked at while a read waits; false: it need not be waited for any more. */
export type Look = () => Promise<boolean>;

/** Records that are read at once: what a request may have to wait for while they are checked. */
export const CHUNK = 256;
/** Between two looks at something else while a read waits, ms. */
const LOOK_MS = 500;

/** Reads of one log, whoever waits for them. */
class Reading {
  readonly waiting = new Set<() => void>();
  isOver = false;
  /** By partition, what nobody waits for any more included. */
  private readonly pending = new Map<string, Promise<void>>();

  constructor(private readonly log: Pick<RecommendationLog, 'read'>) {}

  /** A partition is read by one at a time: what somebody stopped waiting for still moves about in it. */
  begin(place: Place): ReturnType<RecommendationLog['read']> {
    const name = `${place[0]}/${String(place[1])}`;
    const earlier = this.pending.get(name);
    const found = earlier === undefined ? this.log.read(...place) : earlier.then(() => this.log.read(...place));
    if (found instanceof Promise) this.keep(name, found);
    return found;
  }

  private keep(name: string, found: Promise<unknown>): void {
    const forget = (): void => {
      if (this.pending.get(name) === settled) this.pending.delete(name);
    };
    const settled: Promise<void> = found.then(forget, forget);
    this.pending.set(name, settled);
  }
}

/** Reads of a log that can be given up while they wait. */
export class LogReads {
  private readonly reading: Reading;
  private isRefused = false;

  /** @param look - of {@link looking} */
  constructor(
    log: Pick<RecommendationLog, 'read'> | Reading,
    private readonly look: Look | null = null,
  ) {
    this.reading = log instanceof Reading ? log : new Reading(log);
  }

  /** Whether nothing is read any more. */
  get isOver(): boolean {
    return this.isRefused || this.reading.isOver;
  }

  /** The same reads; twice a second while one of them waits, something else is looked at. Once that says no, they are given up, and no others. */
  looking(look: Look): LogReads {
    return new LogReads(this.reading, look);
  }

  /** As {@link RecommendationLog.read}; `null` once it was given up. @throws what the log throws, and what looking throws */
  read(...place: Place): Found | Promise<Found> {
    if (this.isOver) return null;
    const found = this.reading.begin(place);
    if (!(found instanceof Promise)) return found;
    const wanted = this.unlessGivenUp(found);
    return this.look === null ? wanted : this.whileLooking(wanted, this.look);
  }

  /** Nothing is read any more: who waits gets `null`. */
  giveUp(): void {
    this.reading.isOver = true;
    for (const end of this.reading.waiting) end();
  }

  private async unlessGivenUp(found: Promise<readonly LogEntry[]>): Promise<Found> {
    let end: () => void = () => undefined;
    const givenUp = new Promise<null>((resolve) => {
      end = () => resolve(null);
    });
    const { waiting } = this.reading;
    waiting.add(end);
    try {
      return await Promise.race([found, givenUp]);
    } finally {
      waiting.delete(end);
    }
  }

  private async whileLooking(wanted: Promise<Found>, look: Look): Promise<Found> {
    // It may fail while something else is looked at, or when nobody waits for it any more.
    wanted.catch(() => undefined);
    for (;;) {
      const found = await untilNextLook(wanted);
      if (found !== undefined) return found;
      if (!(await look())) break;
    }
    this.isRefused = true;
    return null;
  }
}

/** `undefined` where it is time for a look. */
async function untilNextLook(wanted: Promise<Found>): Promise<Found | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const due = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LOOK_MS).unref();
  });
  try {
    return await Promise.race([wanted, due]);
  } finally {
    clearTimeout(timer);
  }
}
