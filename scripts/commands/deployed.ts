/** What is deployed in a folder or a region, read from what its workers left there. */
import { SkillForgeError, physicalTopicName } from '../../schemas/index.js';
import type { GraphSource, Subtopology, TopologyGraph } from '../../operators/graph.js';
import { decodeProgress, type ChannelProgress, type TaskProgress } from '../../runtime/engine/progress.js';
import type { LocalStorage, Storage, ToolAccess } from '../../runtime/ports.js';

/** A topology version that ran here. */
export interface Deployed {
  /** `name@version`. */
  readonly id: string;
  readonly graph: TopologyGraph;
}

/** A task of a deployed topology. */
export interface DeployedTask {
  /** `topology@version/subtopology/partition`. */
  readonly name: string;
  readonly subtopology: Subtopology;
  readonly partition: number;
  /** `null` before its first commit. */
  readonly progress: TaskProgress | null;
}

/** One partition of a source as a task reads it. */
export interface TaskInput {
  readonly source: GraphSource;
  /** Physical name. */
  readonly topic: string;
  readonly partition: number;
  /** By producer; `external` for records that no topology wrote. */
  readonly channels: ReadonlyMap<string, ChannelProgress>;
}

const PREFIX = 'deployed/';

/** What is deployed stands in the documents. */
export type Deployments = Readonly<{ documents: Pick<Storage['documents'], 'get' | 'names'> }>;

/** Every topology version that ever ran here, by name and version. */
export function deployedTopologies(storage: Deployments): Deployed[] {
  const all = storage.documents.names(PREFIX).map((name) => {
    return { id: name.slice(PREFIX.length), graph: JSON.parse(storage.documents.get(name)!.toString()) as TopologyGraph };
  });
  return all.sort((a, b) => (a.graph.name === b.graph.name ? a.graph.version - b.graph.version : a.graph.name < b.graph.name ? -1 : 1));
}

/** A topology by `name` (its newest version) or `name@version`. @throws SFS_DEPLOYMENT_UNKNOWN with those that there are */
export function findDeployed(storage: Deployments, nameOrId: string): Deployed {
  const all = deployedTopologies(storage);
  const found = all.findLast((one) => one.id === nameOrId || one.graph.name === nameOrId);
  if (found !== undefined) return found;
  const known = all.map((one) => one.id).join(', ') || 'none';
  throw new SkillForgeError('SFS_DEPLOYMENT_UNKNOWN', `${nameOrId} has never run here; known are ${known}`, {
    context: { topology: nameOrId },
  });
}

/** A task before it is looked at. */
type TaskPlace = Omit<DeployedTask, 'progress'>;

/** The tasks of a topology with their last commits. */
export function tasksOf(storage: LocalStorage, deployed: Deployed): DeployedTask[] {
  return placesOf(deployed).map((place) => withProgress(place, storage.tasks.progress(place.name)));
}

/** As {@link tasksOf}, on servers too. */
export function readTasks(tools: ToolAccess, deployed: Deployed): Promise<DeployedTask[]> {
  return Promise.all(placesOf(deployed).map(async (place) => withProgress(place, await tools.tasks.progress(place.name))));
}

const placesOf = ({ id, graph }: Deployed): TaskPlace[] =>
  graph.subtopologies.flatMap((subtopology) =>
    Array.from({ length: subtopology.partitions }, (_, partition) => ({ name: `${id}/${subtopology.index}/${partition}`, subtopology, partition })),
  );

const withProgress = (place: TaskPlace, committed: Buffer | null): DeployedTask => ({
  ...place,
  progress: committed === null ? null : decodeProgress(committed),
});

/** What a task reads: one partition of each source, all of a global table. */
export function inputsOf(region: string, task: DeployedTask): TaskInput[] {
  return task.subtopology.inputs.flatMap((source) => {
    const topic = physicalTopicName(region, source.topic);
    const partitions = source.scope === 'global' ? [...Array(source.partitions).keys()] : [task.partition];
    return partitions.map((partition) => ({ source, topic, partition, channels: channelsOf(task, `${topic}/${partition}/`) }));
  });
}

function channelsOf({ progress }: DeployedTask, prefix: string): ReadonlyMap<string, ChannelProgress> {
  const entries = Object.entries(progress?.channels ?? {}).filter(([id]) => id.startsWith(prefix));
  return new Map(entries.map(([id, channel]) => [id.slice(prefix.length), channel]));
}
