/** `skillforge lag`. */
import type { Command } from 'commander';
import { parsePhysicalTopicName } from '../../schemas/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { deployedTopologies, findDeployed, inputsOf, tasksOf, type DeployedTask, type TaskInput } from './deployed.js';
import { readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countText, print, printJson, tableText, timeText } from './output.js';

/** How far a task is. */
interface TaskLag {
  readonly task: string;
  readonly lag: number;
  /** `null` before the first watermark and after the last: see `ended`. */
  readonly watermarkMs: number | null;
  /** Its input is over and every window closed. */
  readonly ended: boolean;
  readonly inputs: readonly InputLag[];
  /** Channels that hold nothing up because they are silent. */
  readonly idle: readonly string[];
}

/** How far a task is in one partition of a source. */
export interface InputLag {
  readonly topic: string;
  readonly partition: number;
  /** First offset that is not processed. */
  readonly next: number;
  readonly end: number;
  readonly lag: number;
}

const DESCRIPTION = `Shows how far each task is, as of its last commit. Every version that ever ran in the folder is shown, also one that runs no more.
Works beside a running "run".

  processed/end  first offset that is not processed, and the end of the log; by topic where a task reads several, and over all partitions of a global table
  lag            the difference: what waits, markers included
  watermark      event time up to which the task has seen everything; windows that end before it are closed
  idle channels  inputs that were silent for so long that the watermark no longer waits for them; they count again as soon as they have a record`;

/** Shows how far tasks are. */
export function lagCommand(): Command {
  return folderCommand('lag [topology]', 'show how far each task is', DESCRIPTION, ['skillforge lag', 'skillforge lag item-trends --json']).action(
    show,
  );
}

async function show(topology: string | undefined, options: FolderOptions): Promise<void> {
  const lags = await readingFolder(options.data, (storage) => lagsOf(storage, topology, options.region));
  if (options.json) return printJson(lags);
  const rows = lags.map(({ task, lag, watermarkMs, ended, inputs, idle }) => [
    task,
    offsetsText(inputs),
    countText(lag),
    ended ? timeText(Infinity) : timeText(watermarkMs),
    idle.length === 0 ? '-' : String(idle.length),
  ]);
  print(lags.length === 0 ? 'no topology has run in this folder' : tableText(['task', 'processed/end', 'lag', 'watermark', 'idle channels'], rows));
}

function lagsOf(storage: LocalStorage, topology: string | undefined, region: string): TaskLag[] {
  const deployed = topology === undefined ? deployedTopologies(storage) : [findDeployed(storage, topology)];
  return deployed.flatMap((one) => tasksOf(storage, one)).map((task) => taskLag(storage, task, region));
}

function taskLag(storage: LocalStorage, task: DeployedTask, region: string): TaskLag {
  const inputs = inputsOf(region, task);
  const lags = inputs.map((input) => inputLag(storage, input));
  const watermarkMs = task.progress?.watermarkMs ?? -Infinity;
  return {
    task: task.name,
    lag: lags.reduce((total, { lag }) => total + lag, 0),
    watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null,
    ended: watermarkMs === Infinity,
    inputs: lags,
    idle: inputs.flatMap((input) =>
      [...input.channels]
        .filter(([, channel]) => channel.idle && !channel.ended)
        .map(([producer]) => `${input.topic}/${input.partition}/${producer}`),
    ),
  };
}

function inputLag(storage: LocalStorage, { topic, partition, channels }: TaskInput): InputLag {
  const { start, end } = storage.log.range(topic, partition);
  const next = channels.size === 0 ? start : Math.min(...[...channels.values()].map((channel) => channel.next));
  return { topic, partition, next, end, lag: Math.max(0, end - next) };
}

/** Such as `17/20`, or `clicks 17/20, profiles 5/5` for a task with several sources. */
export function offsetsText(inputs: readonly InputLag[]): string {
  const sums = new Map<string, { next: number; end: number }>();
  for (const { topic, next, end } of inputs) {
    const sum = sums.get(topic) ?? { next: 0, end: 0 };
    sums.set(topic, { next: sum.next + next, end: sum.end + end });
  }
  const named = sums.size > 1;
  return [...sums].map(([topic, { next, end }]) => `${named ? `${parsePhysicalTopicName(topic).name} ` : ''}${next}/${end}`).join(', ');
}
