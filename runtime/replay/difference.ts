/** Compares what two versions of a topology wrote, key by key, in bounded memory. */
import type { ReplayView } from './replayPlace.js';
import type { Replay } from './replayState.js';
import { Sides, type DifferingKey, type ValueDecoder } from './sides.js';

/** What is compared, and how. */
export interface DifferenceRequest {
  /** Logical names of result topics. */
  readonly topics: readonly string[];
  /** Decodes the values of a topic, by its logical name. */
  readonly decoderOf: (topic: string) => ValueDecoder;
  /** Fields of the values that may differ, such as `topologyVersion`. */
  readonly ignore: readonly string[];
  /** Most examples of each kind and topic. */
  readonly examples: number;
}

/** The difference of one topic. */
export interface TopicDifference {
  /** Logical name. */
  readonly topic: string;
  readonly liveTopic: string;
  readonly shadowTopic: string;
  /** Keys that both sides have, with equal results; of a history, pairs of key and event time. */
  readonly same: number;
  /** Only the replay has them. */
  readonly added: number;
  /** Only the live version has them. */
  readonly removed: number;
  readonly changed: number;
  readonly examples: readonly DifferingKey[];
}

/** Compares the results of a replay with those of the version that it began beside. @throws SFS_TOPIC_UNKNOWN, what reading and decoding throw */
export async function differenceOf(place: ReplayView, replay: Replay, request: DifferenceRequest): Promise<TopicDifference[]> {
  const differences: TopicDifference[] = [];
  for (const topic of request.topics) differences.push(await topicDifference(place, replay, topic, request));
  return differences;
}

/** Keys that differ as a share of all, over all topics; 0 where there is none. */
export function differingShare(differences: readonly TopicDifference[]): number {
  const differing = differences.reduce((total, { added, removed, changed }) => total + added + removed + changed, 0);
  const all = differing + differences.reduce((total, { same }) => total + same, 0);
  return all === 0 ? 0 : differing / all;
}

async function topicDifference(place: ReplayView, replay: Replay, topic: string, request: DifferenceRequest): Promise<TopicDifference> {
  const sides = await Sides.of(place, replay, topic, { decode: request.decoderOf(topic), ignore: new Set(request.ignore) });
  const counts = { same: 0, added: 0, removed: 0, changed: 0 };
  const examples: DifferingKey[] = [];
  for (let partition = 0; partition < sides.partitions; partition++) {
    const wanted = await countPartition(sides, partition, counts, { most: request.examples, found: examples });
    if (wanted.size > 0) examples.push(...(await sides.examples(partition, wanted)));
  }
  return { topic, liveTopic: sides.nameOf('live'), shadowTopic: sides.nameOf('shadow'), ...counts, examples };
}

interface Counts {
  same: number;
  added: number;
  removed: number;
  changed: number;
}

/** Counts one partition, in as many passes as memory takes. Gives the identities of the examples that are still wanted. */
async function countPartition(
  sides: Sides,
  partition: number,
  counts: Counts,
  { most, found }: { readonly most: number; readonly found: readonly DifferingKey[] },
): Promise<ReadonlyMap<string, DifferingKey['kind']>> {
  const wanted = new Map<string, DifferingKey['kind']>();
  const want = (identity: string, kind: DifferingKey['kind']): void => {
    counts[kind]++;
    const known = [...found.map((one) => one.kind), ...wanted.values()].filter((one) => one === kind).length;
    if (known < most) wanted.set(identity, kind);
  };
  for (const isOfPass of await sides.passes(partition)) {
    for (const [identity, kind] of await sides.compared(partition, isOfPass)) {
      if (kind === 'same') counts.same++;
      else want(identity, kind);
    }
  }
  return wanted;
}
