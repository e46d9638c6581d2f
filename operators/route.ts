import type { Observable } from 'rxjs';
import type { StageContext } from './ports/stage.js';
import type { Records, StreamRecord } from './record.js';
import { withValue } from './record.js';
import type { StageOutput } from './stage.js';

/** Where records go that an operator cannot use; a function builds a pipeline that ends in `to(topic)`. Required: nothing vanishes unseen. */
export type Route<K extends string, V> = 'dead-letter' | 'discard' | ((records: Records<K, V>) => Observable<never>);

/** A record that came behind its window. */
export interface Late<V> {
  readonly value: V;
  /** Stage that found it late. */
  readonly operator: string;
  /** The watermark that had passed, ms. */
  readonly watermarkMs: number;
  /** Windows of the record that had closed, of all windows that hold its event time. The open ones counted it. */
  readonly closedWindows: number;
  readonly windows: number;
}

type RouteEvent = 'late' | 'miss' | 'unmatched';

/** Why a record takes a route, and the value that a pipeline gets of it. */
interface RouteReason<V> {
  readonly event: RouteEvent;
  readonly code: string;
  readonly reason: string;
  readonly value: () => V;
}

/** Wires a function route to its port; the port stays silent for the other two. */
export function connectRoute<K extends string, V>(route: Route<K, V>, output: StageOutput<string, unknown> | undefined): void {
  if (typeof route === 'function') route(output as unknown as Records<K, V>);
}

/** Sends one record along a route. `discard` counts it. */
export function sendAlong<V>(
  context: StageContext,
  route: Route<never, V>,
  port: number,
  record: StreamRecord<string, unknown>,
  to: RouteReason<V>,
): void {
  if (route === 'discard') context.count(to.event);
  else if (route === 'dead-letter') context.deadLetter(to.code, to.reason, record);
  else {
    context.count(to.event);
    context.emit(port, withValue(record, to.value()));
  }
}

/** The part of a route that `plan` compares. */
export const routeParameter = (route: Route<never, never>): string => (typeof route === 'function' ? 'pipeline' : route);

/** What a miss tells its route. */
export function missOf<V>(stage: string, key: string, value: V): RouteReason<V> {
  return { event: 'miss', code: 'SFS_MISS', reason: `stage ${stage} found no row for key "${key}"`, value: () => value };
}
