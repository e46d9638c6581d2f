/** What was decided for a learner lately, and what the decisions saw. */
import { itemFeatures } from '../../operators/features/itemFeatures.js';
import type { ConsoleDecision, DecidedItem, LearnerDecisions, LoggedDecision, WeighedCandidate } from '../../reader/consoleSource.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { liveTopic } from '../../runtime/replay/replayState.js';
import {
  LocalSchemaIds,
  errorCodeOf,
  physicalTopicName,
  reasonText,
  topicCodec,
  topics,
  type FeatureLog,
  type Opened,
  type Recommendation,
  type RecommendedItem,
  type Topic,
} from '../../schemas/index.js';
import { RecentRecords } from './recentRecords.js';

/** Decisions, and logged ones, that are told. */
const MOST = { decisions: 10, logged: 4 };
/** Learners whose records are remembered: a logged decision takes some kilobytes. */
const LEARNERS = 32;
/** Most learners have one decision in the log, since it is compacted: nobody waits for more than so many records to be looked through. */
const REACH = 500_000;
/** Items of a list, and candidates of a logged decision, that are told. */
const ITEMS = 5;

/** Finds the decisions of a learner, in the topics that are live. */
export class DecisionHistory {
  private readonly decisions: (learner: string) => Promise<Opened<Recommendation>[]>;
  private readonly logs: (learner: string) => Promise<Opened<FeatureLog>[]>;

  constructor(
    private readonly tools: ToolAccess,
    private readonly region: string,
  ) {
    this.decisions = this.lastOf(topics.recommendations, MOST.decisions);
    this.logs = this.lastOf(topics.featureLog, MOST.logged);
  }

  async of(learner: string): Promise<LearnerDecisions> {
    const [decisions, logged] = await Promise.all([this.decisions(learner), this.logs(learner)]);
    return { learner, decisions: decisions.map(decisionOf), logged: logged.map(loggedOf) };
  }

  private lastOf<V>(topic: Topic<string, V>, most: number): (learner: string) => Promise<V[]> {
    const records = new RecentRecords(this.tools, { most, keys: LEARNERS, reach: REACH });
    const codec = topicCodec(topic, this.tools.schemas ?? LocalSchemaIds.withAccepted());
    return async (learner) => {
      const found = await records.find(physicalTopicName(this.region, liveTopic(this.tools.documents, topic.name)), learner);
      return found.flatMap((bytes) => openedOr(() => [codec.decode(learner, bytes)]));
    };
  }
}

/** What is sealed stays closed, and is left out. */
function openedOr<V>(open: () => V[]): V[] {
  try {
    return open();
  } catch (error) {
    if (errorCodeOf(error) === 'SFS_SEALED') return [];
    throw error;
  }
}

function decisionOf({ madeAtMs, modelVersion, topologyVersion, variant, personal }: Opened<Recommendation>): ConsoleDecision {
  const courses = personal.courses.map((one) => ({ course: one.course, next: decidedItems(one.next), new: decidedItems(one.new) }));
  return { madeAtMs, modelVersion, topologyVersion, variant, courses };
}

const decidedItems = (items: readonly RecommendedItem[]): DecidedItem[] =>
  items.slice(0, ITEMS).map(({ item, source, reasons }) => ({ item, source, reasons: reasons.map(reasonText) }));

function loggedOf({ decisionId, decidedAtMs, modelVersion, featureSet, explored, personal }: Opened<FeatureLog>): LoggedDecision {
  const { course, candidates } = personal;
  return {
    ...{ decisionId, decidedAtMs, modelVersion, course, explored },
    weighed: candidates.length,
    features: featuresOf(featureSet, candidates[0]?.features.length ?? 0),
    candidates: candidates.slice(0, ITEMS).map(weighedOf),
  };
}

/** Of a set that this version of the package does not declare, only the columns are known. */
function featuresOf(set: string, columns: number): LoggedDecision['features'] {
  if (set === itemFeatures.id) return itemFeatures.declarations.map(({ name, unit, description }) => ({ name, unit, description }));
  return Array.from({ length: columns }, (_, column) => ({ name: `feature ${column + 1}`, unit: '', description: `of ${set}` }));
}

function weighedOf(candidate: Opened<FeatureLog>['personal']['candidates'][number]): WeighedCandidate {
  const { item, source, nextRank, newRank, score, nextPropensity, features } = candidate;
  return { item, source, nextPlace: placeOf(nextRank), newPlace: placeOf(newRank), score, propensity: nextPropensity, values: features };
}

const placeOf = (rank: number): number | null => (rank < 0 ? null : rank + 1);
