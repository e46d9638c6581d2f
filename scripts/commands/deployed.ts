/** What is deployed in a folder, read from what its workers left there. */
import { SkillForgeError, physicalTopicName } from '../../schemas/index.js';
import type { GraphSource, Subtopology, TopologyGraph } from '../../operators/graph.js';
import { decodeProgress, type ChannelProgress, type TaskProgress } from '../../runtime/engine/progress.js';
import type { LocalStorage } from '../../runtime/ports.js';

/** A topology version that ran in the folder. */
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

/** Every topology version that ever ran in the folder, by name and version. */
export function deployedTopologies(storage: LocalStorage): Deployed[] {
  const all = storage.documents.names(PREFIX).map((name) => {
    return { id: name.slice(PREFIX.length), graph: JSON.parse(storage.documents.get(name)!.toString()) as TopologyGraph };
  });
  return all.sort((a, b) => (a.graph.name === b.graph.name ? a.graph.version - b.graph.version : a.graph.name < b.graph.name ? -1 : 1));
}

/** A topology by `name` (its newest version) or `name@version`. @throws SFS_DEPLOYMENT_UNKNOWN with those that there are */
export function findDeployed(storage: LocalStorage, nameOrId: string): Deployed {
  const all = deployedTopologies(storage);
  const found = all.findLast((one) => one.id === nameOrId || one.graph.name === nameOrId);
  if (found !== undefined) return found;
  const known = all.map((one) => one.id).join(', ') || 'none';
  throw new SkillForgeError('SFS_DEPLOYMENT_UNKNOWN', `${nameOrId} has never run in this folder; known are ${known}`, {
    context: { topology: nameOrId },
  });
}

/** The tasks of a topology with their last commits. */
export function tasksOf(storage: LocalStorage, { id, graph }: Deployed): DeployedTask[] {
  return graph.subtopologies.flatMap((subtopology) =>
    Array.from({ length: subtopology.partitions }, (_, partition) => {
      const name = `${id}/${subtopology.index}/${partition}`;
      const committed = storage.tasks.progress(name);
      return { name, subtopology, partition, progress: committed === null ? null : decodeProgress(committed) };
    }),
  );
}

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
