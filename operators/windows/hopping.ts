import type { PanedAggregates, AnyAggregate } from '../aggregates/aggregate.js';
import { combine } from '../aggregates/combine.js';
import { assertNotNegative, assertPositive } from '../assert.js';
import { attach } from '../attach.js';
import { SkillForgeError } from '../../schemas/index.js';
import type { Records } from '../record.js';
import { connectRoute, routeParameter, type Late, type Route } from '../route.js';
import { onClose, type Emission } from './emission.js';
import { paneRowSchema } from './panes.js';
import { windowLogic, type WindowPlan, type WindowPublisher } from './windowLogic.js';

/** The window [startMs, endMs) of event time, ms since epoch. */
export interface WindowBounds {
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
}

/** What a window publishes. */
export interface WindowResult<R> {
  readonly window: WindowBounds;
  /** True for the one result that no later record can change. */
  readonly final: boolean;
  readonly value: R;
}

/** What every window of a fixed size takes. */
export interface WindowOptions<K extends string, V> {
  /** How long after its end a window still takes records, on top of the source's lateness. Default 0. */
  readonly graceMs?: number;
  /** Default `onClose()`. */
  readonly emit?: Emission;
  /** Where records go that come behind a window. */
  readonly late: Route<K, Late<V>>;
}

/** Size of the windows and the distance between their starts, ms. */
export interface HoppingOptions<K extends string, V> extends WindowOptions<K, V> {
  /** Length of each window. */
  readonly sizeMs: number;
  /** From the start of one window to that of the next; at most sizeMs. */
  readonly advanceMs: number;
}

/**
 * Aggregates per key over windows [k * advanceMs, k * advanceMs + sizeMs), k any whole number.
 *
 * Windows share panes of gcd(sizeMs, advanceMs), so a record updates one pane however many windows hold it; a window
 * is the merge of its panes. A window closes when watermark >= end + graceMs; its result carries event time end - 1.
 * A record with t whose windows are all closed goes to `late`; one with some closed windows counts in the open ones
 * and goes to `late` too, with the number of each. Emission `onUpdate` publishes each open window that holds the record.
 *
 * Cost: a record O(live panes of the key) to copy a list of references; a close O(sizeMs / pane).
 *
 * @example
 * events.pipe(hopping('last-20', { sizeMs: 20, advanceMs: 10, late: 'dead-letter' }, { n: sum((event) => event.n) }))
 * // <- ada@5 1, ada@12 2, ada@20 0
 * // -> ada@9 { window: { startMs: -10, endMs: 10 }, final: true, value: { n: 1 } }
 * // -> ada@19 { window: { startMs: 0, endMs: 20 }, final: true, value: { n: 3 } }
 * // <- end
 * // -> ada@29 { window: { startMs: 10, endMs: 30 }, final: true, value: { n: 2 } }
 * // -> ada@39 { window: { startMs: 20, endMs: 40 }, final: true, value: { n: 0 } }
 * @throws SFS_DURATION, SFS_WINDOW when sizeMs < advanceMs (events would fall between windows)
 * @see J. Li et al., "No Pane, No Gain" (SIGMOD Record 2005); Kafka Streams `TimeWindows`
 */
export function hopping<K extends string, V, P extends Record<string, unknown>>(
  id: string,
  options: HoppingOptions<K, V>,
  aggregates: PanedAggregates<V, P>,
): (source: Records<K, V>) => Records<K, WindowResult<P>> {
  const { sizeMs, advanceMs } = options;
  assertWindow(sizeMs, advanceMs);
  const plan: WindowPlan = {
    sizesMs: [sizeMs],
    advanceMs,
    paneMs: gcd(sizeMs, advanceMs),
    graceMs: options.graceMs ?? 0,
    emit: options.emit ?? onClose(),
  };
  return windowStage<K, V, P, WindowResult<P>>(id, 'hopping', plan, options.late, aggregates, (endMs, [value], final) => ({
    window: { startMs: endMs - sizeMs, endMs },
    final,
    value: value!,
  }));
}

/**
 * Aggregates per key over windows [k * sizeMs, (k + 1) * sizeMs). Takes aggregates that cannot be paned, too.
 *
 * @example
 * events.pipe(tumbling('tens', { sizeMs: 10, late: 'dead-letter' }, { n: sum((event) => event.n) }))
 * // <- ada@1 5, ada@9 2, ada@10 1
 * // -> ada@9 { window: { startMs: 0, endMs: 10 }, final: true, value: { n: 7 } }
 * // <- ada@3 4
 * // -> dead letter ada@3 SFS_LATE
 * // <- end
 * // -> ada@19 { window: { startMs: 10, endMs: 20 }, final: true, value: { n: 1 } }
 * @see {@link hopping} for closing, lateness and emission
 */
export function tumbling<K extends string, V, P extends Record<string, unknown>>(
  id: string,
  options: WindowOptions<K, V> & { /** Length of each window. */ readonly sizeMs: number },
  aggregates: { readonly [N in keyof P]: AnyAggregate<V, P[N]> },
): (source: Records<K, V>) => Records<K, WindowResult<P>> {
  const { sizeMs } = options;
  assertPositive('sizeMs', sizeMs);
  const plan: WindowPlan = { sizesMs: [sizeMs], advanceMs: sizeMs, paneMs: sizeMs, graceMs: options.graceMs ?? 0, emit: options.emit ?? onClose() };
  return windowStage<K, V, P, WindowResult<P>>(id, 'tumbling', plan, options.late, aggregates, (endMs, [value], final) => ({
    window: { startMs: endMs - sizeMs, endMs },
    final,
    value: value!,
  }));
}

/** One end of several hopping windows: the result of each size, `null` where that window is empty. */
export interface WindowSetResult<S extends string, R> {
  readonly endMs: number;
  readonly final: boolean;
  readonly windows: { readonly [N in S]: (WindowBounds & { readonly value: R }) | null };
}

/** The sizes of a window set and the distance between their ends, ms. */
export interface WindowSetOptions<K extends string, V, S extends string> extends WindowOptions<K, V> {
  /** Sizes by name, each a multiple of advanceMs. */
  readonly sizesMs: { readonly [N in S]: number };
  /** From the end of one window to that of the next. */
  readonly advanceMs: number;
}

/**
 * Several hopping windows of one advance over one set of panes: for each size s the windows [e - s, e), e = k * advanceMs.
 * One record per key and end e for which the largest window holds anything, with the result of every size: the cost of
 * the largest window alone.
 *
 * @example
 * events.pipe(windowSet('both', { sizesMs: { short: 10, long: 20 }, advanceMs: 10, late: 'dead-letter' }, { n: sum((event) => event.n) }))
 * // <- ada@5 1, ada@12 2
 * // -> ada@9 { endMs: 10, final: true, windows: { short: { startMs: 0, endMs: 10, value: { n: 1 } }, long: { startMs: -10, endMs: 10, value: { n: 1 } } } }
 * // <- end
 * // -> ada@19 { endMs: 20, final: true, windows: { short: { startMs: 10, endMs: 20, value: { n: 2 } }, long: { startMs: 0, endMs: 20, value: { n: 3 } } } }
 * // -> ada@29 { endMs: 30, final: true, windows: { short: null, long: { startMs: 10, endMs: 30, value: { n: 2 } } } }
 * @see {@link hopping}
 */
export function windowSet<K extends string, V, S extends string, P extends Record<string, unknown>>(
  id: string,
  options: WindowSetOptions<K, V, S>,
  aggregates: PanedAggregates<V, P>,
): (source: Records<K, V>) => Records<K, WindowSetResult<S, P>> {
  const names = Object.keys(options.sizesMs) as S[];
  const sizesMs = Object.values<number>(options.sizesMs);
  const { advanceMs } = options;
  if (sizesMs.length === 0) throw new SkillForgeError('SFS_WINDOW', `window set "${id}" has no size`);
  for (const sizeMs of sizesMs) {
    assertWindow(sizeMs, advanceMs);
    if (sizeMs % advanceMs !== 0)
      throw new SkillForgeError('SFS_WINDOW', `every size of window set "${id}" must be a multiple of advanceMs ${advanceMs}, ${sizeMs} is not`);
  }
  const plan: WindowPlan = { sizesMs, advanceMs, paneMs: advanceMs, graceMs: options.graceMs ?? 0, emit: options.emit ?? onClose() };
  return windowStage<K, V, P, WindowSetResult<S, P>>(id, 'window-set', plan, options.late, aggregates, (endMs, values, final) => {
    const windows = {} as Record<S, (WindowBounds & { value: P }) | null>;
    names.forEach((name, index) => {
      const value = values[index];
      windows[name] = value === null || value === undefined ? null : { startMs: endMs - sizesMs[index]!, endMs, value };
    });
    return { endMs, final, windows };
  });
}

function windowStage<K extends string, V, P extends Record<string, unknown>, R>(
  id: string,
  shape: string,
  plan: WindowPlan,
  late: Route<K, Late<V>>,
  aggregates: Readonly<Record<string, AnyAggregate<V, unknown>>>,
  publish: WindowPublisher<P, R>,
): (source: Records<K, V>) => Records<K, R> {
  assertNotNegative('graceMs', plan.graceMs);
  const combined = combine<V, P>(aggregates);
  if (!combined.paned && plan.sizesMs.some((sizeMs) => sizeMs !== plan.paneMs)) {
    throw new SkillForgeError('SFS_WINDOW', `stage "${id}": an aggregate that cannot be paned needs a tumbling window`);
  }
  const store = { name: `${id}/panes`, schema: paneRowSchema(combined.schema) };
  return (source) => {
    const outputs = attach([source], {
      id,
      kind: 'window',
      parameters: { shape, ...plan, late: routeParameter(late), aggregates: combined.parameters },
      stores: [store],
      ports: ['out', 'late'],
      holdMs: plan.graceMs,
      create: (context) => windowLogic({ id, plan, store, combined, late, publish }, context),
    });
    connectRoute(late, outputs[1]);
    return outputs[0] as unknown as Records<K, R>;
  };
}

function assertWindow(sizeMs: number, advanceMs: number): void {
  assertPositive('sizeMs', sizeMs);
  assertPositive('advanceMs', advanceMs);
  if (advanceMs > sizeMs)
    throw new SkillForgeError('SFS_WINDOW', `advanceMs ${advanceMs} is greater than sizeMs ${sizeMs}: events between two windows would be lost`);
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
