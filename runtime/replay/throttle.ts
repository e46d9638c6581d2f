/** Keeps a replay from taking more than its share of the machines: a bucket of tokens, one for each record. */
import type { Placement, TaskAccess, TaskPosition } from '../ports.js';
import { partitionName } from '../partitionName.js';
import { wrapped, type TaskWays } from './wrapped.js';

/** Lets so many records a second pass, over all tasks of this process. */
export class RecordRate {
  /** When all that was let pass so far is paid for, ms of the clock. */
  private paidAtMs = 0;

  /** @param stopped - ends every wait: what was computed is committed at once */
  constructor(
    private readonly perSecond: number,
    private readonly stopped: AbortSignal,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Resolves when so many records may pass; what was not used while nothing passed is not saved up. */
  async pass(records: number): Promise<void> {
    const nowMs = this.now();
    this.paidAtMs = Math.max(this.paidAtMs, nowMs) + (records * 1000) / this.perSecond;
    await pause(this.paidAtMs - nowMs, this.stopped);
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  if (ms <= 0 || stopped.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stopped.addEventListener('abort', end);
  });
}

/** The same placement, whose tasks wait before a commit until the records that it holds may pass. Global tables are not counted. */
export function throttled(placement: Placement, rate: RecordRate): Placement {
  return wrapped(placement, (access) => throttledTask(access, rate));
}

function throttledTask(access: TaskAccess, rate: RecordRate): TaskWays {
  const reached = new Map<string, number>();
  const advance = (positions: readonly TaskPosition[]): number => {
    let records = 0;
    for (const position of positions) {
      const name = partitionName(position);
      records += Math.max(0, position.next - (reached.get(name) ?? position.next));
      reached.set(name, position.next);
    }
    return records;
  };
  return {
    begin: (positions) => {
      advance(positions);
      return access.begin(positions);
    },
    commit: async (commit, positions) => {
      await rate.pass(advance(positions));
      await access.commit(commit, positions);
    },
  };
}
