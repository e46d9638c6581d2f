/** `skillforge lag`. */
import type { Command } from 'commander';
import type { Storage } from '../../runtime/ports.js';
import { deployedTopologies, findDeployed, inputsOf, tasksOf, type DeployedTask, type TaskInput } from './deployed.js';
import { readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countText, print, printJson, tableText, timeText } from './output.js';

/** How far a task is. */
interface TaskLag {
  readonly task: string;
  readonly lag: number;
  readonly watermarkMs: number | null;
  readonly inputs: readonly InputLag[];
  /** Channels that hold nothing up because they are silent. */
  readonly idle: readonly string[];
}

interface InputLag {
  readonly topic: string;
  readonly partition: number;
  /** First offset that is not processed. */
  readonly next: number;
  readonly end: number;
  readonly lag: number;
}

const DESCRIPTION = `Shows, for each task as of its last commit, how many records wait (the end of the log less the first offset that is not
processed), its watermark, and which of its channels are idle. Every version that ever ran in the folder is shown, also one that runs no more. Works beside a
running "run".`;

/** Shows how far tasks are. */
export function lagCommand(): Command {
  return folderCommand('lag [topology]', 'show how far each task is', DESCRIPTION, ['skillforge lag', 'skillforge lag item-trends --json']).action(
    show,
  );
}

async function show(topology: string | undefined, options: FolderOptions): Promise<void> {
  const lags = await readingFolder(options.data, (storage) => lagsOf(storage, topology, options.region));
  if (options.json) return printJson(lags);
  const rows = lags.map(({ task, lag, watermarkMs, inputs, idle }) => [
    task,
    offsetsText(inputs),
    countText(lag),
    timeText(watermarkMs),
    idle.length === 0 ? '-' : String(idle.length),
  ]);
  print(lags.length === 0 ? 'no topology has run in this folder' : tableText(['task', 'processed/end', 'lag', 'watermark', 'idle channels'], rows));
}

function lagsOf(storage: Storage, topology: string | undefined, region: string): TaskLag[] {
  const deployed = topology === undefined ? deployedTopologies(storage) : [findDeployed(storage, topology)];
  return deployed.flatMap((one) => tasksOf(storage, one)).map((task) => taskLag(storage, task, region));
}

function taskLag(storage: Storage, task: DeployedTask, region: string): TaskLag {
  const inputs = inputsOf(region, task);
  const lags = inputs.map((input) => inputLag(storage, input));
  return {
    task: task.name,
    lag: lags.reduce((total, { lag }) => total + lag, 0),
    watermarkMs: task.progress?.watermarkMs ?? null,
    inputs: lags,
    idle: inputs.flatMap((input) =>
      [...input.channels]
        .filter(([, channel]) => channel.idle && !channel.ended)
        .map(([producer]) => `${input.topic}/${input.partition}/${producer}`),
    ),
  };
}

function inputLag(storage: Storage, { topic, partition, channels }: TaskInput): InputLag {
  const { start, end } = storage.log.range(topic, partition);
  const next = channels.size === 0 ? start : Math.min(...[...channels.values()].map((channel) => channel.next));
  return { topic, partition, next, end, lag: Math.max(0, end - next) };
}

function offsetsText(inputs: readonly InputLag[]): string {
  return inputs.map(({ next, end }) => `${next}/${end}`).join(' ');
}
