import { assertPositive } from '../assert.js';

/** When a window publishes: see the constructors. */
export type Emission = { readonly on: 'close' } | { readonly on: 'update' } | { readonly on: 'interval'; readonly intervalMs: number };

/** Once, when the watermark passes the window's end plus the grace period: exactly one final result a window. */
export const onClose = (): Emission => ({ on: 'close' });

/** After each record, for each window that holds it; `final` is false. Nothing more at the close. */
export const onUpdate = (): Emission => ({ on: 'update' });

/** At most once per key in each aligned event-time interval [k * intervalMs, (k + 1) * intervalMs), for the windows that changed. */
export function debounced(intervalMs: number): Emission {
  assertPositive('intervalMs', intervalMs);
  return { on: 'interval', intervalMs };
}
