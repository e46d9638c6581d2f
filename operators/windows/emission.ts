import { assertPositive } from '../assert.js';

/** When a window publishes: see the constructors. */
export type Emission = { readonly on: 'close' } | { readonly on: 'update' } | { readonly on: 'interval'; readonly intervalMs: number };

/**
 * Once, when the watermark passes the window's end plus the grace period: exactly one final result a window.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter', emit: onClose() }, { n: sum((event) => event.n) }))
 * // <- ada@1 1, ada@5 2
 * // <- watermark 10
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { n: 3 } }
 */
export const onClose = (): Emission => ({ on: 'close' });

/**
 * After each record, for each window that holds it; `final` is false. Nothing more at the close.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter', emit: onUpdate() }, { n: sum((event) => event.n) }))
 * // <- ada@1 1, ada@5 2
 * // -> ada@1 { window: { startMs: 0, endMs: 10 }, final: false, value: { n: 1 } }
 * // -> ada@5 { window: { startMs: 0, endMs: 10 }, final: false, value: { n: 3 } }
 * // <- end
 */
export const onUpdate = (): Emission => ({ on: 'update' });

/**
 * At most once per key in each aligned event-time interval [k * intervalMs, (k + 1) * intervalMs). The first record after a
 * publication chooses the interval of the next: the one that holds its event time, or the watermark where that is later. When
 * watermark >= (k + 1) * intervalMs, all open windows from the earliest record since on go out, with `final` false and event time
 * (k + 1) * intervalMs - 1. Each window publishes its final result when it closes, too.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter', emit: debounced(5) }, { n: sum((event) => event.n) }))
 * // <- ada@1 1, ada@2 2, ada@6 4
 * // -> ada@4 { window: { startMs: 0, endMs: 10 }, final: false, value: { n: 3 } }
 * // <- end
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { n: 7 } }
 * @throws SFS_DURATION
 */
export function debounced(intervalMs: number): Emission {
  assertPositive('intervalMs', intervalMs);
  return { on: 'interval', intervalMs };
}
