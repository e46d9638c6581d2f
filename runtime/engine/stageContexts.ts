import type { StageContext } from '../../operators/ports/stage.js';
import type { Origin } from '../../operators/record.js';
import type { OriginPosition, RecordTimes } from './header.js';
import type { FailedBytes, Outputs } from './outputs.js';
import { COUNTER_OF } from './progress.js';
import type { StagePlace } from './stagePlaces.js';
import type { TaskParts } from './taskParts.js';

/** What a stage's context asks of the task that it runs in. */
export interface StageHost {
  /** Event time up to which a stage has come, ms. */
  readonly watermarkOf: (place: StagePlace) => number;
  readonly isMuted: () => boolean;
  /** Whether a record is being processed, and no timer. */
  readonly isDirect: () => boolean;
  readonly causedBy: (source: Origin) => void;
  readonly times: (eventTimeMs: number) => RecordTimes;
  readonly nextOrigin: () => OriginPosition;
  readonly deadLetter: (failure: Parameters<Outputs['deadLetter']>[0], source: FailedBytes | null) => void;
  /** What a failure of a key is buried with. */
  readonly bytesOf: (key: string) => FailedBytes;
}

/** What a stage may use of its task. */
export function stageContext(stage: string, place: StagePlace, { state, timers, outputs, progress }: TaskParts, host: StageHost): StageContext {
  const { queue, delayMs } = place;
  return {
    get watermarkMs() {
      return host.watermarkOf(place);
    },
    get sourceWatermarkMs() {
      return progress.watermarkMs;
    },
    get streamTimeMs() {
      return progress.clockMs;
    },
    get origin() {
      return progress.origin;
    },
    get source() {
      return host.isDirect() ? progress.origin : null;
    },
    get muted() {
      return host.isMuted();
    },
    causedBy: host.causedBy,
    state: (store) => state.store(store) as never,
    timers: {
      set: (key, timeMs, tag = '') => timers.set(queue, key, timeMs + delayMs, tag),
      delete: (key, timeMs, tag = '') => timers.delete(queue, key, timeMs + delayMs, tag),
    },
    emit: () => undefined,
    send: (topic, record) => outputs.send(topic, record, host.times(record.timestamp), host.nextOrigin()),
    deadLetter: (code, reason, record) => host.deadLetter({ code, reason, stage, eventTimeMs: record.timestamp }, host.bytesOf(record.key)),
    count: (event) => progress.counters[COUNTER_OF[event]]++,
  };
}
