import type { Log, TaskPosition } from '../ports.js';
import { partitionName } from '../partitionName.js';

/** From an offset on, up to the next run, the log took its records at one time. */
interface Run {
  readonly offset: number;
  /** Ms since the epoch. */
  readonly appendTimeMs: number;
}

/** The runs of a partition, and how far its task has come. */
interface Kept {
  readonly runs: Run[];
  /** First offset that has not been read. */
  read: number;
  /** First offset that has not been committed. */
  next: number;
}

/**
 * When the log took what a task has read and not committed. Records of one append have one time, so little is kept: a number for each append, and for each
 * record at worst.
 */
export class AppendTimes {
  private readonly partitions = new Map<string, Kept>();

  /** The same log, whose reads are looked at. */
  reading(log: Pick<Log, 'range' | 'read'>): Pick<Log, 'range' | 'read'> {
    return {
      range: (topic, partition) => log.range(topic, partition),
      read: (topic, partition, fromOffset, maxRecords) => {
        const records = log.read(topic, partition, fromOffset, maxRecords);
        const kept = this.partitions.get(partitionName({ topic, partition }));
        if (kept !== undefined) for (const record of records) keep(kept, record);
        return records;
      },
    };
  }

  /** Looks at these partitions from now on, from where their task begins. */
  begin(positions: readonly TaskPosition[]): void {
    for (const position of positions) this.partitions.set(partitionName(position), { runs: [], read: position.next, next: position.next });
  }

  /** When the log took the oldest record that a commit with these positions leaves behind, ms since the epoch; `null` where it leaves none. */
  pass(positions: readonly TaskPosition[]): number | null {
    let oldestMs: number | null = null;
    for (const position of positions) {
      const kept = this.partitions.get(partitionName(position));
      if (kept === undefined || position.next <= kept.next) continue;
      forgetUntil(kept, kept.next);
      const first = kept.runs[0];
      if (first !== undefined && first.offset < position.next) oldestMs = Math.min(oldestMs ?? Infinity, first.appendTimeMs);
      kept.next = position.next;
    }
    return oldestMs;
  }
}

/** A partition may be read once more from an earlier offset: what is known stays. */
function keep(kept: Kept, { offset, appendTimeMs }: Run): void {
  if (offset < kept.read) return;
  kept.read = offset + 1;
  if (kept.runs.at(-1)?.appendTimeMs !== appendTimeMs) kept.runs.push({ offset, appendTimeMs });
}

/** Drops the runs that end before an offset. */
function forgetUntil({ runs }: Kept, offset: number): void {
  let over = 0;
  while (runs[over + 1] !== undefined && runs[over + 1]!.offset <= offset) over++;
  runs.splice(0, over);
}
