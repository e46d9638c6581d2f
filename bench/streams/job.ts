/** The job in this project's own terms. */
import { filter, map } from 'rxjs';
import {
  count,
  days,
  debounced,
  hopping,
  onClose,
  onUpdate,
  seconds,
  sum,
  to,
  topology,
  type Emission,
  type Topology,
} from '../../operators/index.js';
import { clicksTopic, resultsTopic, type BenchClick } from './clicks.js';

/** `second`: each changed window at most once per learner and second of event time; `update`: at each click; `close`: once. */
export type JobEmission = 'second' | 'update' | 'close';

/** One run of the job. */
export interface JobOptions {
  /** Name of the run: its group, its state and its results are its own. */
  readonly run: string;
  readonly emission: JobEmission;
  readonly windowDays: number;
}

const EMISSIONS: Readonly<Record<JobEmission, () => Emission>> = { second: () => debounced(seconds(1)), update: onUpdate, close: onClose };

/** Name of the topology of a run. */
export const topologyName = (run: string): string => `click-windows-${run}`;

/** Count and sum of the clicks of each learner in windows of some days that hop by one. `eventTimeMs` hears of each click that is read. */
export function clickWindows({ run, emission, windowDays }: JobOptions, eventTimeMs = (click: BenchClick): number => click.atMs): Topology {
  return topology(topologyName(run), { version: 1 }, ({ source }) => {
    const results = source(clicksTopic, { eventTimeMs, maxAheadMs: Number.MAX_SAFE_INTEGER }).pipe(
      hopping(
        'windows',
        { sizeMs: days(windowDays), advanceMs: days(1), graceMs: days(1), emit: EMISSIONS[emission](), late: 'dead-letter' },
        { events: count(), clicks: sum((click: BenchClick) => click.clicks) },
      ),
    );
    results.pipe(
      // A window that did not change since is not told again at its close.
      filter(({ value }) => emission === 'close' || !value.final),
      map(({ key, timestamp, value: { window, value } }) => {
        const start = String(window.startMs);
        return { key: `${key}|${start}`, timestamp, value: { learner: key, window: start, ...value } };
      }),
      to(resultsTopic(run)),
    );
  });
}
