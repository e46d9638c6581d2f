/** Ranks what was decided with a model that does not decide: reads the feature log, beside whoever writes it. */
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type FeatureLog, type LoggedCandidate, type Opened } from '../../../schemas/index.js';
import { LISTS, type FeatureMatrix, type ListName, type Ranker, type Scores } from '../../../operators/ports/ranker.js';
import { betterFirst } from '../../../operators/recommend/best.js';
import { isMarker } from '../../../runtime/engine/header.js';
import type { Reference } from '../../../runtime/models/reference.js';
import type { ToolAccess } from '../../../runtime/ports.js';
import { liveTopic } from '../../../runtime/replay/replayState.js';
import { rangesOf } from '../../training/topicRecords.js';
import type { ShadowPosition } from './shadowFile.js';
import { addDecision, addList, addScore, emptyTally, type RankedList, type Tally } from './tally.js';

type Decision = Opened<FeatureLog>;

/** The feature of what a learner had opened: what the list `new` leaves out. */
const OPENED = 'opened';
/** A position is kept after so many records, and at the end of what there is. */
const KEEP_EVERY = 1_000;

/** What ranks, and with what its scores are compared. */
export interface Candidate {
  readonly ranker: Ranker;
  readonly reference: Reference | null;
}

/** Where a shadow begins that has read nothing. @param log - see {@link ShadowPosition} */
export function firstPosition(log: string, { ranker, reference }: Candidate): ShadowPosition {
  return { log, model: ranker.version, offsets: [], tally: emptyTally(reference) };
}

/** Follows the feature log of a region, one decision after the other: memory does not grow with what was read. */
export class Shadow {
  private readonly codec: ReturnType<typeof codecOf>;
  private readonly topic: string;

  /** @param position - goes on with it, and counts on in it */
  constructor(
    private readonly tools: ToolAccess,
    private readonly region: string,
    private readonly candidate: Candidate,
    private readonly position: ShadowPosition,
  ) {
    this.topic = physicalTopicName(region, liveTopic(tools.documents, topics.featureLog.name));
    this.codec = codecOf(tools);
  }

  /**
   * Reads what there is and has not been read; a topic that is not there yet has nothing.
   *
   * @param keep - takes the position now and then, and in the end
   * @param signal - ends it after the record in progress
   * @throws what reading, decoding and scoring throw
   */
  async pass(keep: (position: ShadowPosition) => void, signal?: AbortSignal): Promise<void> {
    const { offsets } = this.position;
    const ranges = await rangesOf(this.tools, this.topic);
    let read = 0;
    for (const [partition, { end }] of ranges.entries()) {
      offsets[partition] ??= 0;
      if (offsets[partition] >= end) continue;
      for await (const { offset, key, value, header } of this.tools.records(this.topic, partition, offsets[partition])) {
        if (value !== null && !isMarker(header)) this.take(key?.toString() ?? '', value);
        offsets[partition] = offset + 1;
        if (++read % KEEP_EVERY === 0) keep(this.position);
        if (signal?.aborted === true) return keep(this.position);
      }
      // What is left up to there are no records.
      offsets[partition] = Math.max(offsets[partition], end);
    }
    keep(this.position);
  }

  private take(key: string, value: Buffer): void {
    const { tally } = this.position;
    const decision = this.codec.decode(key, value);
    if (decision.region === this.region) this.add(decision);
    else tally.otherRegion = (tally.otherRegion ?? 0) + 1;
  }

  private add({ featureSet, decidedAtMs, modelVersion, personal: { candidates } }: Decision): void {
    const { ranker, reference } = this.candidate;
    const { tally } = this.position;
    if (featureSet !== ranker.featureSet.id) {
      tally.otherFeatures++;
      return;
    }
    addDecision(tally, decidedAtMs, modelVersion, candidates.length);
    if (candidates.length === 0) return;
    const scores = ranker.score(matrixOf(candidates));
    for (const list of LISTS) addRanked(tally, list, candidates, scores, ranker.featureSet.column(OPENED));
    candidates.forEach(({ inclusionProbability }, row) => {
      for (const list of LISTS) addScore(tally.lists[list].scores, scores[list][row]!, 1 / inclusionProbability, reference?.scores[list]);
    });
  }
}

const codecOf = (tools: ToolAccess): { decode(key: string, value: Buffer): Decision } =>
  topicCodec(topics.featureLog, tools.schemas ?? LocalSchemaIds.withAccepted());

function matrixOf(candidates: readonly LoggedCandidate[]): FeatureMatrix {
  const columns = candidates[0]!.features.length;
  return { rows: candidates.length, columns, values: Float32Array.from(candidates.flatMap(({ features }) => features)) };
}

function addRanked(tally: Tally, list: ListName, candidates: readonly LoggedCandidate[], scores: Scores, opened: number): void {
  const ranked = rankedList(list, candidates, scores, opened);
  if (ranked.shown.length > 0) addList(tally.lists[list], ranked);
}

/** The three orders of a list, over the same logged rows. */
export function rankedList(list: ListName, candidates: readonly LoggedCandidate[], scores: Scores, opened: number): RankedList {
  const places = candidates.map(({ nextRank, newRank }) => (list === 'next' ? nextRank : newRank));
  const rows = [...candidates.keys()];
  const eligible = list === 'next' ? rows : rows.filter((row) => candidates[row]!.features[opened] === 0);
  const items = candidates.map(({ item }) => item);
  const decided = candidates.map(({ score, newScore }) => (list === 'next' ? score : newScore));
  return {
    shown: rows.filter((row) => places[row]! >= 0).sort((a, b) => places[a]! - places[b]!),
    decided: [...eligible].sort(betterFirst(decided, items)),
    candidate: [...eligible].sort(betterFirst(scores[list], items)),
  };
}
