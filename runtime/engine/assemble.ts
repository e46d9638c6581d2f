import type { StageNode, TopologyBuilder } from '../../operators/builder.js';
import type { Subtopology } from '../../operators/graph.js';
import { partitionName } from '../partitionName.js';
import type { PartitionName, Placement, TaskAccess, TaskPlace, TaskPosition } from '../ports.js';
import type { Channel } from './channel.js';
import type { Decision, DecisionLog, TaskDecisions } from './decisions.js';
import type { Deployment } from './deployment.js';
import { Outputs, type Target } from './outputs.js';
import { PartitionInput, ownPositions } from './partitionInput.js';
import { decodeProgress, newProgress, type TaskProgress } from './progress.js';
import { placesOf } from './stagePlaces.js';
import { ReplayedDecisions } from './replayedDecisions.js';
import { Task } from './task.js';
import type { StepLimits } from './taskParts.js';
import { TaskModels, relive } from './taskModels.js';
import { TaskState } from './taskState.js';
import { TimeQueue } from './timeQueue.js';
import type { Writers } from './writers.js';

/** Where and how a task runs. */
export interface TaskSetting {
  readonly placement: Placement;
  readonly read: PartitionsRead;
  readonly limits: StepLimits;
  readonly careful: boolean;
  readonly decisions: DecisionLog;
  /** The tasks that write beside this one: known to their readers before they write. */
  readonly writers: Writers;
}

/** The partitions that a task reads. */
export type PartitionsRead = Pick<TaskPlace, 'own' | 'global'>;

/** Tells for each task of a subtopology the partitions that it reads: its own, and those that all of them read. */
export function partitionsRead(deployment: Deployment, { stageIds }: Subtopology): (partition: number) => PartitionsRead {
  const { stages } = deployment.build();
  const sources = stages.flatMap(({ id, source }) => (source && stageIds.includes(id) ? [source] : []));
  const named = (topic: (typeof sources)[number]['topic'], at: number): PartitionName => ({ topic: deployment.physicalName(topic), partition: at });
  const own = sources.filter(({ scope }) => scope === 'task');
  const tables = sources.filter(({ scope }) => scope === 'global');
  const global = tables.flatMap(({ topic }) => [...Array(deployment.partitionsOf(topic)).keys()].map((at) => named(topic, at)));
  return (partition) => ({ own: own.map(({ topic }) => named(topic, partition)), global });
}

/** Opens the task of one subtopology and partition and builds it from its committed progress; reading begins. */
export async function assembleTask(deployment: Deployment, subtopology: Subtopology, partition: number, setting: TaskSetting): Promise<Task> {
  const name = deployment.taskName(subtopology.index, partition);
  const access = await setting.placement.openTask({ name, group: deployment.id, ...setting.read });
  try {
    return await assembledOver(access, deployment, subtopology, partition, setting);
  } catch (error) {
    await access.close().catch(() => undefined);
    throw error;
  }
}

async function assembledOver(
  access: TaskAccess,
  deployment: Deployment,
  subtopology: Subtopology,
  partition: number,
  { placement, limits, careful, decisions, writers }: TaskSetting,
): Promise<Task> {
  const name = deployment.taskName(subtopology.index, partition);
  if (placement.isShared) await deployment.renew();
  const committed = await access.tasks.progress(name);
  const progress = committed === null ? newProgress() : decodeProgress(committed);
  const models = modelsOf(deployment, name, { placement, progress });
  const builder = deployment.build(models);
  const stageIds = new Set(subtopology.stageIds);
  const stages = builder.stages.filter((stage) => stageIds.has(stage.id));
  let task: Task | null = null;
  const onResume = (channel: Channel): void => task?.resume(channel);
  const inputs = stages.flatMap((stage) => inputsOf(stage, deployment, partition, { access, progress, onResume, writers }));
  const logged = await loggedOf(name, { committed, progress, access, decisions });
  if (models !== null && logged !== null && isAgain(committed, access)) relive(progress, logged.adoptions, access.reached ?? endsOf(inputs));
  task = new Task({
    name,
    topology: deployment.graph.name,
    version: deployment.graph.version,
    subtopology: subtopology.index,
    partition,
    region: deployment.region,
    builder,
    stageIds,
    inputs,
    progress,
    recordsBefore: progress.counters.records,
    state: new TaskState(name, access.tasks, (store) => deployment.stateCodec(store)),
    timers: await TimeQueue.open(name, access.tasks),
    outputs: outputsOf(deployment, subtopology, partition, { builder, stages, sent: progress.sent }),
    models,
    replayed: replayedOf(inputs, progress, logged?.silences ?? []),
    access,
    limits,
    careful,
  });
  await access.begin(inputs.map((input) => input.position));
  return task;
}

interface DecisionsWanted extends Pick<TaskSetting, 'decisions'> {
  readonly committed: Buffer | null;
  readonly progress: TaskProgress;
  readonly access: TaskAccess;
}

/** Whether a task may compute again what an earlier life of it has computed. */
const isAgain = (committed: Buffer | null, { isBehind = false }: TaskAccess): boolean => isBehind || committed === null;

/** The decisions in the log of a task that may have some before it; as a rule none are, and the log is not read. */
async function loggedOf(name: string, { committed, progress, access, decisions }: DecisionsWanted): Promise<TaskDecisions | null> {
  // It went on since the log was read last.
  if (access.isBehind) decisions.forget();
  return isAgain(committed, access) || progress.replaying > 0 ? decisions.of(name) : null;
}

/** What a task decides with, where that changes. */
function modelsOf(
  deployment: Deployment,
  task: string,
  { placement, progress }: { placement: Placement; progress: TaskProgress },
): TaskModels | null {
  const { followed, isShadow } = deployment;
  if (followed === null) return null;
  const firstLookAfter = (looks: number): number => (placement.isShared ? looks + 1 : 1);
  const firstLookAtExperiments = firstLookAfter(followed.experiments?.looks ?? 0);
  const firstLookAtOversight = firstLookAfter(followed.oversight?.looks ?? 0);
  const firstLooks = { firstLook: firstLookAfter(followed.looks), firstLookAtExperiments, firstLookAtOversight };
  return new TaskModels({ followed, task, progress, ...firstLooks, isFixed: isShadow });
}

/** An earlier life cannot have come further than the log. */
const endsOf = (inputs: readonly PartitionInput[]): TaskPosition[] =>
  ownPositions(inputs).map(({ topic, partition }) => {
    const { log } = inputs[0]!.options;
    return { topic, partition, next: log.range(topic, partition).end };
  });

/**
 * The decisions that a task has still to apply: all of an earlier life when it has no progress, else those that are not behind it. Only
 * those about sources: what a derived topic holds is computed anew, and its markers say when its writers are idle.
 */
function replayedOf(inputs: readonly PartitionInput[], progress: TaskProgress, logged: readonly Decision[]): ReplayedDecisions {
  const sources = inputs.filter((input) => !input.options.source.topic.derived);
  const lanes = new Map(sources.flatMap((input) => [...input.channels.values()].map((channel) => [channel.id, { channel, input }])));
  const left = logged.filter(({ channel }) => lanes.has(channel)).slice(progress.decided);
  progress.replaying = left.length;
  return new ReplayedDecisions(left, lanes, progress);
}

interface InputSetting {
  readonly access: TaskAccess;
  readonly progress: TaskProgress;
  readonly onResume: (channel: Channel) => void;
  readonly writers: Writers;
}

function inputsOf(
  stage: StageNode,
  deployment: Deployment,
  partition: number,
  { access, progress, onResume, writers }: InputSetting,
): PartitionInput[] {
  if (stage.source === undefined) return [];
  const source = deployment.sourceOf(stage.source);
  const partitions = source.scope === 'global' ? [...Array(deployment.partitionsOf(source.topic)).keys()] : [partition];
  const common = {
    stage: stage.id,
    source,
    topic: deployment.physicalName(source.topic),
    codec: deployment.codecOf(source.topic),
    log: access.log,
    progress,
    producers: writers.of(deployment.physicalName(source.topic)),
    onResume,
    ...(source.scope === 'global' ? { sharedRows: deployment.sharedRows } : {}),
  };
  return partitions.map((one) => {
    const knownEnd = access.ends?.get(partitionName({ topic: common.topic, partition: one }));
    return new PartitionInput({ ...common, partition: one, knownEnd }, stage.kind !== 'source');
  });
}

interface OutputSetting {
  readonly builder: TopologyBuilder;
  readonly stages: readonly StageNode[];
  readonly sent: TaskProgress['sent'];
}

function outputsOf(deployment: Deployment, subtopology: Subtopology, partition: number, { builder, stages, sent }: OutputSetting): Outputs {
  const marked = new Map<string, { target: Target; delayMs: number }>();
  const places = placesOf(builder.stages);
  for (const { id, target } of stages) {
    if (!target?.derived) continue;
    const delayMs = Math.max(places.get(id)!.delayMs, marked.get(target.name)?.delayMs ?? 0);
    marked.set(target.name, { target: deployment.targetOf(target), delayMs });
  }
  return new Outputs({
    producer: deployment.producer(subtopology, partition),
    topology: builder.name,
    version: builder.version,
    region: deployment.region,
    targetOf: (topic) => deployment.targetOf(topic),
    marked: [...marked.values()],
    sent,
  });
}
