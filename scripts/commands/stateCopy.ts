/** Copies the state of a region out of Redis into a file, and back. */
import { SkillForgeError } from '../../schemas/index.js';
import type { RedisState, SnapshotChunk, StoredRow } from '../../runtime/redis/index.js';
import { cachedDocuments } from '../../runtime/cluster/documents.js';
import type { QueueEntry } from '../../runtime/ports.js';
import { taskNames } from '../../runtime/replay/positions.js';
import { deployedTopologies, findDeployed } from './deployed.js';
import { StateFileWriter, chunkOfLine, linesOfChunk, readStateFile, type StateFileHead, type StateLine } from './stateFile.js';

/** What was copied. */
export interface StateCopy {
  readonly topologies: readonly string[];
  /** Tasks that have state. */
  readonly tasks: number;
  readonly rows: number;
  readonly timers: number;
}

/** What to copy, and where to. */
export interface SnapshotRequest {
  readonly region: string;
  /** `name` or `name@version`; without it, every version that ever ran. */
  readonly topology: string | undefined;
  readonly path: string;
  /** Wall clock, ms since epoch. */
  readonly nowMs: number;
  /** Told of each task that is copied. */
  readonly onTask: (tasks: number) => void;
}

/** Copies each task as of one batch, with its progress; beside workers. @throws SFS_DEPLOYMENT_UNKNOWN, SFS_SNAPSHOT_UNSETTLED, SFS_FILE_UNWRITABLE, and what Redis throws */
export async function snapshotState(state: RedisState, request: SnapshotRequest): Promise<StateCopy> {
  const { region, topology, path, nowMs, onTask } = request;
  const documents = await cachedDocuments(state.documents);
  const there = { documents };
  const deployed = topology === undefined ? deployedTopologies(there) : [findDeployed(there, topology)];
  const copied = new CopyCounts();
  const file = await StateFileWriter.open(path, { region, madeAtMs: nowMs });
  try {
    // Schemas of rows are added before the rows that need them: these may have more, never fewer.
    for (const one of deployed) {
      for (const task of taskNames(one.graph)) {
        await copyTask(state, task, file, copied);
        onTask(copied.tasks);
      }
    }
    const ids = new Set(deployed.map(({ id }) => id));
    await documents.refresh();
    for (const document of documents.names('')) {
      if (topology === undefined || belongsTo(ids, document)) await file.add([{ document, value: documents.get(document)!.toString('base64') }]);
    }
    await file.finish();
    return { topologies: [...ids], ...copied.result() };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function copyTask(state: RedisState, task: string, file: StateFileWriter, copied: CopyCounts): Promise<void> {
  let isFirst = true;
  for await (const chunk of state.snapshot(task)) {
    if (isFirst) await file.add([{ task }]);
    isFirst = false;
    copied.add(chunk);
    await file.add(linesOfChunk(chunk));
  }
}

/** Counts what the last `begin` of each task has after it. */
class CopyCounts {
  tasks = 0;
  private readonly whole = { rows: 0, timers: 0 };
  private current = { rows: 0, timers: 0 };

  add(chunk: SnapshotChunk): void {
    if (chunk.kind === 'begin') this.current = { rows: 0, timers: 0 };
    else if (chunk.kind === 'rows') this.current.rows += chunk.rows.length;
    else if (chunk.kind === 'queue') this.current.timers += chunk.entries.length;
    else {
      this.tasks++;
      this.whole.rows += this.current.rows;
      this.whole.timers += this.current.timers;
    }
  }

  result(): Omit<StateCopy, 'topologies'> {
    return { tasks: this.tasks, ...this.whole };
  }
}

const DEPLOYED = 'deployed/';
const SCHEMAS = 'state-schemas/';

/** Whether a document tells of a topology version: its graph, or the schemas of its rows. */
function belongsTo(ids: ReadonlySet<string>, document: string): boolean {
  if (document.startsWith(DEPLOYED)) return ids.has(document.slice(DEPLOYED.length));
  return document.startsWith(SCHEMAS) && ids.has(document.slice(SCHEMAS.length).split('/', 1)[0]!);
}

/** What to restore. */
export interface RestoreRequest {
  readonly region: string;
  readonly path: string;
  /** Takes tasks from whoever has claimed them. */
  readonly force: boolean;
  readonly onTask: (tasks: number) => void;
}

/** What was restored. */
export interface StateRestored extends StateCopy {
  readonly madeAtMs: number;
}

/**
 * Replaces the state of the topology versions in a file by the copy, task by task. A task that had no state then has none afterwards. Nothing
 * is touched before the whole file was looked at.
 * @throws SFS_SNAPSHOT_INVALID for a file that is damaged or of another region; SFS_TASK_CLAIMED while a task of these is claimed;
 * SFS_FILE_UNREADABLE, and what Redis throws
 */
export async function restoreState(state: RedisState, { region, path, force, onTask }: RestoreRequest): Promise<StateRestored> {
  const { head, documents } = await lookedThrough(path);
  if (head.region !== region) {
    throw new SkillForgeError('SFS_SNAPSHOT_INVALID', `${path} is a copy of region ${head.region}, not of ${region}`, { context: { path, region } });
  }
  const deployed = [...documents.keys()].filter((name) => name.startsWith(DEPLOYED));
  const ids = new Set(deployed.map((name) => name.slice(DEPLOYED.length)));
  const present = (await state.tasks()).filter((task) => ids.has(task.split('/', 1)[0]!));
  if (!force) await assertFree(state, present);
  for (const task of present) await state.drop(task);
  const known = new Set(await state.documents.names(''));
  for (const [name, value] of documents) if (belongsTo(ids, name) || !known.has(name)) await state.documents.put(name, value);
  const copied = new CopyCounts();
  for await (const [task, chunks] of tasksIn(path)) {
    await state.restore(task, counted(chunks, copied));
    onTask(copied.tasks);
  }
  return { topologies: [...ids], ...copied.result(), madeAtMs: head.madeAtMs };
}

async function lookedThrough(path: string): Promise<{ head: StateFileHead; documents: Map<string, Buffer> }> {
  const documents = new Map<string, Buffer>();
  const lines = readStateFile(path);
  for (let next = await lines.next(); ; next = await lines.next()) {
    if (next.done === true) return { head: next.value, documents };
    if ('document' in next.value) documents.set(next.value.document, Buffer.from(next.value.value, 'base64'));
  }
}

async function assertFree(state: RedisState, tasks: readonly string[]): Promise<void> {
  for (const task of tasks) {
    if (!(await state.isClaimed(task))) continue;
    throw new SkillForgeError('SFS_TASK_CLAIMED', `task ${task} is claimed: a worker has it, or was killed when it had it`, { context: { task } });
  }
}

/** The tasks of a file, one after the other; the pieces of each must be taken before the next. */
async function* tasksIn(path: string): AsyncGenerator<readonly [task: string, chunks: AsyncGenerator<SnapshotChunk>]> {
  const lines = readStateFile(path);
  let next = await lines.next();
  const pieces = async function* (): AsyncGenerator<SnapshotChunk> {
    for (next = await lines.next(); next.done !== true; next = await lines.next()) {
      const chunk = chunkOfLine(next.value);
      if (chunk === null) return;
      yield chunk;
    }
  };
  while (next.done !== true) {
    const line: StateLine = next.value;
    if ('task' in line) yield [line.task, gathered(pieces())];
    else next = await lines.next();
  }
}

async function* counted(chunks: AsyncIterable<SnapshotChunk>, copied: CopyCounts): AsyncGenerator<SnapshotChunk> {
  for await (const chunk of chunks) {
    copied.add(chunk);
    yield chunk;
  }
}

/** Rows, or timers, that travel together. */
const MOST_TOGETHER = 250;

/** Neighbours of one kind as one piece: a piece is a call to Redis. */
async function* gathered(chunks: AsyncIterable<SnapshotChunk>): AsyncGenerator<SnapshotChunk> {
  let [store, rows, entries]: [string, StoredRow[], QueueEntry[]] = ['', [], []];
  const take = (): SnapshotChunk[] => {
    const taken: SnapshotChunk[] = [];
    if (rows.length > 0) taken.push({ kind: 'rows', store, rows });
    if (entries.length > 0) taken.push({ kind: 'queue', entries });
    [rows, entries] = [[], []];
    return taken;
  };
  for await (const chunk of chunks) {
    const isMore = chunk.kind === 'rows' ? chunk.store === store && entries.length === 0 : chunk.kind === 'queue' && rows.length === 0;
    if (!isMore || rows.length + entries.length >= MOST_TOGETHER) yield* take();
    if (chunk.kind === 'rows') {
      store = chunk.store;
      rows.push(...chunk.rows);
    } else if (chunk.kind === 'queue') entries.push(...chunk.entries);
    else yield chunk;
  }
  yield* take();
}
