import { errorCodeOf, errorMessageOf, topics, controlKey, type Topic, type ControlKind } from '../../schemas/index.js';
import type { FailureGuard, StageNode, TopologyBuilder, Wiring } from '../../operators/builder.js';
import type { StageContext } from '../../operators/ports/stage.js';
import type { StreamRecord } from '../../operators/record.js';
import type { Storage } from '../ports.js';
import { needsWork, runBatch } from './batchWork.js';
import type { Arrival, Channel } from './channel.js';
import type { OriginPosition, RecordTimes } from './header.js';
import { MergedInputs } from './mergeInputs.js';
import type { FailedBytes, Outputs } from './outputs.js';
import type { PartitionInput } from './partitionInput.js';
import { encodeProgress, type TaskCounters, type TaskProgress } from './progress.js';
import { placesOf, type StagePlace } from './stagePlaces.js';
import type { TaskState } from './taskState.js';
import type { DueTimer, TimeQueue } from './timeQueue.js';

export interface TaskParts {
  /** `topology@version/subtopology/partition`. */
  readonly name: string;
  readonly topology: string;
  readonly version: number;
  readonly subtopology: number;
  readonly partition: number;
  readonly region: string;
  readonly builder: TopologyBuilder;
  readonly stageIds: ReadonlySet<string>;
  readonly inputs: readonly PartitionInput[];
  readonly progress: TaskProgress;
  readonly state: TaskState;
  readonly timers: TimeQueue;
  readonly outputs: Outputs;
  readonly storage: Storage;
  readonly limits: StepLimits;
  /** Encodes the rows of every input at once: finds the input whose row made a commit fail. */
  readonly careful: boolean;
}

export interface StepLimits {
  /** Most inputs and timers between two commits. */
  readonly maxRecords: number;
  /** Output bytes after which a step commits. */
  readonly maxOutputBytes: number;
  /** Rows that stay in memory between commits. */
  readonly mostCachedRows: number;
  /** Event time between two watermark markers in derived topics, ms. */
  readonly markerMs: number;
}

export interface StepOptions {
  /** Wall clock, ms: decides idleness only. */
  readonly nowMs: number;
  /**
   * What the end of the log means for an input: `wait` for `idleMs` and then treat it as silent; silent at once (`idle`: a
   * bounded run over what is there); or the end of the input for good (`end`).
   */
  readonly silence: (input: PartitionInput) => 'wait' | 'idle' | 'end';
}

/** `more`: call again; `waiting`: nothing to do until the log grows; `ended`: the input is over and all windows are closed. */
export type StepState = 'more' | 'waiting' | 'ended';

/**
 * One subtopology on one partition number. `step` takes inputs in merge order, fires timers as the watermark passes
 * them, and commits state, timers, outputs and progress at once. Everything between two commits is recomputed after a crash.
 */
export class Task {
  readonly name: string;
  readonly progress: TaskProgress;
  private readonly merged: MergedInputs;
  private wiring: Wiring;
  private readonly places: ReadonlyMap<string, StagePlace>;
  private readonly placesByQueue: ReadonlyMap<string, StagePlace>;
  /** The timer that fires: the stages after its own have not come to its time yet. */
  private firing: { readonly rank: number; readonly timeMs: number } | null = null;
  private readonly contexts = new Map<string, StageContext>();
  private failure: { readonly error: unknown; readonly stage: string } | null = null;
  private rewire = false;
  private muted = false;
  /** The input whose arrival the watermark has seen, while its timers fire. */
  private observed: Arrival | null = null;
  /** The arrival whose record is being processed: its bytes go to the dead letters when a route says so. */
  private current: Arrival | null = null;
  private toldMs = -Infinity;
  private readonly quietSince = new Map<Channel, number>();
  private idleSent = false;
  private changed = false;

  constructor(readonly parts: TaskParts) {
    this.name = parts.name;
    this.progress = parts.progress;
    this.merged = new MergedInputs(parts.inputs);
    this.places = placesOf(parts.builder.stages);
    this.placesByQueue = new Map([...this.places.values()].map((place) => [place.queue, place]));
    this.wiring = this.connect();
  }

  /** Works until the limits, or until there is nothing to do, and commits. Rejects when the commit fails: the task must be dropped then. */
  async step(options: StepOptions): Promise<StepState> {
    const outcome = await this.work(options);
    if (outcome !== 'more') this.tellProgress(outcome);
    await this.commit();
    return outcome;
  }

  get ended(): boolean {
    const channels = this.merged.channels();
    return channels.length > 0 && channels.every((channel) => channel.progress.ended && channel.size === 0) && this.parts.timers.nextMs === Infinity;
  }

  /** Offsets between what is processed and the end of the log, over all inputs. */
  get lag(): number {
    return this.parts.inputs.reduce((total, input) => total + input.lag, 0);
  }

  private async work(options: StepOptions): Promise<StepState> {
    const { timers, outputs, limits } = this.parts;
    for (let budget = limits.maxRecords; budget > 0 && outputs.byteSize < limits.maxOutputBytes; ) {
      const nextMs = timers.nextMs;
      if (nextMs !== Infinity && nextMs <= this.progress.watermarkMs) {
        this.fire(timers.pop());
        budget--;
        continue;
      }
      if (timers.mustLoad(this.progress.watermarkMs)) return 'more';
      this.progress.closedMs = this.progress.watermarkMs;
      this.markWatermark();
      const selected = this.merged.select();
      if (selected.kind === 'next') {
        const { input, channel, arrival } = selected;
        if (needsWork(input, arrival) && (await runBatch(input))) continue;
        if (this.observed !== arrival && this.observe(channel, input, arrival)) continue;
        this.take(input, channel, arrival);
        budget--;
      } else if (!this.merged.fill() && !this.settleSilence(selected.kind === 'blocked' ? selected : null, options)) {
        return this.ended ? 'ended' : 'waiting';
      }
    }
    return 'more';
  }

  /** Moves the clocks to an arrival. Returns true when the watermark moved: timers come before the record. */
  private observe(channel: Channel, input: PartitionInput, arrival: Arrival): boolean {
    this.observed = arrival;
    this.changed = true;
    this.progress.origin = { topic: input.options.topic, partition: input.options.partition, offset: arrival.record.offset };
    const { progress } = channel;
    progress.clockMs = Math.max(progress.clockMs, arrival.clockMs);
    if (!arrival.header?.marker) progress.idle = false;
    this.progress.clockMs = Math.max(this.progress.clockMs, progress.clockMs);
    this.observeWatermark(channel, input, arrival);
    return this.raiseWatermark();
  }

  private observeWatermark({ progress }: Channel, input: PartitionInput, { header }: Arrival): void {
    const { topic, latenessMs } = input.options.source;
    const fromHeader = topic.derived && header !== null;
    if (!fromHeader) progress.watermarkMs = Math.max(progress.watermarkMs, progress.clockMs - latenessMs);
    if (!header?.marker) return;
    progress.watermarkMs = Math.max(progress.watermarkMs, header.watermarkMs - latenessMs);
    progress.idle = header.idle;
    progress.ended = header.end;
  }

  private raiseWatermark(): boolean {
    const watermark = this.merged.watermark();
    if (watermark === null || watermark <= this.progress.watermarkMs) return false;
    this.progress.watermarkMs = watermark;
    this.changed = true;
    return true;
  }

  private take(input: PartitionInput, channel: Channel, arrival: Arrival): void {
    channel.shift();
    channel.progress.next = arrival.record.offset + 1;
    this.observed = null;
    this.changed = true;
    this.idleSent = false;
    if (!arrival.header?.marker) this.process(input, arrival);
    this.progress.outputIndex = 0;
  }

  private process(input: PartitionInput, arrival: Arrival): void {
    this.progress.counters.records++;
    if (arrival.error !== null) return this.bury(arrival.error, null, arrival);
    const record = { key: arrival.key, value: arrival.value, timestamp: arrival.eventTimeMs };
    this.current = arrival;
    this.attempt(() => this.feed(input.options.stage, record));
    this.current = null;
    if (this.failure !== null) this.bury(this.failure.error, this.failure.stage, arrival);
  }

  private feed(stage: string, record: StreamRecord<string, unknown>): void {
    this.wiring.logics.get(stage)!.onRecord(record, 0);
    this.wiring.push(stage, record);
  }

  private fire(timer: DueTimer): void {
    this.changed = true;
    this.progress.counters.timers++;
    const place = this.placesByQueue.get(timer.stage)!;
    const logic = this.wiring.logics.get(place.stage);
    const run = (): void => logic?.onTimer?.(timer.key, timer.timeMs - place.delayMs, timer.tag);
    this.progress.closedMs = Math.max(this.progress.closedMs, timer.timeMs - 1);
    this.firing = { rank: place.rank, timeMs: timer.timeMs };
    this.attempt(run);
    if (this.failure !== null) this.repeatMuted(timer, run, this.failure);
    this.firing = null;
  }

  private repeatMuted(timer: DueTimer, run: () => void, { error, stage }: { readonly error: unknown; readonly stage: string }): void {
    // The stage's own bookkeeping must go on, or its window would never close again; what follows it stays silent.
    this.muted = true;
    this.attempt(run);
    this.muted = false;
    this.buryTimer(timer, stage, error);
  }

  /** Runs one input; on a throw anywhere below, its writes, timers and outputs are taken back. */
  private attempt(run: () => void): void {
    const { state, timers, outputs } = this.parts;
    const { outputIndex } = this.progress;
    const { outputs: sent, late, misses, unmatched, deadLetters } = this.progress.counters;
    state.mark();
    timers.mark();
    outputs.mark();
    this.failure = null;
    try {
      run();
      if (this.parts.careful && this.failure === null) state.verify();
    } catch (error) {
      this.failure ??= { error, stage: 'source' };
    }
    if (this.failure === null) return;
    state.undo();
    timers.undo();
    outputs.undo();
    Object.assign(this.progress.counters, { outputs: sent, late, misses, unmatched, deadLetters });
    this.progress.outputIndex = outputIndex;
    if (this.rewire) this.reconnect();
  }

  private bury(error: unknown, stage: string | null, arrival: Arrival): void {
    const eventTimeMs = Number.isNaN(arrival.eventTimeMs) ? null : arrival.eventTimeMs;
    this.sendDeadLetter({ code: errorCodeOf(error), reason: errorMessageOf(error), stage, eventTimeMs }, arrival.record);
  }

  private buryTimer(timer: DueTimer, stage: string, error: unknown): void {
    const { stage: owner, delayMs } = this.placesByQueue.get(timer.stage)!;
    const reason = `timer ${timer.timeMs - delayMs} of stage ${owner} for key "${timer.key}": ${errorMessageOf(error)}`;
    this.sendDeadLetter({ code: errorCodeOf(error), reason, stage, eventTimeMs: timer.timeMs - delayMs }, { key: Buffer.from(timer.key), value: null, header: null });
  }

  private sendDeadLetter(failure: Parameters<Outputs['deadLetter']>[0], source: FailedBytes | null): void {
    this.progress.counters.deadLetters++;
    this.parts.outputs.deadLetter(failure, source, this.times(failure.eventTimeMs ?? 0), this.nextOrigin());
  }

  private times(eventTimeMs: number): RecordTimes {
    return { eventTimeMs, streamTimeMs: this.progress.clockMs, watermarkMs: this.progress.watermarkMs };
  }

  private nextOrigin(): OriginPosition {
    const { topic, partition, offset } = this.progress.origin;
    return { topic, partition, offset, index: this.progress.outputIndex++ };
  }

  /** Tells the readers of derived topics, at a place that depends on the inputs alone, that all closings up to here are out. */
  private markWatermark(): void {
    const { markerMs } = this.parts.limits;
    const { watermarkMs } = this.progress;
    const markMs = Number.isFinite(watermarkMs) ? Math.floor(watermarkMs / markerMs) * markerMs : watermarkMs;
    if (markMs <= this.progress.markedMs) return;
    this.progress.markedMs = markMs;
    this.sendMarkers(false);
  }

  /** When there is nothing more to do: how far this task's clock is, and whether it is idle, so that readers need not wait. */
  private tellProgress(state: StepState): void {
    const idle = this.allIdle() && this.progress.markedMs !== Infinity;
    if (idle && !this.idleSent) {
      this.idleSent = true;
      this.sendMarkers(true);
    } else if (!idle && state === 'waiting' && this.progress.clockMs > this.toldMs) this.sendMarkers(false);
  }

  private sendMarkers(idle: boolean): void {
    const { markedMs, clockMs } = this.progress;
    this.toldMs = clockMs;
    this.changed = true;
    this.parts.outputs.sendMarkers({ eventTimeMs: markedMs, streamTimeMs: clockMs, watermarkMs: markedMs }, { idle, end: markedMs === Infinity });
  }

  private allIdle(): boolean {
    const channels = this.merged.channels();
    return channels.length > 0 && channels.every((channel) => channel.size === 0 && (channel.progress.idle || channel.progress.ended));
  }

  /** Decides which silent channels to stop waiting for. Returns true when that changed something. */
  private settleSilence(blocked: { readonly by: readonly Channel[]; readonly clockMs: number } | null, options: StepOptions): boolean {
    let any = false;
    for (const input of this.parts.inputs) {
      input.settle();
      for (const channel of input.channels.values()) any = this.settleChannel(input, channel, blocked?.clockMs ?? this.progress.clockMs, options) || any;
    }
    return any && (this.raiseWatermark() || blocked !== null);
  }

  private settleChannel(input: PartitionInput, channel: Channel, clockMs: number, { nowMs, silence }: StepOptions): boolean {
    const { progress } = channel;
    const kind = silence(input);
    if (channel.size > 0 || progress.ended || (progress.idle && kind !== 'end')) {
      this.quietSince.delete(channel);
      return false;
    }
    const since = this.quietSince.get(channel) ?? nowMs;
    this.quietSince.set(channel, since);
    if (kind === 'wait' && nowMs - since < input.options.source.idleMs) return false;
    if (kind === 'end') this.end(channel);
    else this.setIdle(channel, clockMs);
    return true;
  }

  private setIdle(channel: Channel, fromMs: number): void {
    channel.progress.idle = true;
    this.changed = true;
    this.decide('CLOCK_ADVANCE', channel, fromMs, 'idle');
  }

  /** The channel's records to come are placed at the task's clock: what the others did meanwhile stays before them. */
  resume(channel: Channel): void {
    channel.progress.idle = false;
    this.changed = true;
    this.quietSince.delete(channel);
    channel.resumeAt(this.progress.clockMs);
    this.decide('CLOCK_ADVANCE', channel, this.progress.clockMs, 'resume');
  }

  private end(channel: Channel): void {
    channel.progress.ended = true;
    this.changed = true;
    this.decide('END_OF_INPUT', channel, this.progress.clockMs, 'end');
  }

  /** Logs a decision that the data does not hold, with the position at which it took effect. */
  private decide(kind: ControlKind, channel: Channel, clockMs: number, phase: string): void {
    const { topology, version, subtopology, partition, region, outputs } = this.parts;
    const position = channel.progress.next;
    const id = controlKey(`${this.name} ${channel.id} ${position} ${phase}`);
    const value = {
      id,
      kind,
      madeAtMs: Number.isFinite(clockMs) ? clockMs : 0,
      region,
      topology,
      topologyVersion: version,
      subtopology,
      partition,
      channel: channel.id,
      position,
      clockMs: Number.isFinite(clockMs) ? clockMs : null,
      payload: JSON.stringify({ phase }),
    };
    outputs.send(topics.control as Topic<string, unknown>, { key: id, value, timestamp: value.madeAtMs }, this.times(value.madeAtMs), { ...this.progress.origin, index: 0 });
  }

  private async commit(): Promise<void> {
    if (!this.changed) return;
    const { state, timers, outputs, storage, limits } = this.parts;
    for (const input of this.parts.inputs) input.settle();
    this.progress.counters.outputs += outputs.size;
    const done = storage.commit({
      task: this.name,
      outputs: outputs.drain(),
      state: state.drain(),
      queue: timers.drain(),
      progress: encodeProgress(this.progress),
    });
    this.changed = false;
    await done;
    state.trim(limits.mostCachedRows);
    timers.settle();
  }

  private connect(): Wiring {
    const guard: FailureGuard = taskGuard(
      () => this.failure !== null,
      (error, stage, rewire) => {
        this.failure ??= { error, stage };
        this.rewire ||= rewire;
      },
    );
    return this.parts.builder.connect(this.parts.stageIds, (stage) => this.contextOf(stage), guard);
  }

  /** RxJS ends a pipeline that threw; the stages' state is in the stores, so a new wiring goes on where the old one was. */
  private reconnect(): void {
    this.rewire = false;
    this.wiring.disconnect();
    this.wiring = this.connect();
  }

  private contextOf(stage: StageNode): StageContext {
    let context = this.contexts.get(stage.id);
    if (context === undefined) this.contexts.set(stage.id, (context = this.makeContext(stage.id)));
    return context;
  }

  /**
   * How far a stage has come. While timers fire, time passes in steps: at each time the stages have their turn in order, so that
   * a result reaches the stages after it before they close, however far the watermark jumped.
   */
  private watermarkOf({ rank, delayMs }: StagePlace): number {
    const { firing, progress } = this;
    if (firing === null) return progress.watermarkMs - delayMs;
    const turnMs = rank <= firing.rank ? firing.timeMs : firing.timeMs - 1;
    return Math.max(progress.closedMs, turnMs) - delayMs;
  }

  private makeContext(stage: string): StageContext {
    const { parts, progress } = this;
    const place = this.places.get(stage)!;
    const { queue, delayMs } = place;
    const watermarkMs = (): number => this.watermarkOf(place);
    const isMuted = (): boolean => this.muted;
    const counted: Record<string, keyof TaskCounters> = { late: 'late', miss: 'misses', unmatched: 'unmatched' };
    return {
      get watermarkMs() {
        return watermarkMs();
      },
      get streamTimeMs() {
        return progress.clockMs;
      },
      get origin() {
        return progress.origin;
      },
      get muted() {
        return isMuted();
      },
      state: (store) => parts.state.store(store) as never,
      timers: {
        set: (key, timeMs, tag = '') => parts.timers.set(queue, key, timeMs + delayMs, tag),
        delete: (key, timeMs, tag = '') => parts.timers.delete(queue, key, timeMs + delayMs, tag),
      },
      emit: () => undefined,
      send: (topic, record) => parts.outputs.send(topic, record, this.times(record.timestamp), this.nextOrigin()),
      deadLetter: (code, reason, record) => this.sendDeadLetter({ code, reason, stage, eventTimeMs: record.timestamp }, this.current?.record ?? { key: Buffer.from(record.key), value: null, header: null }),
      count: (event) => progress.counters[counted[event]!]++,
    };
  }
}

function taskGuard(isFailed: () => boolean, fail: FailureGuard['fail']): FailureGuard {
  return {
    get failed() {
      return isFailed();
    },
    fail,
  };
}
