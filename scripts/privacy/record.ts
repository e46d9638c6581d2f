/** The record of processing activities (GDPR article 30), from what the code declares and what is found running. */
import { durationText } from '../../operators/graphText.js';
import { itemFeatures } from '../../operators/features/itemFeatures.js';
import type { FeatureDeclaration } from '../../operators/features/declarations.js';
import type { Topology } from '../../operators/topology.js';
import {
  activities,
  schemaOf,
  stores,
  topicUses,
  topics,
  topologyUses,
  type Activity,
  type PersonalClass,
  type Store,
  type Topic,
  type TopicName,
} from '../../schemas/index.js';
import { fieldRows } from '../topicReference/fields.js';
import { topicsOf } from '../commands/topicCodecs.js';
import type { Controller, OwnInventory } from './ownInventory.js';

type AnyTopic = Topic<string, unknown>;

/** What is not listed: nobody has said what it is for, or whose data are in it. */
export interface Unlisted {
  readonly kind: 'topic' | 'field' | 'topology' | 'store' | 'activity';
  readonly name: string;
  readonly message: string;
}

/** A field with its class; `null` where nobody gave one. */
export interface RecordedField {
  readonly path: string;
  readonly personal: PersonalClass | null;
}

/** A topic, a topology or a store in the record. */
export interface Recorded {
  readonly name: string;
  readonly activities: readonly string[];
  readonly kept: string;
}

/** A topic in the record. */
export interface RecordedTopic extends Recorded {
  readonly fields: readonly RecordedField[];
}

/** The state and the internal topics of a topology. */
export interface RecordedTopology extends Recorded {
  readonly stores: readonly string[];
  readonly internalTopics: readonly string[];
  /** Topics that they are made of. */
  readonly sources: readonly string[];
}

/** The record. */
export interface ProcessingRecord {
  /** `null` where the installation has not said. */
  readonly controller: Controller | null;
  readonly activities: readonly (Activity & { readonly name: string })[];
  readonly topics: readonly RecordedTopic[];
  readonly topologies: readonly RecordedTopology[];
  readonly stores: readonly (Store & { readonly name: string })[];
  /** What the ranker sees, with the class of each. */
  readonly features: readonly Pick<FeatureDeclaration, 'name' | 'personal'>[];
  readonly transfers: string;
  readonly measures: readonly string[];
  readonly unlisted: readonly Unlisted[];
}

/** What protects the data, as far as it is built: article 30(1)(g). */
const MEASURES = [
  'Learners have random pseudonyms; identities are kept as keyed hashes, apart from all else.',
  'Behavioural, profile and sensitive values stand in one envelope of a record. Where the region has data keys it is sealed under a key of the learner, in topics, state, archives and what waits for Kafka; where it has none, disks are to be encrypted.',
  'Where there are data keys, training sets, exports and features in Feast are written in clear only if somebody asks for that.',
  'Fields that are in no schema are refused at the way in, and taken out of what dead letters keep of a line of JSON.',
  'Each region has its own topics, state and models.',
  'Without consent, after an objection and under a restriction a decision looks at nothing that the learner did, but in counts of cohorts and courses.',
  'No model learns from it then: exports for training hold it, and training leaves it out.',
  'Metrics and access logs hold no id of a learner.',
  'A learner is erased by one command, on one machine and on Kafka and Redis while workers run, there with data keys. It signs a receipt, which tells what is left and until when, and looks whether anything can be read; a store that it could not look into it names.',
];
const TRANSFERS = 'none: records do not leave their region';

/** Makes the record. @param topologies - the project's, and those of the installation */
export function processingRecord(topologies: readonly Topology[], own: OwnInventory = {}): ProcessingRecord {
  const known = { ...activities, ...own.activities };
  const recorded = [...ownTopics(), ...declaredTopics(topologies, own)];
  const made = topologies.map((topology) => topologyEntry(topology, own));
  const places = Object.entries({ ...stores, ...own.stores }).map(([name, store]) => ({ name, ...(store as Store) }));
  return {
    controller: own.controller ?? null,
    activities: Object.entries(known).map(([name, activity]) => ({ name, ...activity })),
    topics: recorded,
    topologies: made,
    stores: places,
    features: itemFeatures.declarations.map(({ name, personal }) => ({ name, personal })),
    transfers: TRANSFERS,
    measures: MEASURES,
    unlisted: [
      ...recorded.flatMap(unlistedInTopic),
      ...made.filter((one) => one.activities.length === 0).map(unlistedTopology),
      ...[...recorded, ...made, ...places].flatMap((one) => unknownActivities(one, Object.keys(known))),
    ],
  };
}

const ownTopics = (): RecordedTopic[] =>
  Object.entries(topics as Readonly<Record<string, AnyTopic>>).map(([entry, topic]) => topicEntry(topic, topicUses[entry as TopicName] ?? []));

/** Topics that topologies declare beside the catalogue; internal ones belong to their topology. */
function declaredTopics(topologies: readonly Topology[], own: OwnInventory): RecordedTopic[] {
  const catalogue = new Set<string>(Object.values(topics).map(({ name }) => name));
  const declared = topologies.flatMap((topology) => {
    const internal = new Set(internalTopicsOf(topology));
    return topicsOf(topology).filter(({ name }) => !internal.has(name) && !catalogue.has(name));
  });
  const byName = new Map(declared.map((topic) => [topic.name, topic]));
  return [...byName.values()].map((topic) => topicEntry(topic, own.topics?.[topic.name]?.activities ?? [], own.topics?.[topic.name]?.fields));
}

function topicEntry(topic: AnyTopic, uses: readonly string[], classes: Readonly<Record<string, PersonalClass>> = {}): RecordedTopic {
  const fields = fieldRows(schemaOf(topic)).map(({ path, personal }) => ({
    path,
    personal: classes[path] ?? (personal === '' ? null : (personal as PersonalClass)),
  }));
  return { name: topic.name, activities: uses, kept: keptText(topic), fields };
}

function keptText({ cleanup, retentionMs }: AnyTopic): string {
  if (retentionMs !== null) return durationText(retentionMs);
  return cleanup === 'compact' ? 'the last record of each key, for ever' : 'for ever';
}

const internalTopicsOf = (topology: Topology): string[] =>
  topology.build().stages.flatMap(({ kind, target }) => ((kind === 'repartition' || kind === 'batch') && target !== undefined ? [target.name] : []));

function topologyEntry(topology: Topology, own: OwnInventory): RecordedTopology {
  const { stages } = topology.build();
  const internalTopics = internalTopicsOf(topology);
  const sources = [...new Set(stages.flatMap(({ source }) => (source === undefined ? [] : [source.topic.name])))];
  return {
    name: topology.name,
    activities: own.topologies?.[topology.name] ?? topologyUses[topology.name] ?? [],
    kept: 'as long as its version runs',
    stores: stages.flatMap(({ stores: kept }) => kept.map(({ name }) => name)),
    internalTopics,
    sources: sources.filter((name) => !internalTopics.includes(name)),
  };
}

function unlistedInTopic({ name, activities: uses, fields }: RecordedTopic): Unlisted[] {
  const bare = fields.filter(({ personal }) => personal === null).map(({ path }) => `${name}.${path}`);
  return [
    ...(uses.length > 0 ? [] : [{ kind: 'topic' as const, name, message: `nobody has said what the topic ${name} is for` }]),
    ...bare.map((path) => ({ kind: 'field' as const, name: path, message: `the field ${path} has no class of personal data` })),
  ];
}

const unlistedTopology = ({ name }: Recorded): Unlisted => ({
  kind: 'topology',
  name,
  message: `nobody has said what the state of the topology ${name} is for`,
});

const unknownActivities = ({ name, activities: uses }: Pick<Recorded, 'name' | 'activities'>, known: readonly string[]): Unlisted[] =>
  uses
    .filter((use) => !known.includes(use))
    .map((use) => ({ kind: 'activity', name: use, message: `${name} is for ${use}, which is no activity of the record` }));
