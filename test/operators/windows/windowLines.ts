/** How tests of windows write results down. */
import type { WindowResult, WindowSetResult } from '../../../operators/index.js';
import type { Line } from '../pipelines.js';

/** A result of a window: its bounds, whether it is final, the aggregates. */
export interface WindowLine<R> {
  readonly key: string;
  readonly timestamp: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly final: boolean;
  readonly value: R;
}

/** Results of windows in the order of event time, then key, then publication. */
export const windowLines = <R>(found: readonly Line[]): WindowLine<R>[] =>
  found.map(([key, timestamp, result]) => {
    const { window, final, value } = result as WindowResult<R>;
    return { key, timestamp, ...window, final, value };
  });

/** Start, end and the count `n` of each window. */
export const countsOf = (found: readonly Line[]): (readonly [startMs: number, endMs: number, n: number])[] =>
  windowLines<{ n: number }>(found).map(({ startMs, endMs, value }) => [startMs, endMs, value.n] as const);

/** End and the count `n` of each size of a window set, `null` where it is empty. */
export const setCountsOf = (found: readonly Line[]): (readonly [endMs: number, counts: Readonly<Record<string, number | null>>])[] =>
  found.map(([, , result]) => {
    const { endMs, windows } = result as WindowSetResult<string, { n: number }>;
    return [endMs, Object.fromEntries(Object.entries(windows).map(([name, window]) => [name, window === null ? null : window.value.n]))] as const;
  });
