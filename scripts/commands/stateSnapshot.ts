/** `skillforge state snapshot` and `skillforge state restore`. */
import type { Command } from 'commander';
import type { RedisState } from '../../runtime/redis/index.js';
import { usageError } from './failures.js';
import { countedText, print, printJson, timeText } from './output.js';
import { ProgressLine } from './progressLine.js';
import { redisOptionsOf } from './serverOptions.js';
import { restoreState, snapshotState, type StateCopy } from './stateCopy.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

interface SnapshotOptions extends ToolOptions {
  readonly out: string;
}

interface RestoreOptions extends ToolOptions {
  readonly force?: true;
}

const SNAPSHOT = `Copies the state that topologies have in Redis into a file: rows, timers and progress of each task as of one of its batches, and the
documents beside them. The file has a digest, and its name only when it is whole. Kafka is not asked. Works beside a running "run"; a task that
never stands still for as long as its copy takes is refused with SFS_SNAPSHOT_UNSETTLED: stop the workers, then.

A folder is copied as the file that it is, see docs/how-to/recover-a-folder.md.`;

/** Copies state out of Redis. */
export function stateSnapshotCommand(): Command {
  return toolCommand('snapshot [topology]', 'copy the state in Redis into a file', SNAPSHOT, [
    'skillforge state snapshot --out ./state.jsonl --redis redis://localhost:6379',
    'skillforge state snapshot item-trends@1 --out ./trends.jsonl --redis redis://localhost:6379',
  ])
    .requiredOption('--out <file>', 'file to write')
    .action(snapshot);
}

const RESTORE = `Replaces the state of the topology versions in the file by the copy. Workers that start afterwards go on from the offsets in the copy:
they read again what came since, and what they send again has the sequence numbers that it had, by which readers know it. The log must still have
all since then.

The whole file is checked before anything is touched. While a worker has one of the tasks this is refused with SFS_TASK_CLAIMED: stop all workers of
these topologies. One that was killed leaves its claim behind: --force takes it.`;

/** Copies state back into Redis. */
export function stateRestoreCommand(): Command {
  return toolCommand('restore <file>', 'replace state in Redis by a copy', RESTORE, [
    'skillforge state restore ./state.jsonl --redis redis://localhost:6379',
  ])
    .option('--force', 'take tasks that are claimed: workers that were killed left them so')
    .action(restore);
}

async function snapshot(topology: string | undefined, options: SnapshotOptions): Promise<void> {
  const { region, out, json = false } = options;
  const line = new ProgressLine(json);
  const onTask = (done: number): void => line.update({ what: 'copying', done, total: null, unit: 'tasks' });
  const copy = await onRedis(options, (state) => snapshotState(state, { region, topology, path: out, nowMs: Date.now(), onTask }));
  line.end();
  if (json) printJson({ summary: { file: out, ...copy } });
  else print(`copied ${copyText(copy)} to ${out}`);
}

async function restore(path: string, options: RestoreOptions): Promise<void> {
  const { region, force = false, json = false } = options;
  const line = new ProgressLine(json);
  const onTask = (done: number): void => line.update({ what: 'restoring', done, total: null, unit: 'tasks' });
  const copy = await onRedis(options, (state) => restoreState(state, { region, path, force, onTask }));
  line.end();
  if (json) printJson({ summary: { file: path, ...copy } });
  else print(`restored ${copyText(copy)}, as of ${timeText(copy.madeAtMs)}; "lag" shows what workers have to compute again`);
}

const copyText = ({ topologies, tasks, rows, timers }: StateCopy): string =>
  `${topologies.join(', ') || 'no topology'}: ${countedText(tasks, 'task')}, ${countedText(rows, 'row')}, ${countedText(timers, 'timer')}`;

async function onRedis<T>(options: ToolOptions, work: (state: RedisState) => Promise<T>): Promise<T> {
  if (options.redis === undefined) {
    throw usageError('the state of a folder is copied with it, see docs/how-to/recover-a-folder.md; for that in Redis give --redis');
  }
  // Its package takes a while to load.
  const { openRedis } = await import('../../runtime/redis/index.js');
  const state = await openRedis(redisOptionsOf(options));
  try {
    return await work(state);
  } finally {
    await state.close();
  }
}
