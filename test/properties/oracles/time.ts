/**
 * What a task knows of time, computed from whole inputs: the order in which it takes the records of its channels, and its watermark at
 * each of them. See docs/explanation/time.md.
 */
import { partitionOf } from '../../../schemas/partitioner.js';
import type { Event } from '../../operators/pipelines.js';

/** One record of a channel, with what the channel's writer has promised by then. */
export interface Step<E> {
  /** Running maximum of time within the channel. */
  readonly clockMs: number;
  /** Nothing before it comes through the channel any more, but what is late. */
  readonly watermarkMs: number;
  /** `null`: a mere promise. */
  readonly event: E | null;
}

/** One partition of a source topic, or what one task upstream wrote there. */
export interface Channel<E> {
  readonly steps: readonly Step<E>[];
  /** Global tables say nothing about time. */
  readonly counts: boolean;
}

/** A record as the task takes it. The task's watermark has seen the record already. */
export interface Turn<E> {
  readonly event: E | null;
  readonly watermarkMs: number;
  /** The task's clock. */
  readonly clockMs: number;
}

/** The turns of a task: channels merge by clock, those of one clock in the given order, and each ends with the promise of no more. */
export function mergedTurns<E>(channels: readonly Channel<E>[]): Turn<E>[] {
  const all = channels.flatMap(({ steps }, channel) => {
    const end: Step<E> = { clockMs: steps.at(-1)?.clockMs ?? -Infinity, watermarkMs: Infinity, event: null };
    return [...steps, end].map((step) => ({ step, channel }));
  });
  const inOrder = all.sort((a, b) => (a.step.clockMs === b.step.clockMs ? a.channel - b.channel : a.step.clockMs - b.step.clockMs));
  const promised = channels.map(({ counts }) => (counts ? -Infinity : Infinity));
  let watermarkMs = -Infinity;
  let clockMs = -Infinity;
  return inOrder.map(({ step, channel }) => {
    if (channels[channel]!.counts) promised[channel] = step.watermarkMs;
    watermarkMs = Math.max(watermarkMs, Math.min(...promised));
    clockMs = Math.max(clockMs, step.clockMs);
    return { event: step.event, watermarkMs, clockMs };
  });
}

/** The channel of a source whose watermark is the greatest event time seen less the lateness. */
export function sourceChannel<E extends Event>(events: readonly E[], latenessMs: number): Channel<E> {
  let clockMs = -Infinity;
  const steps = events.map((event) => {
    clockMs = Math.max(clockMs, event.atMs);
    return { clockMs, watermarkMs: clockMs - latenessMs, event };
  });
  return { steps, counts: true };
}

/** Events by the partition of their key, each with its source position. */
export function byPartition<E extends Event>(events: readonly E[], partitions: number): (E & Placed)[][] {
  const placed = Array.from({ length: partitions }, (): (E & Placed)[] => []);
  for (const event of events) {
    const partition = partitionOf(Buffer.from(event.key), partitions);
    placed[partition]!.push({ ...event, partition, offset: placed[partition]!.length });
  }
  return placed;
}

/** Where an event lies in its topic. */
export interface Placed {
  readonly partition: number;
  readonly offset: number;
}

/** The turns of every task over one source. */
export function turnsOf({
  events,
  latenessMs,
  schedule,
}: {
  readonly events: readonly Event[];
  readonly latenessMs: number;
  readonly schedule: { readonly partitions: number };
}) {
  return byPartition(events, schedule.partitions).map((part) => mergedTurns([sourceChannel(part, latenessMs)]));
}

/** An event with the watermark that it met: how an operator sees it come. */
export interface Arrived extends Event {
  readonly watermarkMs: number;
}

/** The events of turns, by key in order of arrival. */
export function arrivedByKey(tasks: readonly (readonly Turn<Event>[])[]): Map<string, Arrived[]> {
  const arrived = tasks.flat().flatMap(({ event, watermarkMs }) => (event === null ? [] : [{ ...event, watermarkMs }]));
  return groupedBy(arrived, (event) => event.key);
}

/** The same events as if none could be late: sorted by event time, those of one time in order of arrival. */
export function sortedByKey(events: readonly Event[]): Map<string, Arrived[]> {
  const sorted = [...events].sort((a, b) => a.atMs - b.atMs).map((event) => ({ ...event, watermarkMs: -Infinity }));
  return groupedBy(sorted, (event) => event.key);
}

/** Items by key, in their order. */
export function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
