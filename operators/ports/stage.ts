import type { Topic } from '../../schemas/index.js';
import type { Origin, StreamRecord } from '../record.js';
import type { ValueSchema } from '../schema.js';

/** A named store of a stage: one row per key, Avro-encoded, journalled per input record. */
export interface StoreSpec<S> {
  /** Unique within the stage. */
  readonly name: string;
  readonly schema: ValueSchema<S>;
}

/** Rows are immutable: `put` a new value, never change one that `get` returned (undo relies on it). */
export interface KeyedState<S> {
  get(key: string): S | undefined;
  put(key: string, row: S): void;
  delete(key: string): void;
}

/** Event-time timers of a stage. At most one per (key, time, tag); fire in order of (time, stage id, key, tag). */
export interface Timers {
  set(key: string, timeMs: number, tag?: string): void;
  delete(key: string, timeMs: number, tag?: string): void;
}

/** What a stage may use of the task it runs in. No clock, no randomness, no I/O. */
export interface StageContext {
  /** Greatest event time up to which closings have been decided, ms; -Infinity before the first record. */
  readonly watermarkMs: number;
  /** Watermark of the task, ms: what its sources have promised. Never behind `watermarkMs`, which catches up while timers fire. */
  readonly sourceWatermarkMs: number;
  /** Merge clock of the task: the greatest event time of any record so far, ms. */
  readonly streamTimeMs: number;
  /** The input that is being processed; for a timer, the input whose arrival moved the watermark. */
  readonly origin: Origin;
  /** The input that is being processed; `null` while a timer fires, whose results come from many inputs or none. */
  readonly source: Origin | null;
  /** True while a timer whose consequences failed is repeated for its stage's own bookkeeping: nothing is handed on. */
  readonly muted: boolean;
  state<S>(store: StoreSpec<S>): KeyedState<S>;
  readonly timers: Timers;
  /** Hands a record to the readers of one of the stage's outputs; set when the stage is wired. */
  emit: (port: number, record: StreamRecord<string, unknown>) => void;
  /** Sends to a topic of the catalogue; becomes visible with the commit of the input that caused it. */
  send(topic: Topic<string, unknown>, record: StreamRecord<string, unknown>): void;
  /** Says, from within a timer, which input it holds: what fails until the timer has fired is buried with that position and its bytes. */
  causedBy(source: Origin): void;
  /** Sends to the dead letters with the position of the current input. */
  deadLetter(code: string, reason: string, record: StreamRecord<string, unknown>): void;
  /** Counts a record that a `discard` route let go: nothing is dropped unseen. */
  count(event: 'late' | 'miss' | 'unmatched'): void;
}

/** A running stage of one task. Calls are synchronous; a throw undoes the input that caused it. */
export interface StageLogic {
  onRecord(record: StreamRecord<string, unknown>, input: number): void;
  onTimer?(key: string, timeMs: number, tag: string): void;
}
