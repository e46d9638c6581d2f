import { encodeProgress, type ChannelProgress, type TaskProgress } from '../engine/progress.js';
import type { PartitionInput } from '../engine/partitionInput.js';
import type { Task } from '../engine/task.js';
import type { TaskCommit } from '../ports.js';

/**
 * Moves a task on as if a record of event time `toMs + latenessMs` had come on every partition of its sources, but for the record
 * itself. `null` where the task reads none of them. The task must be dropped afterwards: the commit is all that counts.
 */
export function advanced(task: Task, toMs: number, which: (input: PartitionInput) => boolean): TaskCommit | null {
  const { progress } = task;
  const inputs = task.parts.inputs.filter((input) => !input.options.source.topic.derived && which(input));
  if (inputs.length === 0) return null;
  for (const input of inputs) {
    const clockMs = toMs + input.options.source.latenessMs;
    for (const channel of input.channels.values()) raise(channel.progress, clockMs, toMs);
    progress.clockMs = Math.max(progress.clockMs, clockMs);
  }
  progress.watermarkMs = Math.max(progress.watermarkMs, leastWatermark(task));
  return { task: task.name, outputs: [], state: [], queue: [], progress: encodeProgress(progress satisfies TaskProgress) };
}

function raise(progress: ChannelProgress, clockMs: number, watermarkMs: number): void {
  progress.clockMs = Math.max(progress.clockMs, clockMs);
  progress.watermarkMs = Math.max(progress.watermarkMs, watermarkMs);
}

/** Over the channels that somebody still writes: those outside, and those of the task's own topologies that are not idle. */
function leastWatermark(task: Task): number {
  const counted = task.parts.inputs
    .filter((input) => input.options.source.holdsWatermark)
    .flatMap((input) => [...input.channels.values()].filter((channel) => !input.options.source.topic.derived || !channel.progress.idle))
    .filter((channel) => !channel.progress.ended);
  return counted.length === 0 ? -Infinity : Math.min(...counted.map((channel) => channel.progress.watermarkMs));
}
