/** How far tasks have read, partition by partition, as of their last commits. */
import type { ChannelProgress } from '../../runtime/engine/progress.js';
import type { PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { inputsOf, type DeployedTask } from '../commands/deployed.js';

/** A partition of a source as one task reads it. */
export interface Reading {
  readonly task: DeployedTask;
  /** Physical name. */
  readonly topic: string;
  readonly partition: number;
  /** Offsets between what is processed and the end. */
  readonly waiting: number;
  /** Event time up to which the task has seen all of it, ms; -Infinity before the first watermark, Infinity when it has ended. */
  readonly watermarkMs: number;
}

/** All that tasks read; a topic that is not there any more is left out. */
export async function readingsOf(tools: ToolAccess, region: string, tasks: readonly DeployedTask[]): Promise<Reading[]> {
  const ranges = await rangesOf(
    tools,
    tasks.flatMap((task) => inputsOf(region, task).map(({ topic }) => topic)),
  );
  const places = tasks.flatMap((task) =>
    inputsOf(region, task).flatMap(({ topic, partition, channels }) => {
      const range = ranges.get(topic)?.[partition];
      const all = [...channels.values()];
      return range === undefined ? [] : [{ task, topic, partition, next: nextOf(all, range.start), watermarkMs: seenTo(all) }];
    }),
  );
  const waiting = await tools.waiting(places);
  return places.map((place, at) => ({ ...place, waiting: waiting[at]! }));
}

/** The partitions of topics, by physical name; of those that there are. */
export async function rangesOf(tools: ToolAccess, topics: Iterable<string>): Promise<Map<string, PartitionRange[]>> {
  const there = new Set((await tools.topics()).map(({ name }) => name));
  const ranges = new Map<string, PartitionRange[]>();
  for (const topic of new Set(topics)) if (there.has(topic)) ranges.set(topic, await tools.ranges(topic));
  return ranges;
}

const nextOf = (channels: readonly ChannelProgress[], start: number): number =>
  channels.length === 0 ? start : Math.min(...channels.map((channel) => channel.next));

/** A producer that is silent holds nobody up, unless all are. */
function seenTo(channels: readonly ChannelProgress[]): number {
  const told = channels.filter(({ watermarkMs }) => watermarkMs !== -Infinity);
  const busy = told.filter(({ idle }) => !idle);
  return told.length === 0 ? -Infinity : Math.min(...(busy.length > 0 ? busy : told).map(({ watermarkMs }) => watermarkMs));
}

/** Offsets that wait: a partition that several tasks read counts once, as far as the slowest of them is. */
export function waitingIn(readings: readonly Reading[]): number {
  const lags = new Map<string, number>();
  for (const { topic, partition, waiting } of readings) {
    const place = `${topic}/${partition}`;
    lags.set(place, Math.max(lags.get(place) ?? 0, waiting));
  }
  return [...lags.values()].reduce((sum, lag) => sum + lag, 0);
}

/** The partition for whose task most waits; null where nothing does. */
export function slowestOf(readings: readonly Reading[]): number | null {
  const lags = new Map<number, number>();
  for (const { task, waiting } of readings) lags.set(task.partition, (lags.get(task.partition) ?? 0) + waiting);
  const [slowest] = [...lags].sort(([, a], [, b]) => b - a);
  return slowest === undefined || slowest[1] === 0 ? null : slowest[0];
}

/** The least of the times that there are, those without end left out; null where there is none. */
export function leastOf(timesMs: readonly number[]): number | null {
  const leastMs = Math.min(...timesMs.filter((timeMs) => timeMs !== -Infinity));
  return Number.isFinite(leastMs) ? leastMs : null;
}

/** The least watermark of tasks that have one. */
export const watermarkOf = (tasks: readonly DeployedTask[]): number | null =>
  leastOf(tasks.map(({ progress }) => progress?.watermarkMs ?? -Infinity));
