/** Whether a replay has taken all that was in the log at one time. */
import { physicalTopicName } from '../../schemas/index.js';
import { partitionName } from '../partitionName.js';
import type { PartitionRange, TaskPosition, ToolAccess } from '../ports.js';
import { decodeProgress } from '../engine/progress.js';
import { positionsOf, taskNames, type InputKind, type NumberedGraph } from './positions.js';
import type { SourceEnds } from './replayState.js';
import type { ReplayView } from './replayPlace.js';

/** Where partitions ended when it was asked. */
export interface PartitionEnds {
  readonly kind: InputKind;
  /** By `topic/partition`. */
  readonly ends: ReadonlyMap<string, number>;
  /** Offsets that they hold. */
  readonly records: number;
}

/** Of which topics ends are asked, by their physical names. */
export interface EndsWanted {
  /** Where some of them end for who asks, wherever they end by now. */
  readonly most?: SourceEnds;
  /** All of them without. */
  readonly isWanted?: (topic: string) => boolean;
}

/** The present ends of what a version reads: of its sources, or of its own internal topics. */
export async function endsOf(place: ReplayView, graph: NumberedGraph, kind: InputKind, wanted: EndsWanted = {}): Promise<PartitionEnds> {
  const { most = {}, isWanted = () => true } = wanted;
  const inputs = graph.subtopologies
    .flatMap((one) => one.inputs)
    .filter(({ scope, internal }) => scope === 'task' && (internal === null) === (kind === 'sources'));
  const ends = new Map<string, number>();
  let records = 0;
  for (const topic of new Set(inputs.map((input) => physicalTopicName(place.region, input.topic)).filter(isWanted))) {
    for (const [partition, { start, end }] of (await boundedRanges(place.tools, topic, most[topic])).entries()) {
      ends.set(partitionName({ topic, partition }), end);
      records += end - start;
    }
  }
  return { kind, ends, records };
}

/** Records before these ends that the version has not taken. A broker's own records behind the last one are none. */
export async function recordsBelow(place: ReplayView, graph: NumberedGraph, { kind, ends }: PartitionEnds): Promise<number> {
  const below = (await positionsOf(place, graph, kind)).filter((position) => position.next < endOf(position, ends));
  if (below.length === 0) return 0;
  const waiting = await place.tools.waiting(below);
  return below.reduce((total, position, at) => total + Math.min(waiting[at]!, endOf(position, ends) - position.next), 0);
}

/** Whether every task of a version is at the end of its input for good, with all its windows closed. */
export async function haveEnded({ tools }: ReplayView, graph: NumberedGraph): Promise<boolean> {
  for (const name of taskNames(graph)) {
    const committed = await tools.tasks.progress(name);
    if (committed === null) return false;
    const { channels, watermarkMs, closedMs } = decodeProgress(committed);
    if (Object.values(channels).some(({ ended }) => !ended) || closedMs < watermarkMs) return false;
  }
  return true;
}

async function boundedRanges(tools: ToolAccess, topic: string, most: readonly number[] | undefined): Promise<PartitionRange[]> {
  const ranges = await tools.ranges(topic);
  if (most === undefined) return ranges;
  return ranges.map(({ start, end }, partition) => ({ start, end: Math.max(start, Math.min(end, most[partition] ?? 0)) }));
}

const endOf = (position: TaskPosition, ends: ReadonlyMap<string, number>): number => ends.get(partitionName(position)) ?? 0;
