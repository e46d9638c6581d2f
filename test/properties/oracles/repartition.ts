/** What tasks write to an internal topic, and what the tasks that read it know of time. */
import { partitionOf } from '../../../schemas/partitioner.js';
import type { Event } from '../../operators/pipelines.js';
import { mergedTurns, type Channel, type Step, type Turn } from './time.js';

export interface RepartitionSpec {
  /** Partitions of the internal topic. */
  readonly partitions: number;
  /** A task tells its watermark when it passes a multiple of this. */
  readonly markerMs: number;
}

/**
 * The turns of the tasks that read what others wrote under new keys: each writer is a channel of its own, at the writer's clock. The
 * watermark is the least of the writers', each as far as its last marker told.
 */
export function repartitioned<E extends Event>(
  writers: readonly (readonly Turn<E>[])[],
  { partitions, markerMs }: RepartitionSpec,
  keyOf: (event: E) => string,
): Turn<E>[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    mergedTurns(
      writers.map((turns): Channel<E> => ({
        steps: turns.map((turn) => stepOf(turn, markerMs, (event) => partitionOf(Buffer.from(keyOf(event)), partitions) === partition)),
        counts: true,
      })),
    ),
  );
}

function stepOf<E extends Event>({ event, watermarkMs, clockMs }: Turn<E>, markerMs: number, isHere: (event: E) => boolean): Step<E> {
  const toldMs = Number.isFinite(watermarkMs) ? Math.floor(watermarkMs / markerMs) * markerMs : watermarkMs;
  return { clockMs, watermarkMs: toldMs, event: event !== null && isHere(event) ? event : null };
}
