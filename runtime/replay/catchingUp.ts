/** Whether a replay has taken all that was in the log at one time. */
import { physicalTopicName } from '../../schemas/index.js';
import { partitionName } from '../partitionName.js';
import type { TaskPosition } from '../ports.js';
import { positionsOf, type InputKind, type NumberedGraph } from './positions.js';
import type { ReplayPlace } from './replayPlace.js';

/** Where partitions ended when it was asked. */
export interface PartitionEnds {
  readonly kind: InputKind;
  /** By `topic/partition`. */
  readonly ends: ReadonlyMap<string, number>;
  /** Offsets that they hold. */
  readonly records: number;
}

/** The present ends of what a version reads: of its sources, or of its own internal topics. */
export async function endsOf(place: ReplayPlace, graph: NumberedGraph, kind: InputKind): Promise<PartitionEnds> {
  const inputs = graph.subtopologies
    .flatMap((one) => one.inputs)
    .filter(({ scope, internal }) => scope === 'task' && (internal === null) === (kind === 'sources'));
  const ends = new Map<string, number>();
  let records = 0;
  for (const topic of new Set(inputs.map((input) => physicalTopicName(place.region, input.topic)))) {
    for (const [partition, { start, end }] of (await place.tools.ranges(topic)).entries()) {
      ends.set(partitionName({ topic, partition }), end);
      records += end - start;
    }
  }
  return { kind, ends, records };
}

/** Records before these ends that the version has not taken. A broker's own records behind the last one are none. */
export async function recordsBelow(place: ReplayPlace, graph: NumberedGraph, { kind, ends }: PartitionEnds): Promise<number> {
  const below = (await positionsOf(place, graph, kind)).filter((position) => position.next < endOf(position, ends));
  if (below.length === 0) return 0;
  const waiting = await place.tools.waiting(below);
  return below.reduce((total, position, at) => total + Math.min(waiting[at]!, endOf(position, ends) - position.next), 0);
}

const endOf = (position: TaskPosition, ends: ReadonlyMap<string, number>): number => ends.get(partitionName(position)) ?? 0;
