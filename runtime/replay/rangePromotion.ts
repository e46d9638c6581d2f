/** Puts the results of a range of event time into the place of the live ones. */
import { physicalTopicName } from '../../schemas/index.js';
import type { LogRecord, OutputRecord } from '../ports.js';
import { assertCanPromote, type PromotionRequest } from './promotion.js';
import type { ReplayPlace } from './replayPlace.js';
import { resultTopics, versionedName, type Replay } from './replayState.js';
import { Sides, type DifferingKey, type ValueDecoder } from './sides.js';

/** What became of one topic. */
export interface CorrectedTopic {
  /** Physical name of the live topic. */
  readonly topic: string;
  /** Records that were appended, tombstones included. */
  readonly appended: number;
  /** Results that only the live version has, in a topic that keeps every record: they stay. */
  readonly left: number;
}

/** Records in one append. */
const BATCH = 500;

/**
 * Appends to the live topics what the replay of a range has otherwise: its results, and tombstones for keys of compacted topics that it does not have.
 * Called again after a crash, appends what is missing.
 * @throws as `promote`; SFS_REPLAY_RUNNING while processes run the live version of a topology with compacted results
 */
export async function promoteRange(
  place: ReplayPlace,
  replay: Replay,
  request: PromotionRequest,
  decoderOf: (topic: string) => ValueDecoder,
): Promise<CorrectedTopic[]> {
  await assertCanPromote(place, replay, request);
  await assertNothingLater(place, replay);
  const corrected: CorrectedTopic[] = [];
  for (const topic of resultTopics(replay.graph)) {
    const sides = await Sides.of(place, replay, topic, { decode: decoderOf(topic), ignore: new Set() });
    const live = physicalTopicName(place.region, versionedName(topic, replay.against.outputs));
    let [appended, left] = [0, 0];
    for (let partition = 0; partition < sides.partitions; partition++) {
      const done = await correctPartition(place, sides, live, partition);
      appended += done.appended;
      left += done.left;
    }
    corrected.push({ topic: live, appended, left });
  }
  return corrected;
}

/** What a running version tells of a key between the comparison and the append must not be covered by what is older. */
async function assertNothingLater(place: ReplayPlace, { graph, against }: Replay): Promise<void> {
  const results = new Set(resultTopics(graph).map((topic) => physicalTopicName(place.region, versionedName(topic, against.outputs))));
  const isCompacted = (await place.tools.topics()).some(({ name, cleanup }) => results.has(name) && cleanup === 'compact');
  if (isCompacted) await place.assertIdle(`${graph.name}@${against.number}`);
}

async function correctPartition(place: ReplayPlace, sides: Sides, topic: string, partition: number): Promise<Omit<CorrectedTopic, 'topic'>> {
  let [appended, left] = [0, 0];
  for (const isOfPass of await sides.passes(partition)) {
    const found = await corrections(sides, partition, await sides.compared(partition, isOfPass));
    const outputs = found.records.map((one): OutputRecord => ({ topic, partition, key: one.key, value: one.value, header: one.header }));
    for (let at = 0; at < outputs.length; at += BATCH) await place.append(outputs.slice(at, at + BATCH));
    appended += outputs.length;
    left += found.left;
  }
  return { appended, left };
}

type Correction = Pick<LogRecord, 'key' | 'value' | 'header'>;

/** The last record of each key that differs; of a history, all of that event time, in order. */
async function corrections(
  sides: Sides,
  partition: number,
  kinds: ReadonlyMap<string, 'same' | DifferingKey['kind']>,
): Promise<{ readonly records: Correction[]; readonly left: number }> {
  const of = (wanted: readonly string[]): Set<string> => new Set([...kinds].flatMap(([identity, kind]) => (wanted.includes(kind) ? [identity] : [])));
  const [changed, removed] = [of(['added', 'changed']), of(['removed'])];
  const found = new Map<string, Correction[]>();
  for await (const { identity, record } of sides.results('shadow', partition)) {
    if (changed.has(identity)) found.set(identity, [...(sides.isHistory ? (found.get(identity) ?? []) : []), record]);
  }
  const records = [...found.values()].flat();
  if (sides.isHistory || removed.size === 0) return { records, left: removed.size };
  const tombstones = new Map<string, Correction>();
  for await (const { identity, record } of sides.results('live', partition)) {
    // Under the header of what it deletes: its event time is that of the result.
    if (removed.has(identity)) tombstones.set(identity, { key: record.key, value: null, header: record.header });
  }
  return { records: [...records, ...tombstones.values()], left: 0 };
}
