import { errorCodeOf, errorMessageOf, type Control } from '../../schemas/index.js';
import type { StageNode } from '../../operators/builder.js';
import type { StageContext } from '../../operators/ports/stage.js';
import type { Origin, StreamRecord } from '../../operators/record.js';
import { Attempts, type AttemptFailure } from './attempts.js';
import { needsWork, runBatch } from './batchWork.js';
import type { Arrival, Channel } from './channel.js';
import type { OriginPosition, RecordTimes } from './header.js';
import { CONTROL, adoptionControlOf, controlOf, standingOf, type Decision } from './decisions.js';
import { LookedThrough } from './lookedThrough.js';
import { Markers } from './markers.js';
import { MergedInputs, type Selection } from './mergeInputs.js';
import type { FailedBytes, Outputs } from './outputs.js';
import { ownPositions, storedRecord, type PartitionInput } from './partitionInput.js';
import { countErased, encodeProgress, type TaskProgress } from './progress.js';
import type { ModelAwaited } from './modelAwaited.js';
import { isRowAwaited, type RowAwaited } from './rowAwaited.js';
import { Silence, type StepOptions } from './silence.js';
import { stageContext } from './stageContexts.js';
import { placesOf, type StagePlace } from './stagePlaces.js';
import type { TaskParts } from './taskParts.js';
import type { DueTimer } from './timeQueue.js';
import { unlessStopped } from './unlessStopped.js';

/** `more`: call again; `waiting`: nothing to do until the log grows; `ended`: the input is over and all windows are closed. */
export type StepState = 'more' | 'waiting' | 'ended';

/** Keys of inputs to come whose rows are asked for together with one that is awaited, of each channel and of the timers, at most. */
const MOST_AHEAD = 1000;

/** An input that is to be done again when a row or a model has come, with its key. */
interface Awaited {
  readonly what: RowAwaited | ModelAwaited;
  readonly key: string;
  readonly again: () => void;
}

/**
 * One subtopology on one partition number. `step` takes inputs in merge order, fires timers as the watermark passes
 * them, and commits state, timers, outputs and progress at once. Everything between two commits is recomputed after a crash.
 */
export class Task {
  readonly name: string;
  readonly progress: TaskProgress;
  /** What the step computed is on its way to the disk. */
  isCommitting = false;
  private readonly merged: MergedInputs;
  private readonly attempts: Attempts;
  private readonly places: ReadonlyMap<string, StagePlace>;
  private readonly placesByQueue: ReadonlyMap<string, StagePlace>;
  /** The timer that fires: the stages after its own have not come to its time yet. */
  private firing: { readonly rank: number; readonly timeMs: number } | null = null;
  /** The input that the firing timer holds, where its stage says so. */
  private cause: Origin | null = null;
  private readonly contexts = new Map<string, StageContext>();
  /** The input at hand is to be done again when something has come. */
  private awaited: Awaited | null = null;
  private muted = false;
  /** The input whose arrival the watermark has seen, while its timers fire. */
  private observed: Arrival | null = null;
  /** The arrival whose record is being processed: its bytes go to the dead letters when a route says so. */
  private current: Arrival | null = null;
  private readonly silence: Silence;
  /** Event time of what waits for a channel that is silent. */
  private waitingMs = -Infinity;
  private readonly markers: Markers;
  private changed = false;
  /** Repeated records that were passed over before the last commit. */
  private committedRepeats: number;
  private readonly looked: LookedThrough;

  constructor(readonly parts: TaskParts) {
    this.name = parts.name;
    this.progress = parts.progress;
    this.committedRepeats = parts.progress.counters.repeated;
    this.looked = new LookedThrough(ownPositions(parts.inputs));
    this.merged = new MergedInputs(parts.inputs);
    this.places = placesOf(parts.builder.stages);
    this.placesByQueue = new Map([...this.places.values()].map((place) => [place.queue, place]));
    this.markers = new Markers(parts.progress, parts.outputs, parts.limits.markerMs, () => this.nextClockMs());
    this.silence = new Silence(parts.inputs, (phase, channel) => this.decide(phase, channel));
    this.attempts = new Attempts(parts, (stage) => this.contextOf(stage));
  }

  /** Works until the limits, or until there is nothing to do, and commits. Rejects when the commit fails: the task must be dropped then. */
  async step(options: StepOptions): Promise<StepState> {
    this.parts.models?.turn(() => ownPositions(this.parts.inputs));
    const outcome = await this.work(options);
    this.tellAdoptions();
    if (outcome !== 'more' && !this.merged.isFetching) this.markers.tell(outcome === 'waiting', this.merged.channels());
    this.looked.step(outcome === 'waiting');
    await this.commit();
    return outcome;
  }

  /** The inputs are over and every window is closed. */
  get ended(): boolean {
    const channels = this.merged.channels();
    return channels.length > 0 && channels.every((channel) => channel.progress.ended && channel.size === 0) && this.parts.timers.nextMs === Infinity;
  }

  /** Offsets between what is processed and the end of the log, over all inputs. */
  get lag(): number {
    return this.parts.inputs.reduce((total, input) => total + input.lag, 0);
  }

  private async work(options: StepOptions): Promise<StepState> {
    const { timers } = this.parts;
    for (let done = 0; this.hasRoomAfter(done);) {
      const { watermarkMs } = this.progress;
      if (this.awaited !== null) {
        await this.repeat(this.awaited, options);
        continue;
      }
      if (timers.isDue(watermarkMs)) {
        this.fire(timers.pop());
        done++;
        continue;
      }
      if (timers.mustLoad(watermarkMs)) return 'more';
      this.closeTo(watermarkMs);
      this.markers.mark();
      const selected = this.merged.select();
      if (selected.kind !== 'next' || this.parts.replayed.isDue(selected)) {
        if (!this.goOn(selected, options)) return this.ended ? 'ended' : 'waiting';
      } else if (!(needsWork(selected.input, selected.arrival) && (await runBatch(selected.input, options.stopped))) && this.proceed(selected))
        done++;
    }
    return 'more';
  }

  /** Every timer up to here has fired. */
  private closeTo(watermarkMs: number): void {
    // Others see by what is committed that all is done.
    if (watermarkMs === Infinity && this.progress.closedMs < Infinity) this.changed = true;
    this.progress.closedMs = watermarkMs;
  }

  /** Whether the step goes on after so many inputs and timers. One that awaits something is not done: it belongs to this commit. */
  private hasRoomAfter(done: number): boolean {
    const { outputs, limits } = this.parts;
    return this.awaited !== null || (done < limits.maxRecords && outputs.byteSize < limits.maxOutputBytes);
  }

  /** Does an input again when the row or model that it needs is at hand; it may need another one then. */
  private async repeat({ what, key, again }: Awaited, options: StepOptions): Promise<void> {
    this.awaited = null;
    const arrival = isRowAwaited(what) ? this.parts.state.bring(what, key, this.keysToCome()) : what.arrival;
    await unlessStopped(arrival, options.stopped);
    again();
  }

  /** Keys of the timers that are due and of the records that wait. */
  private *keysToCome(): Iterable<string> {
    yield* this.parts.timers.keysUntil(this.progress.watermarkMs, MOST_AHEAD);
    for (const channel of this.merged.channels()) yield* channel.keys(MOST_AHEAD);
  }

  /** Takes an arrival. Returns false when the watermark moved: timers come before the record. */
  private proceed({ input, channel, arrival }: Extract<Selection, { kind: 'next' }>): boolean {
    if (this.observed !== arrival && this.observe(channel, input, arrival)) return false;
    this.take(input, channel, arrival);
    return true;
  }

  /** There is nothing to take now: applies what was decided here before, reads on, or decides. Returns false when all that changed nothing. */
  private goOn(selected: Selection, options: StepOptions): boolean {
    const { replayed } = this.parts;
    const mustRead = selected.kind !== 'next' || replayed.isUnread;
    if (mustRead && this.merged.fill()) return true;
    // An earlier life decided when it had read what may be still on its way here.
    if (replayed.pending) return !(mustRead && this.merged.isFetching) && this.replay(selected);
    this.waitingMs = selected.kind === 'blocked' ? selected.clockMs : this.progress.clockMs;
    return this.silence.settle(options) && (this.raiseWatermark() || selected.kind === 'blocked');
  }

  private replay(selected: Selection): true {
    const spoke = this.parts.replayed.apply(selected);
    this.changed = true;
    this.raiseWatermark();
    if (spoke?.progress.idle) this.resume(spoke);
    return true;
  }

  /** Moves the clocks to an arrival. Returns true when the watermark moved: timers come before the record. */
  private observe(channel: Channel, input: PartitionInput, arrival: Arrival): boolean {
    this.observed = arrival;
    this.changed = true;
    this.turnTo(input, arrival.record.offset);
    channel.observe(arrival, input.options.source);
    this.progress.clockMs = Math.max(this.progress.clockMs, arrival.clockMs);
    return this.raiseWatermark();
  }

  /**
   * The input that outputs come from by now. Their count goes on until another input is observed: timers that fire when it has
   * been taken, at an idle time-out or the end, come from it too, and no two dead letters may have one identity.
   */
  private turnTo({ options: { topic, partition } }: PartitionInput, offset: number): void {
    const { origin } = this.progress;
    // The same one again after a restart: some of its timers may have fired before.
    if (origin.topic === topic && origin.partition === partition && origin.offset === offset) return;
    this.progress.origin = { topic, partition, offset };
    this.progress.outputIndex = 0;
  }

  private raiseWatermark(): boolean {
    const watermark = this.merged.watermark();
    if (watermark === null || watermark <= this.progress.watermarkMs) return false;
    this.progress.watermarkMs = watermark;
    this.changed = true;
    return true;
  }

  private take(input: PartitionInput, channel: Channel, arrival: Arrival): void {
    channel.pass(arrival, input.options.source);
    this.observed = null;
    this.changed = true;
    this.markers.busy();
    if (!arrival.header?.marker) this.process(input, arrival);
    // All is done that its promise allows; what comes next is placed there.
    else this.progress.clockMs = this.nextClockMs();
  }

  /** The least clock that what comes next can have: the task's own, or a later one where markers promise so. */
  private nextClockMs(): number {
    const { nextMs } = this.merged;
    return Number.isFinite(nextMs) ? Math.max(this.progress.clockMs, nextMs) : this.progress.clockMs;
  }

  private process(input: PartitionInput, arrival: Arrival): void {
    this.progress.counters.records++;
    if (arrival.error === null) this.tryRecord(input, arrival);
    else if (!countErased(arrival.error, this.progress.counters)) this.bury(arrival.error, arrival.failedIn ?? null, arrival);
  }

  private tryRecord(input: PartitionInput, arrival: Arrival): void {
    const record = { key: arrival.key, value: arrival.value, timestamp: arrival.eventTimeMs };
    this.current = arrival;
    const outcome = this.attempts.attempt(input.options.stage, () => this.feed(input.options.stage, record));
    this.current = null;
    if (outcome === null) return;
    if ('awaited' in outcome) this.awaited = { what: outcome.awaited, key: record.key, again: () => this.tryRecord(input, arrival) };
    else this.bury(outcome.failure.error, outcome.failure.stage, arrival);
  }

  private feed(stage: string, record: StreamRecord<string, unknown>): void {
    const { wired } = this.attempts;
    wired.logics.get(stage)!.onRecord(record, 0);
    wired.push(stage, record);
  }

  private fire(timer: DueTimer): void {
    this.changed = true;
    this.progress.counters.timers++;
    const place = this.placesByQueue.get(timer.stage)!;
    const run = (): void => this.attempts.wired.logics.get(place.stage)?.onTimer?.(timer.key, timer.timeMs - place.delayMs, timer.tag);
    this.progress.closedMs = Math.max(this.progress.closedMs, timer.timeMs - 1);
    this.tryTimer(timer, place, run);
  }

  private tryTimer(timer: DueTimer, place: StagePlace, run: () => void): void {
    this.firing = { rank: place.rank, timeMs: timer.timeMs };
    const outcome = this.attempts.attempt(place.stage, run);
    if (outcome !== null && 'awaited' in outcome)
      this.awaited = { what: outcome.awaited, key: timer.key, again: () => this.tryTimer(timer, place, run) };
    else if (outcome !== null) this.repeatMuted(timer, run, outcome.failure);
    this.firing = this.cause = null;
  }

  /** The rows of the stage are at hand: it has just read them. */
  private repeatMuted(timer: DueTimer, run: () => void, { error, stage }: AttemptFailure): void {
    // The stage's own bookkeeping must go on, or its window would never close again; what follows it stays silent.
    this.muted = true;
    this.attempts.attempt(stage, run);
    this.muted = false;
    this.buryTimer(timer, stage, error);
  }

  private bury(error: unknown, stage: string | null, arrival: Arrival): void {
    const eventTimeMs = Number.isNaN(arrival.eventTimeMs) ? null : arrival.eventTimeMs;
    this.sendDeadLetter({ code: errorCodeOf(error), reason: errorMessageOf(error), stage, eventTimeMs }, arrival.record);
  }

  private buryTimer(timer: DueTimer, stage: string, error: unknown): void {
    const { stage: owner, delayMs } = this.placesByQueue.get(timer.stage)!;
    const eventTimeMs = timer.timeMs - delayMs;
    const reason = `timer ${eventTimeMs} of stage ${owner} for key "${timer.key}": ${errorMessageOf(error)}`;
    this.sendDeadLetter({ code: errorCodeOf(error), reason, stage, eventTimeMs }, this.bytesOf(timer.key));
  }

  private sendDeadLetter(failure: Parameters<Outputs['deadLetter']>[0], source: FailedBytes | null): void {
    this.progress.counters.deadLetters++;
    const origin = { ...this.nextOrigin(), ...this.cause };
    this.parts.outputs.deadLetter(failure, source, this.times(failure.eventTimeMs ?? 0), origin);
  }

  /** What a failure is buried with: the record at hand, the one that the timer at hand holds, or a key. */
  private bytesOf(key: string): FailedBytes {
    const held = this.cause === null ? null : storedRecord(this.parts.inputs, this.cause);
    return this.current?.record ?? held ?? { key: Buffer.from(key), value: null, header: null };
  }

  private times(eventTimeMs: number): RecordTimes {
    return { eventTimeMs, streamTimeMs: this.progress.clockMs, watermarkMs: this.progress.watermarkMs };
  }

  private nextOrigin(): OriginPosition {
    const { topic, partition, offset } = this.progress.origin;
    return { topic, partition, offset, index: this.progress.outputIndex++ };
  }

  /** The channel's records to come are placed at the task's clock: what the others did meanwhile stays before them. */
  resume(channel: Channel): void {
    if (this.parts.replayed.decidesOn(channel)) return;
    this.progress.clockMs = this.nextClockMs();
    channel.progress.idle = false;
    this.silence.broken(channel);
    this.decide('resume', channel);
    channel.resumeAt(this.progress.clockMs);
  }

  /** Logs a decision that the data does not hold, with the place where it took effect. */
  private decide(phase: Decision['phase'], channel: Channel): void {
    const { parts, progress, waitingMs } = this;
    const decision = { phase, channel: channel.id, position: channel.progress.next, at: standingOf(progress) };
    this.control(controlOf(parts, decision, phase === 'idle' ? waitingMs : progress.clockMs));
    parts.replayed.made(channel);
  }

  /** Logs which models the task has turned to, and from when on it decides with them. */
  private tellAdoptions(): void {
    for (const { adoption, count } of this.parts.models?.tell() ?? [])
      this.control(adoptionControlOf(this.parts, adoption, count, standingOf(this.progress)));
  }

  private control(value: Control): void {
    const { id: key, madeAtMs: timestamp } = value;
    this.parts.outputs.send(CONTROL, { key, value, timestamp }, this.times(timestamp), { ...this.progress.origin, index: 0 });
    this.changed = true;
  }

  private async commit(): Promise<void> {
    const { state, timers, outputs, access, limits } = this.parts;
    const { counters } = this.progress;
    for (const input of this.parts.inputs) input.settle();
    const positions = ownPositions(this.parts.inputs);
    const isFurther = this.looked.isFar(positions, limits.maxRecords);
    if (!this.changed && !isFurther && outputs.size === 0 && counters.repeated === this.committedRepeats) return access.idle?.();
    counters.outputs += outputs.results;
    this.committedRepeats = counters.repeated;
    this.looked.commit(positions);
    this.changed = false;
    this.isCommitting = true;
    try {
      const commit = {
        task: this.name,
        outputs: outputs.drain(),
        state: state.drain(),
        queue: timers.drain(),
        progress: encodeProgress(this.progress),
      };
      await access.commit(commit, positions);
    } finally {
      this.isCommitting = false;
    }
    state.trim(limits.mostCachedRows);
    await timers.settle();
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
    return stageContext(stage, this.places.get(stage)!, this.parts, {
      watermarkOf: (place) => this.watermarkOf(place),
      isMuted: () => this.muted,
      isDirect: () => this.current !== null,
      causedBy: (source) => void (this.cause = source),
      times: (eventTimeMs) => this.times(eventTimeMs),
      nextOrigin: () => this.nextOrigin(),
      deadLetter: (failure, source) => this.sendDeadLetter(failure, source),
      bytesOf: (key) => this.bytesOf(key),
    });
  }
}
