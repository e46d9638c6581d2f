/** How far the tasks of a version are, as of their last commits. */
import { physicalTopicName } from '../../schemas/index.js';
import type { TopologyGraph } from '../../operators/graph.js';
import { decodeProgress } from '../engine/progress.js';
import { partitionName } from '../partitionName.js';
import type { TaskPosition } from '../ports.js';
import type { ReplayView } from './replayPlace.js';

/** A version of a topology: its graph under the number that its tasks are named by. */
export type NumberedGraph = Pick<TopologyGraph, 'name' | 'version' | 'subtopologies'>;

/** The tasks of a version. */
export const taskNames = (graph: NumberedGraph): string[] =>
  graph.subtopologies.flatMap(({ index, partitions }) => Array.from({ length: partitions }, (_, partition) => taskName(graph, index, partition)));

const taskName = ({ name, version }: NumberedGraph, subtopology: number, partition: number): string =>
  `${name}@${version}/${subtopology}/${partition}`;

/** What a version reads of others, and what it reads of itself. */
export type InputKind = 'sources' | 'internal';

/** Where each task is in its own partitions; 0 where it has not begun. */
export async function positionsOf({ tools, region }: ReplayView, graph: NumberedGraph, kind: InputKind = 'sources'): Promise<TaskPosition[]> {
  const positions: TaskPosition[] = [];
  for (const { index, inputs, partitions } of graph.subtopologies) {
    const read = inputs.filter(({ scope, internal }) => scope === 'task' && (internal === null) === (kind === 'sources'));
    const sources = read.map(({ topic }) => physicalTopicName(region, topic));
    if (sources.length === 0) continue;
    for (let partition = 0; partition < partitions; partition++) {
      const committed = await tools.tasks.progress(taskName(graph, index, partition));
      const channels = Object.entries(committed === null ? {} : decodeProgress(committed).channels);
      for (const topic of sources) {
        const own = channels.filter(([id]) => id.startsWith(`${topic}/${partition}/`)).map(([, { next }]) => next);
        positions.push({ topic, partition, next: own.length === 0 ? 0 : Math.min(...own) });
      }
    }
  }
  return positions;
}

/** Records that one version has taken and another one has not, where both read the same partitions. */
export async function recordsBehind(place: ReplayView, behind: NumberedGraph, ahead: NumberedGraph): Promise<number> {
  const reached = new Map((await positionsOf(place, behind)).map((position) => [partitionName(position), position.next]));
  const others = await positionsOf(place, ahead);
  return others.reduce((total, position) => total + Math.max(0, position.next - (reached.get(partitionName(position)) ?? position.next)), 0);
}
