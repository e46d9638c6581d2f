/** `skillforge lag`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { parsePhysicalTopicName } from '../../schemas/index.js';
import type { PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { deployedTopologies, findDeployed, inputsOf, readTasks, type DeployedTask, type TaskInput } from './deployed.js';
import { EXIT } from './exitCodes.js';
import { wholeNumber } from './options.js';
import { countText, print, printJson, tableText, timeText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

/** How far a task is. */
export interface TaskLag {
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

interface LagOptions extends ToolOptions {
  readonly watch?: true | number;
  readonly maxLag?: number;
}

const DESCRIPTION = `Shows how far each task is, as of its last commit. Every version that ever ran here is shown, also one that runs no more.
Works beside a running "run". On servers it is what the state in Redis has taken in: where a worker goes on, also after Redis lost something.

  processed/end  first offset that is not processed, and the end of the log; by topic where a task reads several, and over all partitions of a global table
  lag            records that wait, markers included
  watermark      event time up to which the task has seen everything; windows that end before it are closed
  idle channels  inputs that were silent for so long that the watermark no longer waits for them; they count again as soon as they have a record

With --max-lag the exit code is 1 while a task has more than that waiting. With --watch, too, it looks again until none has.`;

const WATCH_SECONDS = 2;

/** Shows how far tasks are. */
export function lagCommand(): Command {
  return toolCommand('lag [topology]', 'show how far each task is', DESCRIPTION, [
    'skillforge lag',
    'skillforge lag item-trends --json',
    'skillforge lag --kafka localhost:9092 --redis redis://localhost:6379 --watch',
    'skillforge lag item-trends --watch --max-lag 0',
  ])
    .option('--watch [seconds]', `look again so often, until Ctrl+C; every ${WATCH_SECONDS} seconds by default`, wholeNumber(1))
    .option('--max-lag <records>', 'most that may wait in a task', wholeNumber(0))
    .action(show);
}

async function show(topology: string | undefined, options: LagOptions): Promise<void> {
  const isAbove = (lags: readonly TaskLag[]): boolean => options.maxLag !== undefined && lags.some(({ lag }) => lag > options.maxLag!);
  const above = options.watch === undefined ? isAbove(await look(topology, options)) : await watch(topology, options, isAbove);
  if (above) process.exitCode = EXIT.failed;
}

async function look(topology: string | undefined, options: LagOptions): Promise<TaskLag[]> {
  const lags = await readingTools(options, (tools) => lagsOf(tools, topology, options.region));
  tell(lags, options);
  return lags;
}

/** Each time as it is then: what is opened shows documents and a folder as of its opening. */
async function watch(topology: string | undefined, options: LagOptions, isAbove: (lags: readonly TaskLag[]) => boolean): Promise<boolean> {
  const seconds = options.watch === true ? WATCH_SECONDS : options.watch!;
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
  for (;;) {
    const above = isAbove(await look(topology, options));
    if (options.maxLag !== undefined && !above) return false;
    await sleep(seconds * 1000, undefined, { signal: stopped.signal }).catch(() => undefined);
    if (stopped.signal.aborted) return above;
    if (options.json !== true) print('');
  }
}

function tell(lags: readonly TaskLag[], options: LagOptions): void {
  if (options.json) return printJson(lags);
  const rows = lags.map(({ task, lag, watermarkMs, ended, inputs, idle }) => [
    task,
    offsetsText(inputs),
    countText(lag),
    ended ? timeText(Infinity) : timeText(watermarkMs),
    idle.length === 0 ? '-' : String(idle.length),
  ]);
  print(lags.length === 0 ? 'no topology has run here' : tableText(['task', 'processed/end', 'lag', 'watermark', 'idle channels'], rows));
}

/** How far the tasks of a topology are, or of all. @throws SFS_DEPLOYMENT_UNKNOWN */
export async function lagsOf(tools: ToolAccess, topology: string | undefined, region: string): Promise<TaskLag[]> {
  const deployed = topology === undefined ? deployedTopologies(tools) : [findDeployed(tools, topology)];
  const tasks: DeployedTask[] = [];
  for (const one of deployed) tasks.push(...(await readTasks(tools, one)));
  const inputs = tasks.flatMap((task) => inputsOf(region, task).map((input) => ({ task, input })));
  const ranges = new Map<string, readonly PartitionRange[]>();
  for (const topic of new Set(inputs.map(({ input }) => input.topic))) ranges.set(topic, await tools.ranges(topic));
  const positions = inputs.map(({ input }) => ({ ...input, next: nextOf(input, ranges.get(input.topic)![input.partition]!) }));
  const waiting = await tools.waiting(positions);
  const lags = positions.map(({ topic, partition, next }, at): InputLag => {
    return { topic, partition, next, end: ranges.get(topic)![partition]!.end, lag: waiting[at]! };
  });
  return tasks.map((task) => {
    const ofTask = inputs.flatMap((one, at) => (one.task === task ? [{ input: one.input, lag: lags[at]! }] : []));
    return taskLag(task, ofTask);
  });
}

function taskLag(task: DeployedTask, inputs: readonly { readonly input: TaskInput; readonly lag: InputLag }[]): TaskLag {
  const watermarkMs = task.progress?.watermarkMs ?? -Infinity;
  return {
    task: task.name,
    lag: inputs.reduce((total, { lag }) => total + lag.lag, 0),
    watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null,
    ended: watermarkMs === Infinity,
    inputs: inputs.map(({ lag }) => lag),
    idle: inputs.flatMap(({ input }) =>
      [...input.channels]
        .filter(([, channel]) => channel.idle && !channel.ended)
        .map(([producer]) => `${input.topic}/${input.partition}/${producer}`),
    ),
  };
}

const nextOf = ({ channels }: TaskInput, { start }: PartitionRange): number =>
  channels.size === 0 ? start : Math.min(...[...channels.values()].map(({ next }) => next));

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
