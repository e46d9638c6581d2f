import type { LogEntry, RecommendationLog } from './log.js';

/** Reads of a log that can be given up while they wait. */
export class LogReads {
  private readonly waiting = new Set<() => void>();
  private isOver = false;

  constructor(private readonly log: Pick<RecommendationLog, 'read'>) {}

  /** As {@link RecommendationLog.read}; `null` once it was given up. @throws what the log throws */
  read(...place: Parameters<RecommendationLog['read']>): readonly LogEntry[] | null | Promise<readonly LogEntry[] | null> {
    if (this.isOver) return null;
    const found = this.log.read(...place);
    return found instanceof Promise ? this.unlessGivenUp(found) : found;
  }

  /** Nothing is read any more: who waits gets `null`. */
  giveUp(): void {
    this.isOver = true;
    for (const end of this.waiting) end();
  }

  private async unlessGivenUp(found: Promise<readonly LogEntry[]>): Promise<readonly LogEntry[] | null> {
    let end: () => void = () => undefined;
    const givenUp = new Promise<null>((resolve) => {
      end = () => resolve(null);
    });
    this.waiting.add(end);
    try {
      return await Promise.race([found, givenUp]);
    } finally {
      this.waiting.delete(end);
    }
  }
}
