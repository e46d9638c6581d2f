/** Decides when partitions are compacted and retained, one at a time, and stops when the storage closes; sees to it that the folder is there. */
import { compactPartition, dirtyRatio, type CompactionRoom } from './compaction.js';
import { retainPartition } from './retention.js';
import type { Partition } from './topics.js';

/** When compaction and retention happen by themselves. */
export interface UpkeepSettings {
  /** How often partitions are looked at, ms; 0 leaves it to the caller. */
  readonly upkeepIntervalMs: number;
  /** A partition with fewer new records is not compacted by itself. */
  readonly minDirtyRecords: number;
  /** Told when upkeep fails; that partition is left alone from then on. */
  readonly onUpkeepError: (error: unknown) => void;
  readonly clock: () => number;
}

const DIRTY_RATIO = 0.5;
const RETENTION_INTERVAL_MS = 60_000;

/** Compacts and removes in the background, one partition at a time. */
export class Upkeep {
  private readonly timer: NodeJS.Timeout | null;
  private readonly givenUp = new Set<Partition>();
  private running: Promise<unknown> = Promise.resolve();
  private lastRetentionMs = -Infinity;
  private busy = false;

  constructor(
    private readonly room: CompactionRoom,
    private readonly settings: UpkeepSettings,
    /** Throws when the storage is lost. */
    private readonly assertInPlace: () => void,
  ) {
    const { upkeepIntervalMs } = settings;
    this.timer = upkeepIntervalMs === 0 ? null : setInterval(() => void this.look(), upkeepIntervalMs).unref();
    if (this.timer !== null) void this.look();
  }

  compact(partitions: readonly Partition[]): Promise<void> {
    return this.inTurn(async () => {
      for (const partition of partitions) await compactPartition(this.room, partition, this.settings.clock());
    });
  }

  applyRetention(nowMs: number): Promise<void> {
    return this.inTurn(async () => {
      for (const partition of this.room.topics.livePartitions()) await retainPartition(this.room, partition, nowMs);
    });
  }

  /** Resolves when no upkeep is under way; `room.stopped` must say true by then, or it takes as long as it takes. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.running;
  }

  /** Does something that must not happen beside a compaction. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.running.then(work);
    this.running = result.catch(() => undefined);
    return result;
  }

  private async look(): Promise<void> {
    if (this.busy || this.room.stopped() || this.isLost()) return;
    this.busy = true;
    const nowMs = this.settings.clock();
    const retain = Date.now() - this.lastRetentionMs >= RETENTION_INTERVAL_MS;
    if (retain) this.lastRetentionMs = Date.now();
    await this.inTurn(async () => {
      for (const partition of this.room.topics.livePartitions()) await this.keepUp(partition, retain, nowMs);
    });
    this.busy = false;
  }

  /** A storage that nobody writes to must not seem alive either. */
  private isLost(): boolean {
    try {
      this.assertInPlace();
      return false;
    } catch (error) {
      this.room.line.fail(error);
      return true;
    }
  }

  private async keepUp(partition: Partition, retain: boolean, nowMs: number): Promise<void> {
    if (this.room.stopped() || this.givenUp.has(partition)) return;
    try {
      if (retain) await retainPartition(this.room, partition, nowMs);
      if (this.isDirty(partition)) await compactPartition(this.room, partition, nowMs);
    } catch (error) {
      this.givenUp.add(partition);
      this.settings.onUpkeepError(error);
    }
  }

  private isDirty(partition: Partition): boolean {
    if (partition.topic.spec.cleanup !== 'compact') return false;
    const fresh = partition.end - Math.max(partition.start, partition.cleanedTo);
    return fresh >= this.settings.minDirtyRecords && dirtyRatio(partition) > DIRTY_RATIO;
  }
}
