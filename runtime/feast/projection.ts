import type { StreamView } from '../../operators/featureViews/featureView.js';
import { isMarker } from '../engine/header.js';
import type { LogRecord, PartitionRange, ToolAccess } from '../ports.js';
import type { FeastStore, PlacedRow } from './feastStore.js';
import { viewsByTopic, type TopicViews } from './viewRows.js';

/** What a projection does. */
export interface ProjectionOptions {
  readonly region: string;
  readonly views: readonly StreamView[];
  /** Begins with the first record that there is, whatever was written before: that changes nothing but what the store had lost. */
  readonly fromStart?: boolean;
  readonly onProgress?: (progress: ProjectionProgress) => void;
}

/** How far a projection is. */
export interface ProjectionProgress extends ProjectionCounts {
  readonly topic: string;
  /** Offsets of the partition at hand: those that are done, of those that there are. */
  readonly done: number;
  readonly total: number;
}

/** What a projection has done since it was opened. */
export interface ProjectionCounts {
  /** Records of the topics; markers are none. */
  readonly records: number;
  /** Rows that were made of them: so many were written, so many were not newer than others. */
  readonly rows: number;
  readonly written: number;
  readonly older: number;
  /** Records that could not be decoded; they were left out. */
  readonly unreadable: number;
}

/** Rows that are written at a time. */
const BATCH_ROWS = 2_000;

/**
 * Writes the rows of stream views into the online store, apart from any task: rows may be written again, in any order, by several processes,
 * and the store ends up the same. How far each partition is stands in the store itself, and is kept after its rows.
 */
export class FeatureProjection {
  private readonly topics: readonly TopicViews[];
  private readonly next = new Map<string, number>();
  private readonly counts = { records: 0, rows: 0, written: 0, older: 0, unreadable: 0 };

  constructor(
    private readonly tools: ToolAccess,
    private readonly store: FeastStore,
    private readonly options: ProjectionOptions,
  ) {
    this.topics = viewsByTopic(options.views, options.region, tools.schemas);
  }

  /**
   * Writes what there is. Topics that do not exist have nothing. @param signal - ends it after the rows at hand
   * @returns whether there was anything
   * @throws SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED, and what reading throws
   */
  async pass(signal?: AbortSignal): Promise<boolean> {
    const known = new Set((await this.tools.topics()).map(({ name }) => name));
    const before = this.counts.records;
    for (const views of this.topics) {
      if (!known.has(views.topic)) continue;
      const ranges = await this.tools.ranges(views.topic);
      for (const [partition, range] of ranges.entries()) if (signal?.aborted !== true) await this.project(views, partition, range, signal);
    }
    return this.counts.records > before;
  }

  /** What was done so far. */
  get done(): ProjectionCounts {
    return { ...this.counts };
  }

  private async project(views: TopicViews, partition: number, range: PartitionRange, signal: AbortSignal | undefined): Promise<void> {
    const from = await this.startOf(views.topic, partition, range);
    if (from >= range.end) return;
    let rows: PlacedRow[] = [];
    const commit = async (next: number): Promise<void> => {
      await this.commit(views.topic, partition, rows, next);
      rows = [];
      this.options.onProgress?.({ ...this.counts, topic: views.topic, done: next - from, total: range.end - from });
    };
    for await (const record of this.tools.records(views.topic, partition, from)) {
      if (record.offset >= range.end) break;
      rows.push(...this.rowsOf(views, partition, record));
      if (rows.length >= BATCH_ROWS || signal?.aborted === true) await commit(record.offset + 1);
      if (signal?.aborted === true) return;
    }
    // What is left up to there are no records.
    await commit(range.end);
  }

  /** Where reading goes on. A log that was replaced by another one begins anew. */
  private async startOf(topic: string, partition: number, { start, end }: PartitionRange): Promise<number> {
    const known = this.next.get(`${topic}/${partition}`);
    const kept = known ?? (this.options.fromStart === true ? null : await this.store.progress(topic, partition));
    return kept === null || kept > end ? start : Math.max(kept, start);
  }

  private async commit(topic: string, partition: number, rows: readonly PlacedRow[], next: number): Promise<void> {
    const { written, older } = await this.store.write(rows);
    await this.store.keepProgress(topic, partition, next);
    this.next.set(`${topic}/${partition}`, next);
    this.counts.rows += rows.length;
    this.counts.written += written;
    this.counts.older += older;
  }

  private rowsOf(views: TopicViews, partition: number, record: LogRecord): readonly PlacedRow[] {
    if (record.value !== null && !isMarker(record.header)) this.counts.records++;
    const rows = views.rowsOf(partition, record);
    if (rows === null) this.counts.unreadable++;
    return rows ?? [];
  }
}
