/** Brings a view up to the end of the log, piece by piece. */
import { setImmediate as turn } from 'node:timers/promises';
import { physicalTopicName, topics } from '../schemas/index.js';
import { keptWhole } from './closedRows.js';
import type { LogEntry, RecommendationLog } from './log.js';
import { CHUNK, LogReads } from './logReads.js';
import { withoutDropped, type KnownHead } from './dropping.js';
import { PassWork, placeOf, type MaterializerOptions, type PassResult } from './passWork.js';
import { rebuildReason } from './rebuilding.js';
import { Removals } from './removals.js';
import { assureKey } from './viewKey.js';
import { VIEW_FORMAT, emptyHead } from './viewStore.js';
import { DECIDED, MEASURES, OVERRIDES, isOfLearners, viewTopics, type ViewTopic } from './viewTopics.js';

/** Rows of a transaction, while many records are to be read: each one waits for the disk, and writes every page that it touches once; requests wait for it, some 20 ms. */
const MOST_ROWS = 512;

/**
 * Applies the log to the view. Each transaction holds some rows and the positions after them, so that a process killed at any
 * instant goes on where the view is. What a pass needs to know is in the head of the view, not in this object: several
 * processes may take turns on one view.
 */
export class Materializer {
  private readonly controlTopic: string;
  private readonly reads: LogReads;
  private readonly removals: Removals;
  private checked = false;
  private stopping = false;

  constructor(private readonly options: MaterializerOptions) {
    this.controlTopic = physicalTopicName(options.region, topics.control.name);
    this.reads = new LogReads(options.log);
    this.removals = new Removals(options);
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
    await this.assureKey();
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
    const isDone = followed && (await work.finish(this.options.clock()));
    // As long as no list of a learner can be opened, nobody should take the reader for one that is ready.
    if (work.isSealed) await this.options.seal.atHand();
    return work.result(!isDone);
  }

  /** While there is no key for a new view the one of before is served: what people decide for all holds there too, and what is deleted goes. @throws as {@link assureKey} */
  private async assureKey(): Promise<void> {
    try {
      await assureKey(this.options);
    } catch (error) {
      // Why there is no key is what keeps the reader from being ready.
      await this.readUnsealed().catch(() => undefined);
      throw error;
    }
  }

  /** Measures and deletions: neither is ever sealed. @throws what the log throws */
  private async readUnsealed(): Promise<void> {
    const work = this.earlyWork();
    if (work === null || !(await this.readWhole(work, MEASURES))) return;
    await this.removals.read(
      work,
      this.reads.looking(() => this.readWhole(work, MEASURES)),
    );
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
    const empty = emptyHead(region, identityOf(log), clock());
    if (head === null) return { head: empty, version };
    const reads = early === null ? this.reads : this.reads.looking(() => this.readDecided(early));
    const reason = await rebuildReason(head, { log, reads }, { nowMs: clock(), deep: !this.checked });
    if (reads.isOver) return null;
    this.checked = true;
    const known = this.withDecided({ head, version }, early);
    if (reason === null) return withoutDropped(store, known, log, CHUNK);
    const { wrapped, keyId, seals = 0 } = head;
    const fresh = {
      ...empty,
      // What LMDB has freed of a sealed view is sealed: its key stays.
      ...(wrapped !== undefined && { wrapped, seals, ...(keyId !== undefined && { keyId }) }),
      ...(reason.code !== 'other-log' && keptWhole(known.head)),
    };
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
      if (!(await this.mayKeep(work, name, entries))) return false;
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

  /** Whether the view is as it has to be for these. Where it is not, the pass ends, and the next one begins it anew. @throws SFS_KEYS_UNAVAILABLE while its key is not at hand */
  private async mayKeep(work: PassWork, name: string, entries: readonly LogEntry[]): Promise<boolean> {
    const { seal } = this.options;
    if (!isOfLearners(name) || entries.length === 0) return true;
    if (work.isSealed) await seal.atHand();
    else if (seal.hasKeys && entries.some(({ sealed }) => sealed !== undefined && sealed !== null)) {
      seal.noteNeeded();
      return false;
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

const identityOf = (log: RecommendationLog): string | null => log.identity?.() ?? null;
