/** What a pass has read and not written yet. */
import { errorCodeOf, topics, type ErrorCode } from '../schemas/index.js';
import type { LogEntry, RecommendationLog } from './log.js';
import { MeasureReading } from './measures.js';
import type { RebuildReason } from './rebuilding.js';
import type { ViewSeal } from './viewSeal.js';
import { rowKey, type RowChange, type ViewHead, type ViewPosition, type ViewStore } from './viewStore.js';
import { MEASURES, isOfLearners, isServable, viewTopics, type ViewCodecs } from './viewTopics.js';

/** A record that the view could not take; the last good one of its key stays. */
export interface UnusableRecord {
  /** Physical name. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: ErrorCode;
}

/** A row that changed in the view. */
export interface RowEvent {
  /** Logical name of the topic. */
  readonly topic: string;
  readonly key: string;
  readonly deleted: boolean;
}

/** What a pass tells while it works. */
export interface PassEvents {
  onRows?(events: readonly RowEvent[]): void;
  /** Another topic is served from now on; logical name. */
  onServed?(topic: string): void;
  /** People decided something for all. */
  onMeasures?(): void;
  onUnusable?(record: UnusableRecord): void;
  onRebuild?(reason: RebuildReason): void;
}

/** What a pass did. */
export interface PassResult {
  /** Records read, markers left out. */
  readonly records: number;
  /** Whether another process changed the view meanwhile: then the pass ended early, and the next one goes on. */
  readonly overtaken: boolean;
}

/** What {@link Materializer} is made of. */
export interface MaterializerOptions {
  readonly log: RecommendationLog;
  readonly region: string;
  readonly store: ViewStore;
  readonly codecs: ViewCodecs;
  /** What rows of learners are sealed with. */
  readonly seal: ViewSeal;
  readonly events?: PassEvents;
  /** Clock of this machine, ms since epoch. */
  readonly clock: () => number;
}

/** The head is written anew when nothing else changed, so that the time of the last look at the log is known. */
const HEARTBEAT_MS = 60_000;

/** Names a partition in the head. */
export const placeOf = (physical: string, partition: number): string => `${physical}/${String(partition)}`;

/** The rows, positions and the rest of the head that the next transaction writes. */
export class PassWork {
  readonly measures: MeasureReading;
  private isMeasured = false;
  private rows: RowChange[] = [];
  private events: RowEvent[] = [];
  private positions: Record<string, ViewPosition>;
  private served: string | null;
  private announced: string | null;
  private latestMadeAtMs: number | null;
  private records = 0;
  private changed = false;
  private seals = 0;
  private isClosed = false;

  constructor(
    private readonly options: MaterializerOptions,
    private head: ViewHead,
    public version: number,
  ) {
    this.positions = { ...head.positions };
    this.measures = new MeasureReading(options.store);
    this.served = head.served;
    this.announced = head.served;
    this.latestMadeAtMs = head.latestMadeAtMs;
  }

  get size(): number {
    return this.rows.length;
  }

  /** Whether rows of learners are sealed. */
  get isSealed(): boolean {
    return this.head.wrapped !== undefined;
  }

  nextOf(place: string): number {
    return this.positions[place]?.next ?? 0;
  }

  /** @param last - what was read last; `undefined` where there was nothing more up to `next` */
  moveTo(place: string, next: number, last: LogEntry | undefined): void {
    const read = last === undefined ? (this.positions[place]?.last ?? null) : { offset: last.offset, appendTimeMs: last.appendTimeMs };
    this.positions[place] = { next, last: read };
    this.changed = true;
  }

  take(name: string, physical: string, partition: number, { key, value, offset }: LogEntry): void {
    if (key === null) return; // a marker of the engine
    if (name === MEASURES) return this.takeMeasure(physical, value, offset);
    this.records++;
    const keyText = key.toString();
    try {
      const { madeAtMs, isClosed } = this.options.codecs.check(name, keyText, value);
      if (madeAtMs !== null) this.latestMadeAtMs = Math.max(this.latestMadeAtMs ?? madeAtMs, madeAtMs);
      // With keys, one that stays closed is damaged, or erased.
      if (isClosed === true && !this.options.seal.hasKeys) this.isClosed = true;
      this.rows.push([rowKey(name, keyText), this.kept(name, keyText, value)]);
      this.events.push({ topic: name, key: keyText, deleted: value === null });
    } catch (error) {
      this.refuse(physical, partition, offset, error);
    }
  }

  /** Takes a record only where it deletes a row. The position stays: see {@link Removals}. */
  takeRemoval(name: string, physical: string, partition: number, entry: LogEntry): void {
    if (entry.key === null || entry.value !== null) return;
    this.take(name, physical, partition, entry);
    this.changed = true;
  }

  takeControl(physical: string, { key, value, offset }: LogEntry): void {
    if (key === null || value === null) return;
    this.records++;
    try {
      this.served = this.servable(this.options.codecs.pointer(value)) ?? this.served;
    } catch (error) {
      this.refuse(physical, 0, offset, error);
    }
  }

  /** Writes what was read, with the positions. Returns false, and forgets it, when another process was faster. */
  async flush(followedAtMs = this.head.followedAtMs): Promise<boolean> {
    if (!this.changed) return true;
    const { options, served, latestMadeAtMs, positions, rows, events, isMeasured } = this;
    const version = this.version + 1;
    const head: ViewHead = {
      ...this.head,
      ...{ served, latestMadeAtMs, followedAtMs, positions: { ...positions } },
      ...(isMeasured && { measuredAt: version }),
      ...(events.some(({ topic }) => topic === topics.catalogue.name) && { catalogueAt: version }),
      ...(this.seals > 0 && { seals: (this.head.seals ?? 0) + this.seals }),
      ...(this.isClosed && { isClosed: true as const }),
    };
    if (isMeasured) rows.push(this.measures.row());
    if (!(await options.store.write(this.version, { head, rows }))) return false;
    this.version = version;
    this.head = head;
    this.isMeasured = false;
    this.seals = 0;
    this.rows = [];
    this.events = [];
    this.changed = false;
    this.tell(events, isMeasured);
    return true;
  }

  /** The value as it is to lie in the view. */
  private kept(name: string, key: string, value: Buffer | null): Buffer | null {
    if (value === null || !this.isSealed || !isOfLearners(name)) return value;
    this.seals++;
    return this.options.seal.sealed(name, key, value);
  }

  private takeMeasure(physical: string, value: Buffer | null, offset: number): void {
    if (value === null) return;
    try {
      const measure = this.options.codecs.measure(value);
      if (measure === null) return;
      this.measures.take(measure);
      this.isMeasured = true;
    } catch (error) {
      this.refuse(physical, 0, offset, error);
    }
  }

  private tell(rows: readonly RowEvent[], isMeasured: boolean): void {
    const { events } = this.options;
    const { served } = this;
    if (isMeasured) events?.onMeasures?.();
    if (rows.length > 0) events?.onRows?.(rows);
    if (served !== null && served !== this.announced) events?.onServed?.(served);
    this.announced = served;
  }

  /** The view is at the end: says so in the head, not more often than the heartbeat. */
  finish(nowMs: number): Promise<boolean> {
    const { followedAtMs, isWhole } = this.head;
    if (nowMs - followedAtMs >= HEARTBEAT_MS || this.options.store.head().version === 0 || isWhole !== true) this.changed = true;
    this.head = { ...this.head, isWhole: true };
    return this.flush(nowMs);
  }

  result(overtaken: boolean): PassResult {
    return { records: this.records, overtaken };
  }

  /** A pointer to a topic that the log does not have would leave readers with nothing: the one before stays. */
  private servable(name: string | null): string | null {
    if (name === null || !isServable(name)) return null;
    return viewTopics(this.options.log, this.options.region).some((topic) => topic.name === name) ? name : null;
  }

  private refuse(topic: string, partition: number, offset: number, error: unknown): void {
    this.options.events?.onUnusable?.({ topic, partition, offset, code: errorCodeOf(error, 'SFS_DECODE_FAILED') });
  }
}
