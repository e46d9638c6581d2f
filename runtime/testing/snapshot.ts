import type { Deployment } from '../engine/deployment.js';
import { decodeProgress } from '../engine/progress.js';
import { topics, type Topic } from '../../schemas/index.js';
import { decodedRecords } from './driverOutput.js';
import type { MemoryStorage } from './memoryStorage.js';

/** Everything that a run left behind and that must not depend on batches, as lines by place. */
export type Snapshot = ReadonlyMap<string, readonly string[]>;

/** What the topologies left in a storage, in the order of their stages: the first difference is the nearest to its cause. */
export function snapshotOf(deployments: readonly Deployment[], storage: MemoryStorage): Snapshot {
  const snapshot = new Map<string, string[]>();
  const add = (place: string, line: string): void => {
    const lines = snapshot.get(place);
    if (lines === undefined) snapshot.set(place, [line]);
    else lines.push(line);
  };
  for (const deployment of deployments) {
    addOutputs(deployment, storage, add);
    addState(deployment, storage, add);
    addTasks(deployment, storage, add);
  }
  if (deployments[0]) addDeadLetters(deployments[0], markedTopics(deployments), storage, add);
  return snapshot;
}

type Add = (place: string, line: string) => void;

/** Order is defined among the records of one task and key; across tasks that share a partition it is not. */
function addOutputs(deployment: Deployment, storage: MemoryStorage, add: Add): void {
  const targets = deployment.topology.build().stages.flatMap(({ target }) => (target === undefined ? [] : [target]));
  for (const topic of new Map(targets.map((target) => [target.name, target])).values()) {
    const where = deployment.internal(topic.name) === undefined ? 'output topic' : 'internal topic';
    for (const { key, value, timestamp, producer } of decodedRecords(storage.log, deployment.physicalName(topic), deployment.codecOf(topic))) {
      add(`${where} ${topic.name}, key "${key}", written by ${producer}`, `${timestamp} ${textOf(value)}`);
    }
  }
}

function addState(deployment: Deployment, storage: MemoryStorage, add: Add): void {
  const tasks = tasksOf(deployment, storage);
  const kept = deployment.topology
    .build()
    .stages.flatMap(({ id, stores }) => stores.map((store) => ({ id, store, codec: deployment.stateCodec(store) })));
  for (const { id, store, codec } of kept) {
    for (const task of tasks) {
      const rows = storage.tasks.scan(task, store.name);
      for (const { key, value } of rows) add(`operator ${id}, store ${store.name}, key "${key}", task ${task}`, textOf(codec.decode(value)));
    }
  }
}

/** Watermark, counters and pending timers. Outputs are not counted: how many markers there are depends on batches. */
function addTasks(deployment: Deployment, storage: MemoryStorage, add: Add): void {
  for (const task of tasksOf(deployment, storage)) {
    const { watermarkMs, counters } = decodeProgress(storage.tasks.progress(task)!);
    const { outputs: _, ...counted } = counters;
    add(`task ${task}`, textOf({ watermarkMs: String(watermarkMs), ...counted }));
    for (const { queue, timeMs, tiebreak } of storage.tasks.queueHead(task, Infinity))
      add(`timers of task ${task}`, textOf([timeMs, queue, tiebreak]));
  }
}

/** Physical names of the topics that carry the markers of tasks. */
function markedTopics(deployments: readonly Deployment[]): ReadonlySet<string> {
  return new Set(
    deployments.flatMap((deployment) => {
      return deployment.topology.build().stages.flatMap(({ target }) => (target?.derived ? [deployment.physicalName(target)] : []));
    }),
  );
}

/** By identity, but for offsets among the markers of tasks: those depend on their number. */
function addDeadLetters(deployment: Deployment, marked: ReadonlySet<string>, storage: MemoryStorage, add: Add): void {
  const topic = topics.deadLetters as Topic<string, unknown>;
  const lines = [...decodedRecords(storage.log, deployment.physicalName(topic), deployment.codecOf(topic))].map(({ value }) => {
    const { id: _, sourceOffset, sourceTopic, personal, ...rest } = value as Readonly<Record<string, unknown>>;
    const { header: __, ...bytes } = personal as Readonly<Record<string, unknown>>;
    return textOf({ sourceTopic, ...(marked.has(String(sourceTopic)) ? {} : { sourceOffset }), ...rest, ...bytes });
  });
  for (const line of lines.sort()) add('dead letters', line);
}

/** Names of the tasks of a deployment that have committed. */
export const tasksOf = (deployment: Deployment, storage: MemoryStorage): string[] =>
  storage.tasks.names().filter((task) => task.startsWith(`${deployment.id}/`));

/** Readable and equal for equal values. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part === 'number' && !Number.isFinite(part)) return String(part);
    return part;
  });
