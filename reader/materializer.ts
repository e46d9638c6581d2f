/** Brings a view up to the end of the log, piece by piece. */
import { setImmediate as turn } from 'node:timers/promises';
import { errorCodeOf, physicalTopicName, topics, type ErrorCode } from '../schemas/index.js';
import type { LogEntry, RecommendationLog } from './log.js';
import { LogReads } from './logReads.js';
import { withoutDropped, type KnownHead } from './dropping.js';
import { MeasureReading } from './measures.js';
import { rebuildReason, type RebuildReason } from './rebuilding.js';
import { VIEW_FORMAT, emptyHead, rowKey, type RowChange, type ViewHead, type ViewPosition, type ViewStore } from './viewStore.js';
import { DECIDED, MEASURES, OVERRIDES, isServable, viewTopics, type ViewCodecs, type ViewTopic } from './viewTopics.js';

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
  readonly events?: PassEvents;
  /** Clock of this machine, ms since epoch. */
  readonly clock: () => number;
}

/** Records that are read at once: what a request may have to wait for while they are checked. */
const CHUNK = 256;
/** Rows of a transaction, while many records are to be read: each one waits for the disk, and writes every page that it touches once. */
const MOST_ROWS = 2_048;
/** The head is written anew when nothing else changed, so that the time of the last look at the log is known. */
const HEARTBEAT_MS = 60_000;

/**
 * Applies the log to the view. Each transaction holds some rows and the positions after them, so that a process killed at any
 * instant goes on where the view is. What a pass needs to know is in the head of the view, not in this object: several
 * processes may take turns on one view.
 */
export class Materializer {
  private readonly controlTopic: string;
  private readonly reads: LogReads;
  private checked = false;
  private stopping = false;

  constructor(private readonly options: MaterializerOptions) {
    this.controlTopic = physicalTopicName(options.region, topics.control.name);
    this.reads = new LogReads(options.log);
  }

  /** Ends a pass after the transaction in progress, or while it waits for records. */
  stop(): void {
    this.stopping = true;
    this.reads.giveUp();
  }

  /** Reads up to where the log ended when the pass began. @throws what the log throws; SFS_VIEW_UNUSABLE */
  async pass(): Promise<PassResult> {
    try {
      return await this.passOnce();
    } catch (error) {
      // Who knows what the log is when it can be read again.
      this.checked = false;
      throw error;
    }
  }

  private async passOnce(): Promise<PassResult> {
    const early = this.checked ? null : this.earlyWork();
    if (early !== null && !(await this.readDecided(early))) return early.result(!this.stopping);
    const begun = await this.begin(early);
    if (begun === null) return { records: 0, overtaken: !this.stopping };
    const work = new PassWork(this.options, begun.head, begun.version);
    // A pointer is followed when everything that was in the log before it is in the view: the new version is whole by then.
    const controlEnd = this.endOfControl();
    if (!(await this.readDecided(work)) || !(await this.readTopics(work))) return work.result(!this.stopping);
    if (!(await work.flush())) return work.result(true);
    const followed = controlEnd === null || (await this.readControl(work, controlEnd));
    if (this.stopping) return work.result(false);
    return work.result(!followed || !(await work.finish(this.options.clock())));
  }

  /** Returns false when the pass has to end. */
  private async readTopics(work: PassWork): Promise<boolean> {
    for (const topic of viewTopics(this.options.log, this.options.region)) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        if (!(await this.readPartition(work, topic, partition))) return false;
      }
    }
    return true;
  }

  /** Records, markers included, that are in the log and not in the view. */
  lag(): number {
    const { log, region, store } = this.options;
    const positions = store.head().head?.positions ?? {};
    let lag = 0;
    for (const { physical, partitions } of viewTopics(log, region)) {
      for (let partition = 0; partition < partitions; partition++) {
        const { start, end } = log.range(physical, partition);
        lag += end - Math.max(start, positions[placeOf(physical, partition)]?.next ?? 0);
      }
    }
    return lag;
  }

  /** For what people decided while nobody followed: it does not wait until the whole view has been compared with the log. `null` where that may be another one. */
  private earlyWork(): PassWork | null {
    const { store, log } = this.options;
    const { head, version } = store.head();
    if (head === null || head.format !== VIEW_FORMAT || head.log !== identityOf(log)) return null;
    return new PassWork(this.options, head, version);
  }

  /** The head to go on from, emptied when the view cannot be trusted; `null` when another process was faster, or the pass has to end. */
  private async begin(early: PassWork | null): Promise<KnownHead | null> {
    const { store, log, region, clock, events } = this.options;
    const { head, version } = store.head();
    const fresh = emptyHead(region, identityOf(log), clock());
    if (head === null) return { head: fresh, version };
    const reads = early === null ? this.reads : this.reads.looking(() => this.readDecided(early));
    const reason = await rebuildReason(head, { log, reads }, { nowMs: clock(), deep: !this.checked });
    if (reads.isOver) return null;
    this.checked = true;
    const known = this.withDecided({ head, version }, early);
    if (reason === null) return withoutDropped(store, known, log, CHUNK);
    if (!(await store.write(known.version, { head: fresh, rows: [], clear: true }))) return null;
    events?.onRebuild?.(reason);
    return { head: fresh, version: known.version + 1 };
  }

  /** The head with what people decided meanwhile; what another process wrote is not overlooked. */
  private withDecided(known: KnownHead, early: PassWork | null): KnownHead {
    const { head, version } = this.options.store.head();
    return head !== null && version === early?.version ? { head, version } : known;
  }

  /** What people decided, so that it holds while the rest is read. Returns false when the pass has to end. */
  private async readDecided(work: PassWork): Promise<boolean> {
    if (!work.measures.isDue(performance.now())) return true;
    return (await this.readWhole(work, MEASURES)) && (await this.readWhole(work, OVERRIDES));
  }

  /** It holds at once: what is read next may have to wait. Returns false when the pass has to end. */
  private async readWhole(work: PassWork, decided: string): Promise<boolean> {
    const { log, region } = this.options;
    const topic = viewTopics(log, region).find(({ name }) => name === decided);
    for (let partition = 0; partition < (topic?.partitions ?? 0); partition++) {
      if (!(await this.readPartition(work, topic!, partition))) return false;
    }
    return work.flush();
  }

  /** Reads of a topic. They may wait for as long as a server is away, and nothing that people decide may wait with them. */
  private readsOf(work: PassWork, name: string): LogReads {
    if (name === MEASURES) return this.reads;
    return this.reads.looking(() => (name === OVERRIDES ? this.readWhole(work, MEASURES) : this.readDecided(work)));
  }

  /** Returns false when the pass has to end. */
  private async readPartition(work: PassWork, { name, physical }: ViewTopic, partition: number): Promise<boolean> {
    const place = placeOf(physical, partition);
    const { start, end } = this.options.log.range(physical, partition);
    const reads = this.readsOf(work, name);
    for (let next = Math.max(start, work.nextOf(place)); next < end;) {
      const entries = await reads.read(physical, partition, next, CHUNK);
      if (entries === null) {
        await work.flush();
        return false;
      }
      for (const entry of entries) work.take(name, physical, partition, entry);
      const last = entries.at(-1);
      next = last === undefined ? end : last.offset + 1;
      work.moveTo(place, next, last);
      if (work.size >= MOST_ROWS && !(await work.flush())) return false;
      // Reading may not have waited for anything: requests come first.
      if (entries.length === CHUNK) await turn();
      if (!DECIDED.includes(name) && !(await this.readDecided(work))) return false;
      if (this.stopping) {
        await work.flush();
        return false;
      }
    }
    return true;
  }

  private endOfControl(): number | null {
    const { log } = this.options;
    return log.topics().some(({ name }) => name === this.controlTopic) ? log.range(this.controlTopic, 0).end : null;
  }

  private async readControl(work: PassWork, end: number): Promise<boolean> {
    const { log } = this.options;
    const place = placeOf(this.controlTopic, 0);
    for (let next = Math.max(log.range(this.controlTopic, 0).start, work.nextOf(place)); next < end;) {
      const read = await this.reads.read(this.controlTopic, 0, next, Math.min(CHUNK, end - next));
      if (read === null) return false;
      const entries = read.filter(({ offset }) => offset < end);
      for (const entry of entries) work.takeControl(this.controlTopic, entry);
      const last = entries.at(-1);
      next = last === undefined ? end : last.offset + 1;
      work.moveTo(place, next, last);
      if (!(await work.flush())) return false;
    }
    return true;
  }
}

/** Names a partition in the head. */
export const placeOf = (physical: string, partition: number): string => `${physical}/${String(partition)}`;

const identityOf = (log: RecommendationLog): string | null => log.identity?.() ?? null;

/** What a pass has read and not written yet. */
class PassWork {
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
      const { madeAtMs } = this.options.codecs.check(name, keyText, value);
      if (madeAtMs !== null) this.latestMadeAtMs = Math.max(this.latestMadeAtMs ?? madeAtMs, madeAtMs);
      this.rows.push([rowKey(name, keyText), value]);
      this.events.push({ topic: name, key: keyText, deleted: value === null });
    } catch (error) {
      this.refuse(physical, partition, offset, error);
    }
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
    };
    if (isMeasured) rows.push(this.measures.row());
    if (!(await options.store.write(this.version, { head, rows }))) return false;
    this.version = version;
    this.head = head;
    this.isMeasured = false;
    this.rows = [];
    this.events = [];
    this.changed = false;
    this.tell(events, isMeasured);
    return true;
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
    if (nowMs - this.head.followedAtMs >= HEARTBEAT_MS || this.options.store.head().version === 0) this.changed = true;
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
