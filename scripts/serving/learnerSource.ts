/** What the page shows of learners and cohorts, from the topics that topologies write. */
import type { ConsoleSource } from '../../reader/consoleSource.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type Topic } from '../../schemas/index.js';
import { DecisionHistory } from './decisionHistory.js';
import { LatestRecords } from './latestRecords.js';

/** The parts of a source that are about a learner, or a cohort. */
export type LearnerSource = Required<Pick<ConsoleSource, 'learner' | 'trend' | 'decisions'>>;

/** Offsets before the end of a partition that are looked at for the last record of a key: topics of learners are compacted, so it is nearly always there. */
const REACH = 500_000;

/** Nothing is read or kept before somebody asks. @param tools - their documents are looked at anew each time */
export function learnerSource(tools: ToolAccess, region: string): LearnerSource {
  const history = new DecisionHistory(tools, region);
  const records = new LatestRecords(tools, REACH);
  const latest = <V>(topic: Topic<string, V>): ((key: string) => Promise<V | null>) => {
    const physicalName = physicalTopicName(region, topic.name);
    const codec = topicCodec(topic, tools.schemas ?? LocalSchemaIds.withAccepted());
    return async (key) => {
      const value = await records.find(physicalName, key);
      return value === null ? null : codec.decode(key, value);
    };
  };
  const context = latest(topics.learnerContexts);
  const features = latest(topics.learnerFeatures);
  const mastery = latest(topics.learnerMastery);
  const trends = latest(topics.cohortTrends);
  return {
    learner: async (learner) => {
      const found = await Promise.all([context(learner), features(learner), mastery(learner)]);
      return { learner, context: valuesOf(found[0]), engagement: valuesOf(found[1]), mastery: valuesOf(found[2]) };
    },
    trend: async (cohort) => ({ cohort, trend: await trends(cohort) }),
    decisions: (learner) => history.of(learner),
  };
}

/** What a record tells of a learner, with the instant for which it holds. */
function valuesOf<P>(record: { readonly asOfMs: number; readonly personal: P } | null): (P & { readonly asOfMs: number }) | null {
  return record === null ? null : { asOfMs: record.asOfMs, ...record.personal };
}
