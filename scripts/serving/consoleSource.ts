/** What the reader's page shows, from a storage in which topologies run: in this process or beside it. */
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type Topic } from '../../schemas/index.js';
import type { ConsoleSource } from '../../reader/consoleSource.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { LatestRecords } from './latestRecords.js';
import { TopologyFigures, type FigureOptions } from './topologyFigures.js';

/** The figures of the page. Nothing is read or kept before somebody asks. */
export function consoleSource(storage: LocalStorage, options: FigureOptions): ConsoleSource {
  const figures = new TopologyFigures(storage, options);
  const records = new LatestRecords(storage.log);
  const latest = <V>(topic: Topic<string, V>): ((key: string) => Promise<V | null>) => {
    const physicalName = physicalTopicName(options.region, topic.name);
    const codec = topicCodec(topic, LocalSchemaIds.withAccepted());
    return async (key) => {
      const value = await records.find(physicalName, key);
      return value === null ? null : codec.decode(key, value);
    };
  };
  const context = latest(topics.learnerContexts);
  const features = latest(topics.learnerFeatures);
  const mastery = latest(topics.learnerMastery);
  return {
    overview: () => figures.overview(),
    learner: async (learner) => {
      const found = await Promise.all([context(learner), features(learner), mastery(learner)]);
      return { learner, context: valuesOf(found[0]), engagement: valuesOf(found[1]), mastery: valuesOf(found[2]) };
    },
    trend: latest(topics.cohortTrends),
  };
}

/** What a record tells of a learner, with the instant for which it holds. */
function valuesOf<P>(record: { readonly asOfMs: number; readonly personal: P } | null): (P & { readonly asOfMs: number }) | null {
  return record === null ? null : { asOfMs: record.asOfMs, ...record.personal };
}
