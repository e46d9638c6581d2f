import type { Origin } from '../../operators/record.js';
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';
import type { TaskPosition } from '../ports.js';
import type { Adoption } from './followedModels.js';
import type { SequenceRun } from './sequenceRun.js';

/** What a task knows of one channel (one producer's records in one partition of a source). */
export interface ChannelProgress {
  /** Offset of the first record of the channel that is not processed. */
  next: number;
  /** Greatest event time, or stream time of the producer, so far; or what its last marker promised: nothing comes before it. */
  clockMs: number;
  watermarkMs: number;
  /** What the marker that is being processed promises: nothing comes before it. Timers that it moved may fire over several commits. */
  promisedMs?: number;
  idle: boolean;
  ended: boolean;
  /** Clock markers of a source that were taken: offsets that hold no record. Absent for none. */
  clocks?: number;
  /** Sequence numbers of the records taken last. Absent while none had a number. */
  taken?: SequenceRun;
}

/** Everything that was ever counted by a task; committed with its progress, so the sums reconcile. */
export interface TaskCounters {
  /** Records taken from the sources, markers excluded. */
  records: number;
  /** Records of the sources that were there once more, and were passed over. */
  repeated: number;
  timers: number;
  /** Records sent to topics, markers excluded; dead letters and control records included. */
  outputs: number;
  deadLetters: number;
  late: number;
  misses: number;
  unmatched: number;
  /** Of the records, those that nobody can read any more, because the key of their person was deleted. Absent for none. */
  erased?: number;
}

/** The counter of each event that an operator counts. */
export const COUNTER_OF = { late: 'late', miss: 'misses', unmatched: 'unmatched' } as const satisfies Record<string, keyof TaskCounters>;

/** Counts what cannot be read because it was erased: that is no failure, nobody can do anything about it. @returns false for every other error */
export function countErased(error: Error, counters: TaskCounters): boolean {
  if (errorCodeOf(error) !== 'SFS_KEY_DELETED') return false;
  counters.erased = (counters.erased ?? 0) + 1;
  return true;
}

/** What a task decides with, where models change while it runs. */
export interface ModelProgress {
  /** Greatest event time that it asked a model for. */
  decidedMs: number;
  /** Adoptions so far: as many are in the control topic. */
  count: number;
  /** Those that may still decide, by their event times: each before the next. */
  adopted: readonly Adoption[];
  /** Where an earlier life of the task may have stood, which this one computes again. Absent where it has come there. */
  reached?: readonly TaskPosition[];
}

/** Where a task stands; committed with everything that it changes. */
export interface TaskProgress {
  channels: Record<string, ChannelProgress>;
  clockMs: number;
  watermarkMs: number;
  /** Every timer up to here has fired; behind the watermark while windows close. */
  closedMs: number;
  /** Watermark of the last marker that was sent. */
  markedMs: number;
  /** The input that is in progress or was the last. */
  origin: Origin;
  /** Outputs so far of the input in progress: an input can span commits while windows close. */
  outputIndex: number;
  counters: TaskCounters;
  /** The last sequence number that was given to a record, by physical topic and partition. */
  sent: Record<string, number[]>;
  /** Decisions about sources that were made or applied: as many are behind the task in the control topic. */
  decided: number;
  /** Decisions of an earlier life in the control topic that are still to be applied; see `replayedDecisions.ts`. */
  replaying: number;
  /** Absent for a task that has asked for no model, and where models do not change. */
  models?: ModelProgress;
}

/** Clock markers that a task has taken from its sources. */
export function clocksOf({ channels }: TaskProgress): number {
  let total = 0;
  for (const id in channels) total += channels[id]!.clocks ?? 0;
  return total;
}

/** The progress of a task that has done nothing. */
export const newProgress = (): TaskProgress => ({
  channels: {},
  clockMs: -Infinity,
  watermarkMs: -Infinity,
  closedMs: -Infinity,
  markedMs: -Infinity,
  origin: { topic: '', partition: 0, offset: 0 },
  outputIndex: 0,
  counters: { records: 0, repeated: 0, timers: 0, outputs: 0, deadLetters: 0, late: 0, misses: 0, unmatched: 0 },
  sent: {},
  decided: 0,
  replaying: 0,
});

const INFINITIES: Record<string, number> = { '-Infinity': -Infinity, Infinity };

/** The counters of an encoded progress, without making the rest of it. */
export const countersIn = (bytes: Buffer): TaskCounters => (JSON.parse(bytes.toString()) as TaskProgress).counters;

/** JSON with the infinities as strings. */
export function encodeProgress(progress: TaskProgress): Buffer {
  return Buffer.from(JSON.stringify(progress, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value)));
}

/** @throws SFS_PROGRESS_INVALID */
export function decodeProgress(bytes: Buffer): TaskProgress {
  try {
    return JSON.parse(bytes.toString(), (_, value: unknown) =>
      typeof value === 'string' && value in INFINITIES ? INFINITIES[value] : value,
    ) as TaskProgress;
  } catch (cause) {
    throw new SkillForgeError('SFS_PROGRESS_INVALID', 'the progress of a task cannot be read', { cause });
  }
}
