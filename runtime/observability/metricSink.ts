import type { LabelsOf, NameOf } from './metrics.js';

/** Takes what is measured. */
export interface MetricSink {
  /** Adds to a counter. */
  add<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by: number): void;
  /** Puts a value into a histogram. */
  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Replaces all series of a gauge: one that is not given any more is gone. */
  replace<N extends NameOf<'gauge'>>(name: N, series: Iterable<readonly [labels: LabelsOf<N>, value: number]>): void;
}
