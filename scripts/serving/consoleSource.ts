/** What the reader's page shows, from a storage in which topologies run: in this process or beside it. */
import { LocalSchemaIds, physicalTopicName, topicCodec, topics, type Topic } from '../../schemas/index.js';
import type { ConsoleSource } from '../../reader/consoleSource.js';
import { localTools } from '../../runtime/localTools.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { DecisionHistory } from './decisionHistory.js';
import { LatestRecords } from './latestRecords.js';
import { ModelFigures, type ModelFigureOptions } from './modelFigures.js';
import { operationSource } from './operationSource.js';
import type { FigureOptions } from './topologyFigures.js';

/** What is shown, and where models come from. */
export interface ConsoleSourceOptions extends FigureOptions {
  /** Without it the page has no part for models. */
  readonly models?: ModelFigureOptions | undefined;
}

/** The models of a registry as a part of a source; none without a registry. */
export function modelsOf(options: ModelFigureOptions | undefined): Pick<ConsoleSource, 'models'> {
  if (options === undefined) return {};
  const figures = new ModelFigures(options);
  return { models: () => figures.models() };
}

/** The figures of the page. Nothing is read or kept before somebody asks. */
export function consoleSource(storage: LocalStorage, options: ConsoleSourceOptions): Required<Omit<ConsoleSource, 'models'>> & ConsoleSource {
  const history = new DecisionHistory(storage, options.region);
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
    ...operationSource(localTools(storage), options),
    learner: async (learner) => {
      const found = await Promise.all([context(learner), features(learner), mastery(learner)]);
      return { learner, context: valuesOf(found[0]), engagement: valuesOf(found[1]), mastery: valuesOf(found[2]) };
    },
    trend: latest(topics.cohortTrends),
    decisions: (learner) => history.of(learner),
    ...modelsOf(options.models),
  };
}

/** What a record tells of a learner, with the instant for which it holds. */
function valuesOf<P>(record: { readonly asOfMs: number; readonly personal: P } | null): (P & { readonly asOfMs: number }) | null {
  return record === null ? null : { asOfMs: record.asOfMs, ...record.personal };
}
